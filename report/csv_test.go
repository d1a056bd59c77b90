package report

import (
	"encoding/csv"
	"strings"
	"testing"

	"spanaudit/fixtures/hostile"
)

func csvForms() []form { return []form{{"findings.csv", CSV}, {"inventory.csv", InventoryCSV}} }

// readCSV reads what was written as RFC 4180 has it, and its header.
func readCSV(t *testing.T, text string) (heads []string, rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[1:] {
		cells := map[string]string{}
		for i, c := range row {
			cells[all[0][i]] = c
		}
		rows = append(rows, cells)
	}
	return all[0], rows
}

func TestCSVHasARowForEachFinding(t *testing.T) {
	a := siteAudit()
	a.Requirements[0].Unlisted = 1200
	a.Findings[0].Context = []Evidence{{"site.pcapng", 12, 1, "DNS answer"}}
	_, rows := readCSV(t, form{"", CSV}.of(t, a))
	if len(rows) != len(a.Findings)+1 {
		t.Fatalf("%d rows", len(rows))
	}
	for key, want := range map[string]string{
		"id": "f-1", "severity": "critical", "rule": "rtsp-boundary", "device": "cam-01", "device_ip": "fd00:20::21", "peer_port": "40112",
		"first": "2026-11-23T10:01:00.123456789Z", "count": "4", "frames": "site.pcapng: 240", "context_frames": "site.pcapng: 12", "community_ids": "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
	} {
		if rows[0][key] != want {
			t.Errorf("%s is %q, want %q", key, rows[0][key], want)
		}
	}
	if rows[2]["waiver"] != "W-7" || rows[2]["first"] != "" || rows[2]["peer_ip"] != "" {
		t.Errorf("%v", rows[2])
	}
	if more := rows[3]; more["id"] != "" || more["count"] != "1200" || !strings.HasPrefix(more["what_was_seen_and_wanted"], "1,200 more violations") {
		t.Errorf("%v", more)
	}
}

// PCI DSS 12.3.3 asks for the suites and protocols in use, with purpose and place.
func TestInventoryCSVHasARowForEachUse(t *testing.T) {
	a := siteAudit()
	a.MoreTLS = 5
	heads, rows := readCSV(t, form{"", InventoryCSV}.of(t, a))
	for _, want := range []string{"version", "cipher_suite", "class", "group", "forward_secrecy", "purpose", "client", "client_zone", "server", "server_zone", "flows", "first", "last"} {
		if !strings.Contains(strings.Join(heads, " ")+" ", want+" ") {
			t.Errorf("no column %s", want)
		}
	}
	if len(rows) != 3 || rows[1]["version"] != "1.3" || rows[1]["cipher_suite"] != "TLS_AES_128_GCM_SHA256" || rows[1]["flows"] != "811" || rows[1]["group"] != "x25519" {
		t.Errorf("%v", rows)
	}
	if rows[2]["protocol"] != "not listed" || rows[2]["flows"] != "5" {
		t.Errorf("%v", rows[2])
	}
}

// Whether a spreadsheet divides cells at commas, semicolons or tabs, none begins
// with what it would compute.
func TestCSVHasNoFormula(t *testing.T) {
	for _, text := range hostile.Texts() {
		for _, f := range csvForms() {
			out := f.of(t, fill(text))
			for _, comma := range []rune{',', ';'} {
				r := csv.NewReader(strings.NewReader(out))
				r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
				all, err := r.ReadAll()
				if err != nil {
					t.Fatalf("%s of %q: %v", f.name, text, err)
				}
				for _, row := range all {
					for _, c := range row {
						c = strings.TrimLeft(c, " \"")
						if c != "" && strings.ContainsAny(string([]rune(c)[0]), "=+-@\t\r\n＝＋－＠﹢﹣﹦﹫−") {
							t.Errorf("%s of %q divided at %q: a cell begins %q", f.name, text, comma, c)
						}
					}
				}
			}
		}
	}
}

func TestCSVKeepsToItsColumns(t *testing.T) {
	for _, text := range hostile.Texts() {
		for _, f := range csvForms() {
			out := f.of(t, fill(text))
			if _, err := csv.NewReader(strings.NewReader(out)).ReadAll(); err != nil { // which counts the fields
				t.Errorf("%s of %q: %v", f.name, text, err)
			}
			if strings.Count(out, "\n") != strings.Count(out, "\r\n") || strings.Count(out, "\r") != strings.Count(out, "\r\n") {
				t.Errorf("%s of %q has a line end other than CRLF", f.name, text)
			}
		}
	}
}
