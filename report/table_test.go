package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func tableOf(t *testing.T, a *Audit, o Screen) string {
	t.Helper()
	var b bytes.Buffer
	if err := Table(&b, a, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func audits() map[string]func() *Audit {
	return map[string]func() *Audit{
		"site": siteAudit, "quiet": quietAudit, "empty": emptyAudit, "long": longAudit, "nasty": nastyAudit,
	}
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		audit  string
		screen Screen
	}{
		{"site", Screen{60, false}}, {"site", Screen{80, false}}, {"site", Screen{120, false}}, {"site", Screen{200, false}},
		{"site", Screen{80, true}},
		{"quiet", Screen{60, false}}, {"quiet", Screen{80, false}},
		{"empty", Screen{80, false}},
		{"nasty", Screen{60, false}}, {"nasty", Screen{80, true}}, {"nasty", Screen{120, false}},
		{"long", Screen{120, false}},
	} {
		name := fmt.Sprintf("%s-%d", c.audit, c.screen.Width)
		if c.screen.Color {
			name += "-color"
		}
		t.Run(name, func(t *testing.T) {
			golden(t, name, []byte(tableOf(t, audits()[c.audit](), c.screen)))
		})
	}
}

func TestTableKeepsToTheScreen(t *testing.T) {
	for name, audit := range audits() {
		for _, width := range []int{60, 61, 72, 79, 80, 81, 99, 100, 120, 132, 160, 200, 300} {
			for l := range strings.Lines(tableOf(t, audit(), Screen{Width: width})) {
				if n := cells(strings.TrimRight(l, "\n")); n > width {
					t.Errorf("%s at %d: a line is %d wide: %s", name, width, n, l)
				}
			}
		}
	}
}

func TestTableNeverCutsWhatAReaderCopies(t *testing.T) {
	for _, width := range []int{60, 80, 100, 120, 160, 200} {
		text := tableOf(t, siteAudit(), Screen{Width: width})
		for _, whole := range []string{
			"[2001:db8:1111:2222:3333:4444:5555:6666]:40112", "fd00:20::21", "198.51.100.11:443", "10.20.0.10",
			"a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com", "02:00:5e:00:53:99", "tls-forward-secrecy-offered", "panorama-1",
		} {
			if !strings.Contains(text, whole) {
				t.Errorf("at %d: %s is not in one piece", width, whole)
			}
		}
	}
}

func TestTableColoursOnlyWhenAsked(t *testing.T) {
	for name, audit := range audits() {
		if strings.Contains(tableOf(t, audit(), Screen{Width: 80}), "\x1b") {
			t.Errorf("%s: an escape character without colour", name)
		}
	}
	if !strings.Contains(tableOf(t, siteAudit(), Screen{80, true}), "\x1b[1;31mfail\x1b[0m") {
		t.Error("a failed requirement is not red")
	}
}

func TestTableNamesNoInput(t *testing.T) {
	a, b := siteAudit(), siteAudit()
	b.Inputs = []Input{{Name: "part1"}, {Name: "part2"}}
	if tableOf(t, a, Screen{Width: 100}) != tableOf(t, b, Screen{Width: 100}) {
		t.Error("the table depends on how the packets are divided into files")
	}
}

func TestTableNeverSaysCompliant(t *testing.T) {
	for name, audit := range audits() {
		if strings.Contains(strings.ToLower(tableOf(t, audit(), Screen{Width: 100})), "complian") {
			t.Errorf("%s: the word stands in the report", name)
		}
	}
}
