package panel

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// aliveFor is how long a sensor is held alive that says nothing.
const aliveFor = 5 * time.Second

// serveHealth says whether the engine runs: it does not when State was not called
// for aliveFor.
func (p *Panel) serveHealth(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	since := time.Since(p.ticked)
	p.mu.Unlock()
	if since > aliveFor {
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("the engine has said nothing for %s", span(since)))
		return
	}
	answer(w, "alive")
}

// serveReady says whether violations are being found: the engine runs, the
// interface is read, and a valid policy is in force. That another one was refused
// changes none of that; it is said.
func (p *Panel) serveReady(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	s, since := p.state, time.Since(p.ticked)
	p.mu.Unlock()
	why := ""
	switch {
	case s == nil:
		why = "the engine has not begun"
	case since > aliveFor:
		why = fmt.Sprintf("the engine has said nothing for %s", span(since))
	case !s.Up:
		why = "nothing is captured: the interface is down"
	case s.Policy.SHA256 == "":
		why = "no policy is in force"
	case s.Policy.Error != "":
		answer(w, "ready; the last policy was refused, and the one before is in force")
		return
	default:
		answer(w, "ready")
		return
	}
	refuse(w, http.StatusServiceUnavailable, why)
}

// answer writes a line of plain text.
func answer(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, text+"\n")
}

// refuse writes why a request is not served.
func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, why+"\n")
}
