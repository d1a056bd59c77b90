package panel

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// browser is a chromium without a window, driven by the Chrome DevTools Protocol
// over the pipe of --remote-debugging-pipe: a JSON message each way, ended by NUL.
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	n       int
	said    []string // what it complained of
}

// newBrowser starts one with an empty page. It skips the test where
// SPANAUDIT_BROWSER is not set.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	if os.Getenv("SPANAUDIT_BROWSER") == "" {
		t.Skip("needs chromium: set SPANAUDIT_BROWSER=1 where it is installed")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	theirIn, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// What it does of itself, such as asking for updates, is no part of the test.
	c := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	c.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	t.Cleanup(func() {
		to.Close()
		c.Process.Kill()
		c.Wait()
		from.Close()
	})
	from.SetReadDeadline(time.Now().Add(4 * time.Minute))
	b := &browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call has the browser do something and waits for its answer. What it complains
// of meanwhile is kept.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// try returns what the browser objects to.
func (b *browser) try(method string, params map[string]any, result any) error {
	b.t.Helper()
	b.n++
	message := map[string]any{"id": b.n, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		text, err := b.from.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: the browser ended, or took too long: %v", method, err)
		}
		var m struct {
			ID             int
			Method         string
			Params, Result json.RawMessage
			Error          *struct{ Message string }
		}
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.t.Fatal(err)
		}
		switch {
		case m.Method == "Log.entryAdded", m.Method == "Runtime.consoleAPICalled", m.Method == "Runtime.exceptionThrown", m.Method == "Page.javascriptDialogOpening":
			b.said = append(b.said, string(m.Params))
		case m.ID != b.n:
		case m.Error != nil:
			return errors.New(m.Error.Message)
		case result != nil:
			return json.Unmarshal(m.Result, result)
		default:
			return nil
		}
	}
}

// eval runs a script in the page and returns what it comes to.
func (b *browser) eval(script string, result any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", script, answer.ExceptionDetails)
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
}

// until waits until a script comes to true, and returns how long that took.
func (b *browser) until(script string) time.Duration {
	b.t.Helper()
	start := time.Now()
	for time.Since(start) < 20*time.Second {
		// What fails while another page is loaded is asked again.
		var answer struct{ Result struct{ Value any } }
		if err := b.try("Runtime.evaluate", map[string]any{"expression": "Boolean(" + script + ")", "returnByValue": true}, &answer); err == nil && answer.Result.Value == true {
			return time.Since(start)
		}
		time.Sleep(10 * time.Millisecond)
	}
	var text string
	b.eval("document.body.innerText.slice(0, 600)", &text)
	b.t.Fatalf("%s: not within 20 s; the page says %s", script, text)
	return 0
}

// open shows an address, on a screen of a width in light or dark colours.
func (b *browser) open(address string, width int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.call("Page.navigate", map[string]any{"url": address}, nil)
	b.until("document.readyState === 'complete' && document.getElementById('panel')")
}

// shot keeps a picture of the whole page in the directory SPANAUDIT_SHOTS.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SPANAUDIT_SHOTS")
	if dir == "" {
		return
	}
	var picture struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &picture)
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// complaints returns what the browser complained of since it was asked last.
func (b *browser) complaints() []string {
	said := b.said
	b.said = nil
	return said
}
