package report

import (
	"strings"
	"testing"

	"spanaudit/fixtures/hostile"
)

func TestFindingLine(t *testing.T) {
	a := siteAudit()
	var lines []string
	for i := range a.Findings {
		lines = append(lines, FindingLine(&a.Findings[i], Screen{}), FindingLine(&a.Findings[i], Screen{Color: true}))
	}
	golden(t, "site.lines", []byte(strings.Join(lines, "\n")+"\n"))
}

func TestFindingLineIsOneLineOfVisibleText(t *testing.T) {
	for _, text := range hostile.Texts() {
		a := fill(text)
		for i := range a.Findings {
			a.Findings[i].Device.IP, a.Findings[i].Peer.IP = addr("fe80::1").WithZone(text), addr("fe80::2").WithZone(text)
			if got := FindingLine(&a.Findings[i], Screen{}); Line(got) != got {
				t.Errorf("FindingLine of %q shows %q", text, got)
			}
		}
	}
}
