package main

import (
	"io"
	"testing"
)

// A policy that is read again, however often, makes a watch forget no name that a
// host was told: the same violation stays the same finding.
func TestAPolicyThatIsReadAgainForgetsNoName(t *testing.T) {
	policy, err := loadPolicy(world{stderr: io.Discard}, policyFor(violations))
	if err != nil {
		t.Fatal(err)
	}
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
		audited(t, policy, violations, w)
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
