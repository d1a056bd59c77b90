package panel

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"spanaudit/fixtures/hostile"
	"spanaudit/report"
)

// ticking tells a panel how things stand, as the engine does, until the test ends.
func ticking(t *testing.T, p *Panel, a *report.Audit) (stop func()) {
	t.Helper()
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			s := stateAt(a, n)
			s.Packets += uint64(300 * (n % 7))
			p.State(s)
			select {
			case <-end:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			close(end)
			<-done
		}
	}
	t.Cleanup(stop)
	return stop
}

// TestThePageInABrowser looks at the page in chromium.
func TestThePageInABrowser(t *testing.T) {
	b := newBrowser(t)
	p := newPanel(t, Options{Render: report.HTML})
	address := "http://" + serve(t, p) + "/"
	ticking(t, p, audit(t, "site"))
	part := func(name string, test func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			whole := b.t
			b.t = t
			defer func() { b.t = whole }()
			test(t)
		})
	}
	const isLive = "document.getElementById('link').classList.contains('live')"

	part("fits every screen", func(t *testing.T) {
		for _, width := range []int{360, 768, 1600} {
			for _, scheme := range []string{"light", "dark"} {
				b.open(address, width, scheme)
				b.until(isLive)
				var wide float64
				if b.eval("document.documentElement.scrollWidth - innerWidth", &wide); wide > 0 {
					t.Errorf("at %d the page is %v pixels wider than the screen", width, wide)
				}
				b.shot(fmt.Sprintf("panel-%d-%s", width, scheme))
			}
		}
	})
	part("shows an alert within a second", func(t *testing.T) {
		b.open(address, 1600, "light")
		b.until(isLive)
		for n := range 5 {
			p.Alert(alertOf(n))
			if took := b.until(fmt.Sprintf("document.querySelector('#findings li').dataset.id === 'alert-%d'", n)); took > time.Second {
				t.Errorf("it took %v", took)
			}
		}
		p.Alert(alertOf(2)) // which became graver: it is there once
		b.until("document.querySelector('#findings li').dataset.id === 'alert-2'")
		var times int
		if b.eval("document.querySelectorAll('#findings li[data-id=alert-2]').length", &times); times != 1 {
			t.Errorf("it is there %d times", times)
		}
	})
	part("keeps its numbers up to date", func(t *testing.T) {
		var before, after string
		b.eval("document.getElementById('at').textContent", &before)
		b.until("document.getElementById('at').textContent !== " + strconv.Quote(before))
		if b.eval("document.getElementById('tile-packets').innerText", &after); after == "" {
			t.Error("nothing")
		}
	})
	part("is the same loaded and told", func(t *testing.T) {
		var same bool
		b.eval(`(async () => {
			const text = (d) => ["requirements", "traffic", "coverage", "sinks", "problems"].map((id) =>
				Array.from(d.getElementById(id).children).map((e) => e.outerHTML).join("")).join("\n");
			const loaded = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
			return text(loaded) === text(document);
		})()`, &same)
		if !same {
			t.Error("what the script shows is not what the page shows without it")
		}
	})
	part("is accessible", func(t *testing.T) {
		axe, err := os.ReadFile(os.Getenv("SPANAUDIT_AXE"))
		if err != nil {
			t.Skip("needs axe-core: SPANAUDIT_AXE is the path of its script")
		}
		b.call("Page.setBypassCSP", map[string]any{"enabled": true}, nil)
		defer b.call("Page.setBypassCSP", map[string]any{"enabled": false}, nil)
		for _, scheme := range []string{"light", "dark"} {
			b.open(address, 1600, scheme)
			b.until(isLive)
			var violations json.RawMessage
			b.eval(string(axe)+`; axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))`, &violations)
			if string(violations) != "[]" {
				t.Errorf("%s: %s", scheme, violations)
			}
		}
	})
	part("leads to the report so far", func(t *testing.T) {
		b.call("Page.navigate", map[string]any{"url": address + "report.html"}, nil)
		b.until("document.readyState === 'complete' && document.getElementById('filter') && !document.getElementById('filter').hidden")
	})
	for _, said := range b.complaints() {
		t.Error(said)
	}

	part("shows hostile text as text", func(t *testing.T) {
		for _, text := range hostile.Texts() {
			p := tricky(t, text)
			b.open("http://"+serve(t, p)+"/", 360, "light")
			b.until(isLive + " || document.getElementById('link').textContent.includes('Live')")
			f := alertOf(9)
			f.Message, f.Rule, f.Peer.Name = text, text, text
			p.Alert(f)
			b.until("document.querySelector('#findings li').dataset.id === 'alert-9'")
			var got string
			if b.eval("document.querySelector('#findings li .title').textContent", &got); got != report.Line(text) {
				t.Errorf("%q is shown as %q", text, got)
			}
			var strange, wide int
			b.eval("document.querySelectorAll('#panel :is(img, script, iframe, style), [onload], [onerror]').length", &strange)
			b.eval("document.documentElement.scrollWidth - innerWidth", &wide)
			if strange != 0 || wide > 0 {
				t.Errorf("%q: %d elements of its own, %d pixels too wide", text, strange, wide)
			}
		}
		b.shot("panel-hostile")
		for _, said := range b.complaints() {
			t.Error(said)
		}
	})
	part("says that the connection was lost, and that it is back", func(t *testing.T) {
		l, err := Listen("127.0.0.1:0", "")
		if err != nil {
			t.Fatal(err)
		}
		at := l.Addr().String()
		first := newPanel(t, Options{})
		go first.Serve(l)
		first.State(stateAt(audit(t, "site"), 1))
		b.open("http://"+at+"/", 1600, "light")
		b.until(isLive)
		first.Close()
		b.until("document.getElementById('link').textContent.startsWith('The connection was lost')")
		b.shot("panel-lost")
		if l, err = Listen(at, ""); err != nil {
			t.Fatal(err)
		}
		again := newPanel(t, Options{}) // of another run: the page begins anew
		go again.Serve(l)
		again.State(stateAt(audit(t, "site"), 1))
		b.until(isLive + " && document.body.dataset.run === " + strconv.Quote(again.told.run))
		again.mu.Lock()
		for c := range again.clients {
			again.drop(c) // the connection alone breaks, as of a slow page
		}
		again.mu.Unlock()
		b.until("document.getElementById('link').textContent.startsWith('Live again')")
		b.complaints() // the browser says, too, that there was no connection
	})
	part("says that the engine is silent", func(t *testing.T) {
		p := newPanel(t, Options{})
		p.State(stateAt(audit(t, "site"), 1))
		b.open("http://"+serve(t, p)+"/", 1600, "light")
		b.until(isLive)
		b.until("document.getElementById('link').textContent.startsWith('The sensor has said nothing')")
		p.State(stateAt(nil, 9))
		b.until(isLive)
	})
	part("opens with the token once", func(t *testing.T) {
		p := newPanel(t, Options{Token: testToken})
		p.State(stateAt(audit(t, "site"), 1))
		address := "http://" + serve(t, p) + "/"
		b.open(address+"?token="+testToken, 1600, "light")
		b.until(isLive)
		var at, cookie string
		b.eval("location.href", &at)
		b.eval("document.cookie", &cookie)
		if at != address || cookie != "" {
			t.Errorf("the page is at %s, and its script sees the cookie %q", at, cookie)
		}
		for _, said := range b.complaints() {
			t.Error(said)
		}
	})
	part("can be read without scripts", func(t *testing.T) { // the last: scripts stay off
		b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
		b.open(address, 1600, "light")
		var text string
		b.eval("document.body.innerText", &text)
		if len(text) < 2000 {
			t.Errorf("it says only %q", text)
		}
		b.shot("panel-no-script")
	})
}
