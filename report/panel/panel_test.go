package panel

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"spanaudit/report"
	"spanaudit/rules"
)

// audit reads one of the audits that the forms are tested with.
func audit(t testing.TB, name string) *report.Audit {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", name+".json.golden"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var began = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// stateAt is the state of a sensor so many seconds after it began.
func stateAt(a *report.Audit, second int) State {
	n := uint64(second)
	return State{
		At: began.Add(time.Duration(second) * time.Second), Audit: a, Interface: "span0", Since: began, Up: true,
		Packets: 1000 * n, Bytes: 900_000 * n, Dropped: Dropped{Kernel: 2, Ring: 7}, Outages: 1, Blind: 1500 * time.Millisecond,
		Flows: 1312, Memory: 190_000_000, Budget: 400_000_000, Goroutines: 14,
		Policy: Policy{Name: "fixtures-site", Version: "1", SHA256: sum, Loaded: began},
		Record: Record{Bytes: 48_000_000, Commit: began.Add(time.Duration(second) * time.Second)},
		Sinks:  []Sink{{Name: "syslog tls://siem.example.com:6514", Told: 11, Waiting: 2, Dropped: 1}, {Name: "webhook", Failing: true, Error: "connection refused"}},
	}
}

func alertOf(n int) report.Finding {
	return report.Finding{
		ID: fmt.Sprintf("alert-%d", n), Rule: "tls-version", Severity: rules.High, Verdict: rules.Fail, Message: fmt.Sprintf("the server chose TLS 1.0, wanted at least TLS 1.2 (%d)", n),
		Device: report.Device{ID: "panorama-1", Role: "appliance"}, Peer: report.Peer{Name: "logs.us-east-1.amazonaws.com"},
		First: report.Instant(began.UnixNano()), Last: report.Instant(began.UnixNano()), Count: 1,
	}
}

func newPanel(t testing.TB, o Options) *Panel {
	t.Helper()
	if o.Tool.Name == "" {
		o.Tool = report.Tool{Name: "spanaudit", Version: "1.0.0"}
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// serve serves a panel at a loopback port and returns its address.
func serve(t testing.TB, p *Panel) string {
	t.Helper()
	l, err := Listen("127.0.0.1:0", p.opt.Token)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.Serve(l) }()
	t.Cleanup(func() {
		p.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// ask asks the handler as a program on this machine does.
func ask(p *Panel, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:9977"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w
}

// After Close nothing runs any more, though pages were open.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	p := newPanel(t, Options{})
	l, err := Listen("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(l) }()
	transport := &http.Transport{}
	var pages []io.Closer
	for range 5 {
		r, err := (&http.Client{Transport: transport}).Get("http://" + l.Addr().String() + "/events")
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, r.Body)
		if _, err := r.Body.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	for _, page := range pages { // that the tests themselves leave none
		page.Close()
	}
	transport.CloseIdleConnections()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before\n%s", n, before, stacks[:runtime.Stack(stacks, true)])
	}
	p.State(State{}) // nothing happens
	p.Alert(alertOf(1))
	if l, err = Listen("127.0.0.1:0", ""); err != nil {
		t.Fatal(err)
	}
	if err := p.Serve(l); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener of a closed panel is open")
	}
}

// The report so far is what report.JSON writes of it.
func TestReportJSON(t *testing.T) {
	p := newPanel(t, Options{})
	if w := ask(p, "/report.json"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d before there is an audit", w.Code)
	}
	a := audit(t, "site")
	p.State(stateAt(a, 1))
	p.State(stateAt(nil, 2)) // the same audit still
	want, err := report.Document(a)
	if err != nil {
		t.Fatal(err)
	}
	w := ask(p, "/report.json")
	if got := w.Body.String(); got != string(want) {
		t.Errorf("%d bytes; %d are wanted", len(got), len(want))
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/json" {
		t.Error(kind)
	}
}

// The report as a page runs the script that its own policy names, and nothing
// where it has none; text of the wire cannot bring a policy.
func TestReportHTML(t *testing.T) {
	p := newPanel(t, Options{})
	if w := ask(p, "/report.html"); w.Code != http.StatusNotFound {
		t.Errorf("%d without a renderer", w.Code)
	}
	const own = `default-src 'none'; script-src 'sha256-abc+/='`
	for _, c := range []struct{ page, want string }{
		{`<!DOCTYPE html><head><meta http-equiv="Content-Security-Policy" content="` + own + `"><title>x</title>`, own + "; frame-ancestors 'none'"},
		{`<!DOCTYPE html><head><title>x</title><meta http-equiv="Content-Security-Policy" content="` + own + `">`, nothing},
		{`<!DOCTYPE html><head><meta http-equiv="Content-Security-Policy" content="default-src *&#x0a;"><title>x</title>`, nothing},
		{`<p>no head`, nothing},
	} {
		p := newPanel(t, Options{Render: func(w io.Writer, a *report.Audit) error {
			_, err := io.WriteString(w, c.page)
			return err
		}})
		p.State(stateAt(audit(t, "site"), 1))
		w := ask(p, "/report.html")
		if got := w.Header().Get("Content-Security-Policy"); got != c.want || w.Body.String() != c.page {
			t.Errorf("%s: %q", c.page, got)
		}
	}
	p = newPanel(t, Options{Render: report.HTML})
	p.State(stateAt(audit(t, "site"), 1))
	policy := ask(p, "/report.html").Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'sha256-", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q of the report has no %s", policy, want)
		}
	}
	p = newPanel(t, Options{Render: func(io.Writer, *report.Audit) error { return io.ErrShortWrite }})
	p.State(stateAt(audit(t, "site"), 1))
	if w := ask(p, "/report.html"); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "short") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// What the engine calls each second costs it next to nothing.
func BenchmarkState(b *testing.B) {
	a := audit(b, "site")
	for _, clients := range []int{0, 1, 32} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			p := newPanel(b, Options{})
			var all []*client
			for range clients {
				c, _, err := p.join("")
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, c)
			}
			n := 0
			for b.Loop() {
				n++
				p.State(stateAt(a, n))
				for _, c := range all {
					<-c.queue
				}
			}
			for _, c := range all {
				p.leave(c)
			}
		})
	}
}

// Of 10,000 findings, as a new audit comes each second.
func BenchmarkStateOfManyFindings(b *testing.B) {
	a := audit(b, "site")
	for len(a.Findings) < 10_000 {
		a.Findings = append(a.Findings, a.Findings[0])
	}
	p := newPanel(b, Options{})
	n := 0
	for b.Loop() {
		n++
		p.State(stateAt(a, n))
	}
}
