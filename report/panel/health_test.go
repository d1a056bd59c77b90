package panel

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A sensor is alive while its engine ticks, and ready while it captures by a
// valid policy.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPanel(t, Options{})
		wants := func(when string, alive, ready bool) {
			t.Helper()
			for path, want := range map[string]bool{"/healthz": alive, "/readyz": ready} {
				if w := ask(p, path); (w.Code == http.StatusOK) != want || !want && w.Code != http.StatusServiceUnavailable {
					t.Errorf("%s: %s: %d %s", when, path, w.Code, w.Body)
				}
			}
		}
		a := audit(t, "site")
		wants("before the engine begins", true, false)
		time.Sleep(6 * time.Second)
		wants("when it does not begin", false, false)
		p.State(stateAt(a, 1))
		wants("when it ticks", true, true)
		time.Sleep(4900 * time.Millisecond)
		wants("within five seconds", true, true)
		time.Sleep(200 * time.Millisecond)
		wants("after them", false, false)
		s := stateAt(a, 12)
		s.Up = false
		p.State(s)
		wants("when the interface is down", true, false)
		s = stateAt(a, 13)
		s.Policy = Policy{Error: "line 1: unknown key"}
		p.State(s)
		wants("without a policy", true, false)
		s.Policy.SHA256 = sum
		p.State(s)
		wants("when another policy was refused", true, true)
	})
}
