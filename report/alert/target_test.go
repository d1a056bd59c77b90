package alert

import (
	"os"
	"strings"
	"testing"

	"spanaudit/rules"
)

func TestTargets(t *testing.T) {
	for text, want := range map[string]Target{
		"-":                             {Name: "-", scheme: "-", format: "ndjson", queue: 1024},
		"-?format=text&min=high":        {Name: "-", scheme: "-", format: "text", queue: 1024, min: rules.High},
		"file:/var/log/a.ndjson":        {Name: "file:/var/log/a.ndjson", scheme: "file", path: "/var/log/a.ndjson", format: "ndjson", queue: 1024, max: 100e6, keep: 7},
		"file:///var/log/a%25b%3Fc":     {Name: "file:/var/log/a%b?c", scheme: "file", path: "/var/log/a%b?c", format: "ndjson", queue: 1024, max: 100e6, keep: 7},
		"file:a?max=10MB&keep=0":        {Name: "file:a", scheme: "file", path: "a", format: "ndjson", queue: 1024, max: 10e6},
		"file:a?age=7d&gzip=yes":        {Name: "file:a", scheme: "file", path: "a", format: "ndjson", queue: 1024, max: 100e6, keep: 7, age: 7 * 24 * 3600e9, gzip: true},
		"syslog://logs":                 {Name: "syslog://logs:514", scheme: "syslog", address: "logs:514", format: "rfc5424", queue: 1024, facility: 16, sdid: DefaultSDID},
		"syslog+tcp://logs?sd-id=none":  {Name: "syslog+tcp://logs:601", scheme: "syslog+tcp", address: "logs:601", format: "rfc5424", queue: 1024, facility: 16},
		"SYSLOG+TLS://[2001:db8::1]":    {Name: "syslog+tls://[2001:db8::1]:6514", scheme: "syslog+tls", address: "[2001:db8::1]:6514", format: "rfc5424", queue: 1024, facility: 16, sdid: DefaultSDID},
		"syslog+tls://h:1?format=cef":   {Name: "syslog+tls://h:1", scheme: "syslog+tls", address: "h:1", format: "cef", queue: 1024, facility: 16, sdid: DefaultSDID},
		"syslog://h?facility=audit":     {Name: "syslog://h:514", scheme: "syslog", address: "h:514", format: "rfc5424", queue: 1024, facility: 13, sdid: DefaultSDID},
		"syslog://h?sd-id=a@1&queue=10": {Name: "syslog://h:514", scheme: "syslog", address: "h:514", format: "rfc5424", queue: 10, facility: 16, sdid: "a@1"},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if *got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", text, *got, want)
		}
	}
}

func TestAWebhooksOwnOptionsStayInItsAddress(t *testing.T) {
	got, err := Parse("https://h.example/a%2Fb?token=x%26y&secret-file=/s&min=low&b=1&b=2")
	if err != nil {
		t.Fatal(err)
	}
	if u := got.url.String(); u != "https://h.example/a%2Fb?b=1&b=2&token=x%26y" || got.secret != "/s" || got.Name != "https://h.example" {
		t.Errorf("%s %+v", u, got)
	}
}

func TestWhatIsWrongWithATarget(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  `"" is no place to tell alerts; use -, file:PATH`,
		"/var/log/x":                        `use -, file:PATH`,
		"ftp://x":                           `"ftp://x" is no place`,
		"-?format=xml":                      `-: format=xml is not known; use one of ndjson, text, cef`,
		"-?max=10MB":                        `-: option "max" is not known here; - takes format, min, queue`,
		"-?min=grave":                       `min: unknown severity "grave"; use info, low`,
		"-?min":                             `option min has no value; write min=VALUE`,
		"-?queue=0":                         `queue=0 is no number from 1 to 1000000`,
		"-?queue=1&queue=2":                 `option queue is given twice`,
		"-?format=%zz":                      `write % as %25`,
		"file:":                             `no file is named; write file:/var/log/spanaudit.ndjson`,
		"file:/var/log/":                    `no file is named`,
		"file://host/x":                     `a file is on this machine; write file:/host/x`,
		"file:/a%zz":                        `write % as %25`,
		"file:/a?max=10":                    `max=10 is no size; write a whole number and kB, MB or GB`,
		"file:/a?max=10M":                   `max=10M is no size`,
		"file:/a?max=1kB":                   `max=1kB is too small; at least 10kB`,
		"file:/a?age=1w":                    `age=1w is no length of time; write a whole number and m, h or d, such as 24h`,
		"file:/a?age=0h":                    `age=0h is no length of time`,
		"file:/a?keep=-1":                   `keep=-1 is no number from 0 to 1000`,
		"file:/a?gzip=true":                 `gzip=true is not known; use one of no, yes`,
		"syslog://":                         `no host is named; write syslog://HOST`,
		"syslog:host":                       `no host is named`,
		"syslog://h/path":                   `syslog has no path; write syslog://h`,
		"syslog://h:99999999999x":           `invalid port`,
		"syslog://h?facility=x":             `facility=x is not known; use one of local0, kern`,
		"syslog://h?sd-id=x":                `sd-id=x is no SD-ID; write a name, @ and a private enterprise number, such as spanaudit@32473, or none`,
		"syslog://h?sd-id=a]b@1":            `is no SD-ID`,
		"syslog://h?ca=x":                   `option "ca" is not known here`,
		"syslog+tls://u:PASSWORD@h":         `syslog+tls://h: a name or password in it would be seen by all; write syslog+tls://h`,
		"http://example.com/x?unsigned=yes": `alerts go unencrypted only to this machine; write https://example.com`,
		"http://127.0.0.1.example.com/x?unsigned=yes": `only to this machine`,
		"https://h/PASSWORD":                          `https://h/…: add secret-file=FILE, whose content signs the requests, or unsigned=yes`,
		"https://h/x?unsigned=yes&secret-file=y":      `add secret-file=FILE`,
		"https://h/x?secret_file=y":                   `option "secret_file" is not known; write secret-file`,
		"https://h/x?Spool=y&unsigned=yes":            `option "Spool" is not known; write spool`,
		"https://u:PASSWORD@h/x?unsigned=yes":         `https://h/…: a name or password`,
		"https://h/x?unsigned=yes#y":                  `unsigned=yes#y is not known`,
		"https://h/x#y":                               `a # has no meaning in it`,
		"https://h/x?unsigned=yes&room=1MB":           `room=1MB is too small; at least 4195kB`,
		"https:///x?unsigned=yes":                     `no host is named; write https://HOST`,
		"hooks.example.com/PASSWORD":                  `"hooks.example.com/…" is no place`,
		"u:PASSWORD@h":                                `"h" is no place`,
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PASSWORD") {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestTwoTargetsAreNotTheSame(t *testing.T) {
	for _, texts := range [][]string{{"-", "-?format=text"}, {"file:a", "file:./a?gzip=yes"}, {"https://h/x?unsigned=yes", "https://h/x?unsigned=yes&min=low"}} {
		if _, err := ParseAll(texts); err == nil || !strings.Contains(err.Error(), "given twice") {
			t.Errorf("%q: %v", texts, err)
		}
	}
	if all, err := ParseAll([]string{"-", "https://h/x?unsigned=yes", "https://h/y?unsigned=yes"}); err != nil || len(all) != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestWhatCannotBeOpenedIsAnErrorAndNothingStaysOpen(t *testing.T) {
	noneLeft(t)
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/short", []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/empty.pem", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"file:/nowhere/a":                           "no such file or directory",
		"https://h/x?secret-file=/nowhere":          "https://h: open /nowhere",
		"https://h/x?secret-file=" + dir + "/short": "has 5 characters; make one of at least 16",
		"syslog+tls://h?ca=" + dir + "/empty.pem":   "no certificate is in it",
	} {
		targets, err := ParseAll([]string{"-", "file:" + dir + "/a", text})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenAll(targets, world(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Whoever confines the process is told where a target writes.
func TestDirectoriesThatTargetsWriteIn(t *testing.T) {
	for text, want := range map[string]string{
		"-":                          "",
		"syslog://127.0.0.1":         "",
		"file:/var/log/a%3Fb.ndjson": "/var/log",
		"https://h/x?unsigned=yes&spool=/var/spool/h": "/var/spool/h",
	} {
		target, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := target.Dir(World{State: "/state"}); got != want {
			t.Errorf("%s: %q, wanted %q", text, got, want)
		}
	}
	target, err := Parse("https://h/x?unsigned=yes")
	if err != nil || !strings.HasPrefix(target.Dir(World{State: "/state"}), "/state/webhook-") {
		t.Error(target.Dir(World{State: "/state"}), err)
	}
}
