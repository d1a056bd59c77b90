package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A watch that begins again knows the names that the one before learned, so that
// the same violation is the same finding.
func TestAWatchKnowsTheNamesOfTheOneBefore(t *testing.T) {
	const name = "0.pool.ntp.example" // of a server that is asked for the time: only DNS tells
	frames := readFrames(t, violations)
	end := time.Unix(0, 0).Add(frames[len(frames)-1].time)
	for _, c := range []struct {
		begins time.Time // the second watch
		known  bool
	}{
		{end, true},
		{end.Add(48 * time.Hour), false}, // nobody keeps a name as long
	} {
		file := filepath.Join(t.TempDir(), "watch.db")
		s := sensorOn(t, file, policyFor(violations))
		s.watchPart(t, violations, "port 53")
		if err := s.end(); err != nil {
			t.Fatal(err)
		}
		s = sensorOn(t, file, policyFor(violations))
		s.began = c.begins
		s.watchPart(t, violations, "not port 53")
		told, err := s.record.store.Findings(t.Context(), math.MinInt64, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}
		known, all := false, 0
		for _, f := range told {
			if f.Rule == "egress-allow-list" && strings.Contains(string(f.JSON), "192.0.2.123") {
				all++
				known = strings.Contains(string(f.JSON), name)
			}
		}
		if all != 1 || known != c.known {
			t.Errorf("begun at %s: %d findings, named: %v", c.begins, all, known)
		}
		if err := s.end(); err != nil {
			t.Fatal(err)
		}
	}
}
