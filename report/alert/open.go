package alert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"spanaudit/report"
)

// World is what targets are opened in.
type World struct {
	Stdout io.Writer
	Screen report.Screen // of Stdout, for text
	State  string        // directory that spools are made in where a target names none
	Tool   report.Tool
	Now    func() time.Time
	Retry  Retry // zero for the default of QueueOptions
}

// Dir returns the directory in which the target, once it is open, makes, renames
// and removes files, "" where it does not.
func (t *Target) Dir(w World) string {
	switch t.scheme {
	case "file":
		return filepath.Dir(t.path)
	case "https", "http":
		return t.spoolDir(w)
	}
	return ""
}

// OpenAll opens targets; when one cannot be opened, none stays open.
func OpenAll(targets []*Target, w World) (Sinks, error) {
	var sinks Sinks
	for _, t := range targets {
		s, err := t.Open(w)
		if err != nil {
			return nil, errors.Join(err, sinks.Close())
		}
		sinks = append(sinks, s)
	}
	return sinks, nil
}

// Open opens a target: files and directories at once, so that what is wrong with
// them is an error; that a server is not there is not.
func (t *Target) Open(w World) (Sink, error) {
	q := QueueOptions{Name: t.Name, Min: t.min, Bound: t.queue, Retry: w.Retry}
	s, err := t.open(w, q)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return s, nil
}

func (t *Target) open(w World, q QueueOptions) (Sink, error) {
	switch t.scheme {
	case "-":
		return NewWriter(w.Stdout, t.lines(w, w.Screen).Write, q), nil
	case "file":
		return opened(OpenFile(FileOptions{
			Path: t.path, Form: t.lines(w, report.Screen{}), Now: w.Now, MaxBytes: t.max, Age: t.age, Keep: t.keep, Gzip: t.gzip,
		}, q))
	case "https", "http":
		return opened(t.webhook(w, q))
	}
	return opened(t.remote(w, q))
}

// opened makes a Sink of what was opened, and none of what was not.
func opened[S Sink](s S, err error) (Sink, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// lines returns the form of lines.
func (t *Target) lines(w World, screen report.Screen) FileForm {
	switch t.format {
	case "text":
		return FileForm{Write: func(a *Alert) ([]byte, error) { return []byte(Text(a, screen) + "\n"), nil }}
	case "cef":
		cef := NewCEF(w.Tool.Version)
		return FileForm{
			Write:  func(a *Alert) ([]byte, error) { return []byte(cef.Line(a) + "\n"), nil },
			Starts: "CEF:0|spanaudit|",
			Whole:  func([]byte) bool { return false },
		}
	}
	return FileForm{Write: NDJSON, Starts: `{"schema":"` + Schema + `"`, Whole: json.Valid}
}

func (t *Target) remote(w World, q QueueOptions) (*Remote, error) {
	const datagram, octets = 1400, 8192 // one frame of Ethernet; RFC 5425, section 4.3.1
	s := Syslog{Facility: t.facility, SDID: t.sdid, Max: octets}
	o := RemoteOptions{Frame: Octets, Now: w.Now}
	switch t.scheme {
	case "syslog+tcp":
		o.Dial = DialTCP(t.address)
	case "syslog+tls":
		config, err := TLSConfig(t.ca, t.server)
		if err != nil {
			return nil, err
		}
		o.Dial = DialTLS(t.address, config)
	default:
		s.Max, o.Frame, o.Dial = datagram, Datagram, DialUDP(t.address)
	}
	o.Form = func(a *Alert) ([]byte, error) { return s.Message(a), nil }
	if t.format == "cef" {
		cef := NewCEF(w.Tool.Version)
		o.Form = func(a *Alert) ([]byte, error) { return s.Around(a, cef.Line(a)), nil }
	}
	return NewRemote(o, q), nil
}

func (t *Target) webhook(w World, q QueueOptions) (*Webhook, error) {
	secret, err := readSecret(t.secret)
	if err != nil {
		return nil, err
	}
	config, err := TLSConfig(t.ca, "")
	if err != nil {
		return nil, err
	}
	post := NewPoster(PostOptions{URL: t.url, Secret: secret, Agent: w.Tool.Name + "/" + w.Tool.Version, TLS: config, Now: w.Now})
	return NewWebhook(WebhookOptions{Spool: t.spoolDir(w), Room: t.room, Post: post}, q)
}

// spoolDir is where requests wait.
func (t *Target) spoolDir(w World) string {
	if t.spool != "" {
		return t.spool
	}
	sum := sha256.Sum256([]byte(t.url.String()))
	return filepath.Join(w.State, "webhook-"+hex.EncodeToString(sum[:8]))
}

// readSecret reads a secret, without the white space around it.
func readSecret(path string) ([]byte, error) {
	const least = 16
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	if len(text) < least {
		return nil, fmt.Errorf("the secret in %s has %d characters; make one of at least %d, such as by: openssl rand -hex 32", path, len(text), least)
	}
	return text, nil
}
