package main

import (
	"cmp"
	"encoding/binary"
	"io"
	"slices"
	"testing"
	"time"

	"spanaudit/flow"
)

// A policy that is read again, however often, makes a watch forget no name that a
// host was told: the same violation stays the same finding.
func TestAPolicyThatIsReadAgainForgetsNoName(t *testing.T) {
	policy, err := loadPolicy(world{stderr: io.Discard}, policyFor(violations))
	if err != nil {
		t.Fatal(err)
	}
	frames := readFrames(t, violations)
	for i, f := range frames { // all names are asked for an hour before they are used
		if len(f.data) > 38 && f.data[23] == flow.UDP && (binary.BigEndian.Uint16(f.data[34:]) == 53 || binary.BigEndian.Uint16(f.data[36:]) == 53) {
			frames[i].time -= time.Hour
		}
	}
	slices.SortStableFunc(frames, func(a, b frame) int { return cmp.Compare(a.time, b.time) })
	path := writeFrames(t, frames)
	named := func(reload bool) map[string]string { // by the finding's id
		names := map[string]string{}
		var w *watcher
		w = newWatcher(func(s *sight) {
			for _, f := range s.standing {
				if f.firm && f.Rule == "egress-allow-list" {
					names[f.ID] = f.Peer.Name
				}
			}
			if reload {
				w.reload.Store(policy)
			}
		})
		audited(t, policy, path, w)
		return names
	}
	want, got := named(false), named(true)
	if len(want) == 0 {
		t.Fatal("nothing to be named")
	}
	for id, name := range want {
		if again, ok := got[id]; !ok || again != name {
			t.Errorf("%s towards %q is towards %q, found: %v", id, name, again, ok)
		}
	}
}
