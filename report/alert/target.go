package alert

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"spanaudit/rules"
)

// Target is where alerts are to be told, as one --alert says it:
//
//   - standard output
//     file:/var/log/spanaudit.ndjson    a file
//     syslog://host[:514]               RFC 5424 over UDP (RFC 5426)
//     syslog+tcp://host[:601]           over TCP, octets counted (RFC 6587)
//     syslog+tls://host[:6514]          over TLS (RFC 5425)
//     https://host/path                 a webhook; http:// only to this machine
//
// Options follow a question mark, with & between them:
//
//	all         min=high              the least severity that is told (info)
//	            queue=1024            alerts that wait in memory
//	-, file     format=ndjson         or text, cef
//	file        max=10MB              size of a file (kB, MB, GB; 100MB)
//	            age=24h               of a file: one for each such period of UTC (1h, 7d; no bound)
//	            keep=7                old files (7)
//	            gzip=yes              compress them (no)
//	syslog      format=rfc5424        or cef
//	            facility=local0       a name of RFC 5424, section 6.2.1 (local0)
//	            sd-id=name@32473      SD-ID of the structured data, or none (spanaudit@32473)
//	syslog+tls  ca=FILE               PEM file of the authorities to trust (the system's)
//	            name=HOST             name in the server's certificate (the host)
//	https       secret-file=FILE      whose content signs the requests; or unsigned=yes
//	            spool=DIR             where requests wait (in the directory of the record)
//	            room=64MB             octets that may wait there
//	            ca=FILE               as above
//	            any other             is left in the address
//
// A % in a path is written %25, and a question mark %3F.
type Target struct {
	Name string // what was parsed, without secrets and options

	scheme   string
	path     string   // of a file
	address  string   // of a syslog server, host and port
	url      *url.URL // of a webhook
	min      rules.Severity
	queue    int
	format   string
	max      int64
	age      time.Duration
	keep     int
	gzip     bool
	facility int
	sdid     string
	ca       string
	server   string // name in its certificate
	secret   string // file
	spool    string
	room     int64
}

// Parse reads one target. The error says what is wrong and what to write.
func Parse(text string) (*Target, error) {
	t := &Target{}
	place, query, _ := strings.Cut(text, "?")
	o, err := parseOptions(query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Redacted(text), err)
	}
	scheme, _, _ := strings.Cut(place, ":")
	t.scheme = strings.ToLower(scheme)
	switch t.scheme {
	case "-":
		t.Name = "-"
	case "file":
		err = t.parseFile(place)
	case "syslog", "syslog+udp", "syslog+tcp", "syslog+tls":
		err = t.parseSyslog(place)
	case "https", "http":
		err = t.parseWebhook(place, o)
	default:
		return nil, fmt.Errorf("%q is no place to tell alerts; use -, file:PATH, syslog://HOST, syslog+tcp://HOST, syslog+tls://HOST or https://HOST/PATH", Redacted(text))
	}
	if err == nil {
		t.parseOptions(o)
		err = o.end(t.scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Redacted(text), err)
	}
	return t, nil
}

// ParseAll reads several targets, no two of which can be the same stream, file or
// spool.
func ParseAll(texts []string) ([]*Target, error) {
	var all []*Target
	seen := map[string]bool{}
	for _, text := range texts {
		t, err := Parse(text)
		if err != nil {
			return nil, err
		}
		place := t.Name
		if t.url != nil {
			place = t.url.String()
		}
		if seen[place] {
			return nil, fmt.Errorf("%s is given twice", t.Name)
		}
		seen[place] = true
		all = append(all, t)
	}
	return all, nil
}

// Redacted returns what of a target's text can be shown: not the path and the
// options of a webhook, which are often a secret, nor a password.
func Redacted(text string) string {
	place, _, _ := strings.Cut(text, "?")
	if strings.HasPrefix(place, "file:") {
		return place
	}
	scheme, rest, slashes := strings.Cut(place, "://")
	if !slashes {
		scheme, rest = "", place
	} else {
		scheme += "://"
	}
	host, _, path := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if path {
		host += "/…"
	}
	return scheme + host
}

func (t *Target) parseFile(place string) error {
	path, err := url.PathUnescape(place[len("file:"):])
	if err != nil {
		return fmt.Errorf("%w; write %% as %%25", err)
	}
	if rest, isURL := strings.CutPrefix(path, "//"); isURL {
		if path = strings.TrimPrefix(rest, "localhost"); !strings.HasPrefix(path, "/") {
			return fmt.Errorf("a file is on this machine; write file:/%s", rest)
		}
	}
	if path == "" || strings.HasSuffix(path, "/") {
		return fmt.Errorf("no file is named; write file:/var/log/spanaudit.ndjson")
	}
	t.path = filepath.Clean(path)
	t.Name = "file:" + t.path
	return nil
}

func (t *Target) parseSyslog(place string) error {
	port := map[string]string{"syslog": "514", "syslog+udp": "514", "syslog+tcp": "601", "syslog+tls": "6514"}[t.scheme]
	u, err := parseURL(place)
	switch {
	case err != nil:
		return err
	case u.Path != "" && u.Path != "/":
		return fmt.Errorf("syslog has no path; write %s://%s", t.scheme, u.Host)
	case u.Port() != "":
		port = u.Port()
	}
	t.address = net.JoinHostPort(u.Hostname(), port)
	t.Name = t.scheme + "://" + t.address
	return nil
}

func (t *Target) parseWebhook(place string, o *options) error {
	u, err := parseURL(place)
	if err != nil {
		return err
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return fmt.Errorf("alerts go unencrypted only to this machine; write https://%s", u.Host)
	}
	u.RawQuery = o.others([]string{"min", "queue", "secret-file", "unsigned", "spool", "room", "ca"})
	t.url = u
	t.Name = u.Scheme + "://" + u.Host
	return nil
}

// parseURL reads the part of a URL before its query.
func parseURL(place string) (*url.URL, error) {
	u, err := url.Parse(place)
	if err != nil {
		return nil, withoutURL(err)
	}
	scheme, _, _ := strings.Cut(place, ":")
	switch {
	case u.Hostname() == "":
		return nil, fmt.Errorf("no host is named; write %s://HOST", scheme)
	case u.User != nil:
		return nil, fmt.Errorf("a name or password in it would be seen by all; write %s://%s", scheme, u.Host)
	case u.Fragment != "":
		return nil, fmt.Errorf("a # has no meaning in it; write %%23")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// parseOptions reads the options that the target's scheme has.
func (t *Target) parseOptions(o *options) {
	t.min = o.severity("min")
	t.queue = o.number("queue", DefaultQueue, 1, 1_000_000)
	lines := []string{"ndjson", "text", "cef"}
	switch t.scheme {
	case "-":
		t.format = o.word("format", lines)
	case "file":
		t.format = o.word("format", lines)
		t.max = o.size("max", 100e6, 10e3)
		t.age = o.period("age")
		t.keep = o.number("keep", 7, 0, 1000)
		t.gzip = o.yes("gzip")
	case "https", "http":
		t.secret, t.spool, t.ca = o.text("secret-file"), o.text("spool"), o.text("ca")
		t.room = o.size("room", DefaultRoom, maxBody)
		if unsigned := o.yes("unsigned"); unsigned == (t.secret != "") {
			o.fail(`add secret-file=FILE, whose content signs the requests, or unsigned=yes for a server that cannot check`)
		}
	default:
		t.format = o.word("format", []string{"rfc5424", "cef"})
		t.facility = slices.Index(facilities(), o.word("facility", slices.Concat([]string{"local0"}, facilities())))
		t.sdid = o.sdid("sd-id")
		if t.scheme == "syslog+tls" {
			t.ca, t.server = o.text("ca"), o.text("name")
		}
	}
}

// facilities lists the names of RFC 5424, section 6.2.1, by number.
func facilities() []string {
	return []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
}
