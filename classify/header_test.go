package classify

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A segment is what one side sent at once.
type segment struct {
	server bool
	bytes  []byte
}

// segments reads a conversation of testdata: one segment or datagram a line,
// "client" or "server" and the bytes in hexadecimal, in the order of arrival.
// They are what mosquitto, curl, dnsmasq, chrony and gst-rtsp-server said on a
// loopback interface; of interleaved media only the beginning is kept.
func segments(t testing.TB, name string) (list []segment) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		who, text, _ := strings.Cut(lines.Text(), " ")
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, segment{who == "server", b})
	}
	return list
}

// halves joins segments to the halves of a final stream.
func halves(list []segment) Stream {
	s := Stream{Final: true}
	for _, g := range list {
		if g.server {
			s.Server = append(s.Server, g.bytes...)
		} else {
			s.Client = append(s.Client, g.bytes...)
		}
	}
	return s
}

// dialogue makes a final stream of alternating client and server text.
func dialogue(turns ...string) Stream {
	var list []segment
	for i, text := range turns {
		list = append(list, segment{i%2 == 1, []byte(strings.ReplaceAll(text, "\n", "\r\n"))})
	}
	return halves(list)
}

// contradiction returns the path of the first field of part that whole takes
// back, "" when there is none. Setups may go: a request is answered by 401.
func contradiction(part, whole reflect.Value, path string) string {
	switch part.Kind() {
	case reflect.Pointer:
		if part.IsNil() {
			return ""
		}
		if whole.IsNil() {
			return path
		}
		return contradiction(part.Elem(), whole.Elem(), path)
	case reflect.Struct:
		for i := range part.NumField() {
			name := part.Type().Field(i).Name
			if name == "Setups" || name == "Marks" || name == "TLS" {
				continue
			}
			if p := contradiction(part.Field(i), whole.Field(i), path+"."+name); p != "" {
				return p
			}
		}
	case reflect.Slice:
		for i := range part.Len() {
			if i >= whole.Len() || !part.Index(i).Equal(whole.Index(i)) {
				return path
			}
		}
	case reflect.Int:
		if part.Int() > whole.Int() {
			return path
		}
	default:
		if !part.IsZero() && !part.Equal(whole) {
			return path
		}
	}
	return ""
}

// checkPrefixes gives a classifier every strict prefix of a conversation. Each
// must need more and say nothing that the whole takes back.
func checkPrefixes(t *testing.T, classify streamClassifier, list []segment) {
	t.Helper()
	whole, answer := classify(halves(list), &Learned{})
	if answer != Matched {
		t.Fatalf("the whole conversation answered %v", answer)
	}
	for i, g := range list {
		before := halves(list[:i])
		before.Final = false
		for cut := range g.bytes {
			s := before
			if g.server {
				s.Server = append(s.Server[:len(s.Server):len(s.Server)], g.bytes[:cut]...)
			} else {
				s.Client = append(s.Client[:len(s.Client):len(s.Client)], g.bytes[:cut]...)
			}
			part, answer := classify(s, &Learned{})
			if answer != NeedMore {
				t.Fatalf("segment %d cut at %d answered %v", i, cut, answer)
			}
			if part.Protocol == "" {
				continue
			}
			if p := contradiction(reflect.ValueOf(part), reflect.ValueOf(whole), ""); p != "" {
				t.Fatalf("segment %d cut at %d: %s is taken back:\n%s\n%s", i, cut, p, show(part), show(whole))
			}
		}
	}
}

// show prints facts with what pointers point at.
func show(f Facts) string {
	var b strings.Builder
	for v, i := reflect.ValueOf(f), 0; i < v.NumField(); i++ {
		if x := v.Field(i); x.Kind() == reflect.Pointer && !x.IsNil() {
			fmt.Fprintf(&b, "%s:%+v ", v.Type().Field(i).Name, x.Elem())
		} else if !x.IsZero() {
			fmt.Fprintf(&b, "%s:%+v ", v.Type().Field(i).Name, x)
		}
	}
	return b.String()
}

// checkSecret fails when facts hold what only a secret of the test holds.
func checkSecret(t *testing.T, f Facts) {
	t.Helper()
	if text := strings.ToLower(show(f)); strings.Contains(text, "s3cret") || strings.Contains(text, "czncm") {
		t.Errorf("a secret is in %s", text)
	}
}

// fuzzStream seeds a fuzz target with the conversations of a folder of
// testdata.
func fuzzStream(f *testing.F, classify streamClassifier, dir string) {
	entries, err := os.ReadDir(filepath.Join("testdata", dir))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		s := halves(segments(f, dir+"/"+e.Name()))
		f.Add(s.Client, s.Server, byte(0))
		f.Add(s.Client[min(len(s.Client), 7):], s.Server[min(len(s.Server), 7):], byte(7))
	}
	f.Fuzz(func(t *testing.T, client, server []byte, flags byte) {
		s := Stream{Client: client, Server: server, Final: flags&1 != 0, ClientJoined: flags&2 != 0, ServerJoined: flags&4 != 0}
		facts, answer := classify(s, &Learned{})
		unfinished := answer == NeedMore && s.Final && facts.TLS == nil // a handshake that it goes over to may stay so
		if unfinished || answer == NoMatch && facts.Protocol != "" || answer == Matched && facts.Protocol == "" {
			t.Errorf("answer %v with %s", answer, show(facts))
		}
		for _, m := range facts.Marks {
			half := client
			if m.Server {
				half = server
			}
			if m.Offset < 0 || m.Offset > len(half) {
				t.Errorf("mark %+v lies outside of %d bytes", m, len(half))
			}
		}
	})
}

func TestReadHead(t *testing.T) {
	h, rest := readHead([]byte("GET / HTTP/1.1\nHost: a\r\nX-Folded: one\r\n\t two\r\nno colon\r\nHOST: b\r\n\r\nbody"))
	if !h.whole || string(h.start) != "GET / HTTP/1.1" || string(rest) != "body" {
		t.Errorf("start %q, whole %v, rest %q", h.start, h.whole, rest)
	}
	if got := string(h.get("host")); got != "a" {
		t.Errorf("host is %q", got)
	}
	if got := string(h.get("x-folded")); got != "one two" {
		t.Errorf("x-folded is %q", got)
	}
	h, rest = readHead([]byte("GET / HTTP/1.1\r\nHost: a\r\nUser-Ag"))
	if h.whole || rest != nil || string(h.get("Host")) != "a" || h.get("User-Ag") != nil {
		t.Errorf("of a cut head: %q %v %q", h.fields, h.whole, rest)
	}
}

func TestStartLines(t *testing.T) {
	for line, want := range map[string]string{
		"OPTIONS * RTSP/1.0":            "RTSP OPTIONS * 0",
		"SETUP rtsp://a/b RTSP/2.0 ":    "RTSP SETUP rtsp://a/b 0",
		"RTSP/1.0 200 OK":               "RTSP   200",
		"RTSP/1.0 200":                  "RTSP   200",
		"RTSP/1.0 20 OK":                "",
		"GET / HTTP/1.1":                "HTTP GET / 0",
		"M-SEARCH * HTTP/1.1":           "HTTP M-SEARCH * 0",
		"GET /a b HTTP/1.0":             "HTTP GET /a b 0",
		"INVITE sip:a@b SIP/2.0":        "",
		"GET / HTTP/11":                 "",
		"get / HTTP/1.1":                "",
		"GET  HTTP/1.1":                 "",
		"HTTP/1.1 404 Not Found":        "HTTP   404",
		"HTTP/1.1 4040":                 "",
		"DESCRIBE rtsp://a RTSP/1.0 x":  "",
		"GET /?v=RTSP/1.0 HTTP/1.1":     "HTTP GET /?v=RTSP/1.0 0",
		"DESCRIBE /HTTP/1.1 RTSP/1.0":   "RTSP DESCRIBE /HTTP/1.1 0",
		"GET http://x/HTTP/1.1RTSP/1.0": "",
	} {
		got := ""
		for _, slash := range []string{httpSlash, rtspSlash} {
			if s, ok := parseStart([]byte(line), slash); ok {
				got += fmt.Sprintf("%s %s %s %d", slash[:4], s.method, s.target, s.status)
			}
		}
		if got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

func TestURLsLoseTheirSecrets(t *testing.T) {
	for _, c := range []struct {
		url, want string
		password  bool
	}{
		{"rtsp://cam.example/live", "rtsp://cam.example/live", false},
		{"rtsp://10.0.0.7:8554/cam?channel=1&subtype=0", "rtsp://10.0.0.7:8554/cam?channel=1&subtype=0", false},
		{"rtsp://admin:s3cret@cam/live", "rtsp://cam/live", true},
		{"rtsp://admin@cam/live", "rtsp://cam/live", false},
		{"rtsp://admin:s3c/ret@cam:554/live", "rtsp://cam:554/live", true},
		{"rtsp://admin:s3c@ret@cam/live", "rtsp://cam/live", true},
		{"rtsp://cam/at@home", "rtsp://cam/at@home", false},
		{"rtsp://[2001:db8::1]:554/live@x", "rtsp://[2001:db8::1]:554/live@x", false},
		{"rtsp://cam/user=admin_password=s3cret_channel=1/x", "rtsp://cam/user=admin_password=/x", true},
		{"rtsp://cam/live?user=admin&PWD=s3cret&ch=1", "rtsp://cam/live?user=admin&PWD=&ch=1", true},
		{"/x?X-Amz-Security-Token=s3cret&a=b", "/x?X-Amz-Security-Token=&a=b", false},
		{"*", "*", false},
		{"", "", false},
	} {
		if got, password := cleanURL([]byte(c.url)); got != c.want || password != c.password {
			t.Errorf("%q: %q %v, want %q %v", c.url, got, password, c.want, c.password)
		}
	}
	for url, want := range map[string]string{
		"rtsp://u:p@Cam.Example:554/x": "cam.example", "rtsp://[2001:db8::1]:554/": "2001:db8::1", "trackID=1": "", "rtsp://": "",
	} {
		if got := URLHost([]byte(url)); got != want {
			t.Errorf("host of %q is %q, want %q", url, got, want)
		}
	}
}

func TestSchemesWithoutCredentials(t *testing.T) {
	for value, want := range map[string]string{
		"Basic czNjcmV0": "basic", "Digest username=\"a\", response=\"s3cret\"": "digest", "Negotiate": "negotiate",
		"czNjcmV0czNjcmV0": "", "": "", "AWS4-HMAC-SHA256 Credential=x": "aws4-hmac-sha256",
	} {
		if got := scheme([]byte(value)); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
