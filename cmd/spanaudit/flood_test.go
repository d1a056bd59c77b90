package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/fixtures/bench/traffic"
	"spanaudit/report"
	"spanaudit/rules"
)

// A violation in the midst of a flood of flows is found, though each of the flood is
// a lesser violation of its rule, of which more are found than are listed; and the
// report says how many are not.
func TestAFloodHidesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flood.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := traffic.Flood(f, 60_000); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	stranger, camera := traffic.Hidden()
	_, stdout, stderr := spanaudit("audit", "--format", "json", path)
	a, err := report.Read(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err, stderr)
	}
	severities := map[string]rules.Severity{}
	for _, f := range a.Findings {
		if f.Device.IP == camera && f.Peer.IP == stranger {
			severities[f.Rule] = f.Severity
		}
	}
	for _, rule := range []string{"rtsp-boundary", "media-boundary", "internet-inbound"} {
		if severities[rule] != rules.Critical {
			t.Errorf("%s: %s; the report has %d findings", rule, severities[rule], len(a.Findings))
		}
	}
	for _, q := range a.Requirements {
		if q.Rule == "internet-inbound" && (q.Unlisted == 0 || q.Failed-q.Unlisted != 10_000) {
			t.Errorf("%d failed, %d of them not listed", q.Failed, q.Unlisted)
		}
	}
}
