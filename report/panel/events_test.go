package panel

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"spanaudit/fixtures/hostile"
	"spanaudit/report"
)

// event is one that a page hears.
type event struct{ name, id, data string }

// stream opens the events of a panel.
func stream(t *testing.T, address, lastEvent string) *bufio.Scanner {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastEvent != "" {
		r.Header.Set("Last-Event-ID", lastEvent)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); a.Body.Close() })
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(a.Status, a.Header)
	}
	s := bufio.NewScanner(a.Body)
	s.Buffer(nil, 1<<20)
	return s
}

// next returns the next event.
func next(t *testing.T, s *bufio.Scanner) (e event) {
	t.Helper()
	for s.Scan() {
		field, value, _ := strings.Cut(s.Text(), ": ")
		switch {
		case field == "event":
			e.name = value
		case field == "id":
			e.id = value
		case field == "data":
			e.data = value
		case s.Text() == "" && e.name != "":
			return e
		}
	}
	t.Fatal("the stream ended:", s.Err())
	return e
}

func TestEventsTellStatesAndAlertsAtOnce(t *testing.T) {
	p := newPanel(t, Options{})
	address := serve(t, p)
	a := audit(t, "site")
	p.State(stateAt(a, 1))
	s := stream(t, address, "")
	if e := next(t, s); e.name != "hello" || !strings.Contains(e.data, p.told.run) {
		t.Errorf("%v", e)
	}
	if e := next(t, s); e.name != "state" || !strings.Contains(e.data, `"requirements":[{`) || !strings.Contains(e.data, "fixtures-site") {
		t.Errorf("%v", e)
	}
	p.State(stateAt(a, 2))
	if e := next(t, s); e.name != "state" {
		t.Errorf("%v", e)
	}
	p.State(stateAt(a, 3))
	e := next(t, s)
	var news map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.data), &news); err != nil {
		t.Fatal(err)
	}
	if news["tiles"] == nil || news["at"] == nil || news["requirements"] != nil || news["coverage"] != nil {
		t.Errorf("what is told is not what changed: %s", e.data)
	}
	if len(e.data) > 4000 {
		t.Errorf("%d bytes each second", len(e.data))
	}
	start := time.Now()
	p.Alert(alertOf(7))
	e = next(t, s)
	if took := time.Since(start); took > time.Second {
		t.Errorf("the alert took %v", took)
	}
	var c card
	if err := json.Unmarshal([]byte(e.data), &c); err != nil || e.name != "alert" || e.id != p.told.run+"-1" || c.ID != "alert-7" || c.Severity != "high" || c.Parties != "panorama-1 (appliance) with logs.us-east-1.amazonaws.com" {
		t.Errorf("%v %v", e, err)
	}
}

// A page that was away is told what it missed, as far as it is kept.
func TestEventsAreResumed(t *testing.T) {
	p := newPanel(t, Options{Recent: 5})
	address := serve(t, p)
	for n := range 8 {
		p.Alert(alertOf(n))
	}
	run := p.told.run
	for _, c := range []struct {
		last  string
		first int // of the alerts; 8 is none
	}{
		{"", 3}, {run + "-8", 8}, {run + "-7", 7}, {run + "-5", 5}, {run + "-2", 3}, {run + "-0", 3},
		{run + "-9", 3}, {"other-7", 3}, {run, 3}, {run + "-x", 3}, {"-", 3}, {run + "--1", 3},
	} {
		s := stream(t, address, c.last)
		next(t, s) // hello
		for n := c.first; n < 8; n++ {
			if e := next(t, s); e.id != fmt.Sprintf("%s-%d", run, n+1) {
				t.Errorf("after %q: %v", c.last, e)
				break
			}
		}
		p.State(State{Audit: nil}) // and nothing else comes before it
		if e := next(t, s); e.name != "state" {
			t.Errorf("after %q: %v", c.last, e)
		}
		p.mu.Lock()
		p.state = nil
		p.mu.Unlock()
	}
}

// A page that does not read is cut off; neither the engine nor another page waits
// for it.
func TestASlowPageIsCutOff(t *testing.T) {
	p := newPanel(t, Options{})
	slow := dial(t, serve(t, p))
	slow.(*net.TCPConn).SetReadBuffer(4 << 10)
	io.WriteString(slow, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for p.pages() < 1 {
		time.Sleep(time.Millisecond)
	}
	quick, _, err := p.join("")
	if err != nil {
		t.Fatal(err)
	}
	f := alertOf(1)
	f.Message = strings.Repeat("x", 600)
	const most = 50_000 // of which the kernel keeps some for who does not read
	told := 0
	var took time.Duration
	for ; told < most && p.pages() == 2; told++ {
		start := time.Now()
		p.Alert(f)
		took = max(took, time.Since(start))
		select {
		case <-quick.queue:
		case <-quick.gone:
			t.Fatal("the quick page is cut off")
		}
	}
	if told == most {
		t.Fatal("it is not cut off")
	}
	t.Logf("cut off after %d alerts, of which none took longer than %v", told, took)
	if took > time.Second {
		t.Errorf("an alert waited %v", took)
	}
	if !strings.Contains(ask(p, "/metrics").Body.String(), "spanaudit_page_clients_cut_total 1\n") {
		t.Error("it is not counted")
	}
	p.leave(quick)
}

func (p *Panel) pages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.clients)
}

func TestOnlySoManyPages(t *testing.T) {
	p := newPanel(t, Options{Clients: 3})
	address := serve(t, p)
	for range 3 {
		next(t, stream(t, address, ""))
	}
	if w := ask(p, "/events"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(p, "/events", method(http.MethodHead)); w.Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
}

// Whatever stands in an alert, it is one event, and cannot forge another.
func TestAnAlertIsOneEvent(t *testing.T) {
	p := newPanel(t, Options{})
	address := serve(t, p)
	s := stream(t, address, "")
	next(t, s)
	for _, text := range hostile.Texts() {
		f := alertOf(1)
		f.ID, f.Rule, f.Message, f.Device, f.Peer = text, text, text, report.Device{ID: text, MAC: text}, report.Peer{Name: text}
		p.Alert(f)
		e := next(t, s)
		var c card
		if err := json.Unmarshal([]byte(e.data), &c); err != nil || e.name != "alert" || c.Message != report.Line(text) {
			t.Errorf("%q: %v %v", text, e, err)
		}
	}
}

// A page stays open for months, though a request may not take long to come.
func TestAStreamOutlivesTheTimeouts(t *testing.T) {
	t.Parallel()
	p := newPanel(t, Options{})
	s := stream(t, serve(t, p), "")
	next(t, s)
	time.Sleep(2*readWithin + time.Second)
	p.Alert(alertOf(1))
	if e := next(t, s); e.name != "alert" {
		t.Errorf("%v", e)
	}
}
