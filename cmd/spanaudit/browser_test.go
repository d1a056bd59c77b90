package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browser is a chromium without a window, driven by the Chrome DevTools Protocol
// over the pipe of --remote-debugging-pipe: a JSON message each way, ended by NUL.
type browser struct {
	t       *testing.T
	to      io.Writer
	from    *bufio.Reader
	session string
	n       int
	events  []browserMessage
}

type browserMessage struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// newBrowser starts one with an empty page. It skips the test where SPANAUDIT_BROWSER
// is not set: what is looked at takes a minute.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	if os.Getenv("SPANAUDIT_BROWSER") == "" {
		t.Skip("needs a browser: make browser installs and runs it")
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
	from.SetReadDeadline(time.Now().Add(9 * time.Minute))
	b := &browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	return b
}

// call has the browser do something and waits for its answer; events that come
// meanwhile are kept.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.n++
	message := map[string]any{"id": b.n, "method": method, "params": params}
	if params == nil {
		delete(message, "params")
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
		m := b.read()
		switch {
		case m.ID != b.n:
			b.events = append(b.events, m)
			continue
		case m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		case result != nil:
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

func (b *browser) read() browserMessage {
	b.t.Helper()
	text, err := b.from.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("the browser ended, or took too long: %v", err)
	}
	var m browserMessage
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	return m
}

// open shows a file and waits until it is loaded.
func (b *browser) open(path, fragment string) {
	b.t.Helper()
	b.events = nil
	b.n++ // a page of its own, even where only the fragment is another
	var began struct{ LoaderID string }
	b.call("Page.navigate", map[string]any{"url": fmt.Sprintf("file://%s?%d%s", path, b.n, fragment)}, &began)
	for i := 0; ; i++ {
		if i == len(b.events) {
			b.events = append(b.events, b.read())
		}
		var e struct{ Name, LoaderID string }
		if b.events[i].Method == "Page.lifecycleEvent" && json.Unmarshal(b.events[i].Params, &e) == nil && e.Name == "load" && e.LoaderID == began.LoaderID {
			return
		}
	}
}

// screen sets how wide the page is, and whether in the dark.
func (b *browser) screen(width int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// eval runs an expression in the page, and waits for what it promises.
func (b *browser) eval(expression string, result any) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		b.t.Fatalf("%.200s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if result != nil {
		if err := json.Unmarshal(answer.Result.Value, result); err != nil {
			b.t.Fatalf("%.200s: %v", expression, err)
		}
	}
}

// complaints returns what the page logged as wrong, and what it asked the network
// or the disk for beside itself.
func (b *browser) complaints(path string) []string {
	var said []string
	for _, e := range b.events {
		switch e.Method {
		case "Runtime.exceptionThrown", "Log.entryAdded":
			said = append(said, e.Method+": "+string(e.Params))
		case "Runtime.consoleAPICalled":
			if strings.Contains(string(e.Params), `"type":"error"`) || strings.Contains(string(e.Params), `"type":"warning"`) {
				said = append(said, string(e.Params))
			}
		case "Network.requestWillBeSent":
			var sent struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &sent); err != nil || !strings.HasPrefix(sent.Request.URL, "file://"+path+"?") {
				said = append(said, "asked for "+sent.Request.URL)
			}
		}
	}
	return said
}

// keep writes a picture or a document of the page to the folder that
// SPANAUDIT_SHOTS names, for people to look at; without it, nowhere.
func (b *browser) keep(name, data string) {
	b.t.Helper()
	content, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(content) == 0 {
		b.t.Fatalf("%s: %d bytes, %v", name, len(content), err)
	}
	if dir := os.Getenv("SPANAUDIT_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// shot takes a picture of the page on a screen as high as that, up to a bound: the
// page draws no finding that is not on the screen.
func (b *browser) shot(name string) {
	b.t.Helper()
	var size struct{ W, H float64 }
	b.eval("({W: innerWidth, H: Math.min(document.documentElement.scrollHeight, 15000)})", &size)
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": size.W, "height": size.H, "deviceScaleFactor": 1, "mobile": false}, nil)
	var picture struct{ Data string }
	b.call("Page.captureScreenshot", nil, &picture)
	b.keep(name+".png", picture.Data)
}

// print writes the page as a PDF and returns its size in bytes.
func (b *browser) print(name string) int {
	b.t.Helper()
	var printed struct{ Data string }
	b.call("Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": true}, &printed)
	content, _ := base64.StdEncoding.DecodeString(printed.Data)
	if !strings.HasPrefix(string(content), "%PDF-") {
		b.t.Errorf("%s: no PDF but %s", name, fmt.Sprintf("%.20q", content))
	}
	b.keep(name+".pdf", printed.Data)
	return len(content)
}
