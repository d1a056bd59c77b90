package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

// drafted drafts a policy from records.
func drafted(t *testing.T, records ...*classify.Record) string {
	t.Helper()
	d := NewDraft()
	a := NewAudit(builtin(t, "edge-camera"), d)
	for _, r := range records {
		a.Ended(r)
	}
	text, err := d.Policy("site.yaml", a.Finish(Loss{}))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// active returns the lines of a policy that are no comments.
func active(text string) (lines []string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func hasLine(text, want string) bool { return slices.Contains(active(text), want) }

func TestDraftKnowsWhoReadsACameraFromWhoSpeaksWithAWS(t *testing.T) {
	w := &wire{}
	camera := w.rtsp("10.0.0.2:40000", "10.0.0.3:554", classify.RTSP{StatusCodes: []int{200}})
	aws := w.tls("10.0.0.2:40001", "203.0.113.9:443", classify.TLS{ServerName: "logs.eu-west-1.amazonaws.com"})
	for _, c := range []struct {
		name    string
		records []*classify.Record
		role    string
		extends string
	}{
		{"reads only", []*classify.Record{camera}, "role: viewer", "extends: builtin:edge-camera@1"},
		{"reads, and speaks with AWS", []*classify.Record{camera, aws}, "role: appliance", "extends: builtin:edge-camera@1"},
		{"and with AWS IoT", []*classify.Record{camera, aws,
			w.tls("10.0.0.2:40002", "203.0.113.10:443", classify.TLS{ServerName: "abc123-ats.iot.eu-west-1.amazonaws.com"})}, "role: appliance", "extends: builtin:aws-panorama@1"},
	} {
		text := drafted(t, c.records...)
		if !hasLine(text, c.role) || !hasLine(text, c.extends) || !hasLine(text, "role: camera") {
			t.Errorf("%s:\n%s", c.name, text)
		}
	}
	text := drafted(t, aws)
	if strings.Contains(text, "role: appliance") || hasLine(text, "- id: host-1") {
		t.Errorf("a host that nobody saw read a camera:\n%s", text)
	}
}

func TestDraftLeavesUnprovenContactsOut(t *testing.T) {
	w := &wire{}
	camera := w.rtsp("10.0.0.2:40000", "10.0.0.3:554", classify.RTSP{StatusCodes: []int{200}})
	named := w.tls("10.0.0.2:40001", "203.0.113.9:443", classify.TLS{ServerName: "updates.example.com"})
	nameless := w.tls("10.0.0.2:40002", "203.0.113.10:443", classify.TLS{})
	refused := spoken(w.tcp("10.0.0.2:40003", "203.0.113.11:443"), classify.Facts{Protocol: classify.ProtoTLS, TLS: &classify.TLS{ClientHello: true, ServerName: "refused.example.com"}})
	ofCamera := w.tls("10.0.0.3:40004", "203.0.113.12:443", classify.TLS{ServerName: "cloud.example.com"})
	hostile := w.tls("10.0.0.2:40005", "203.0.113.13:443", classify.TLS{ServerName: "x\ndevices: [] # \u202e.example.com"})
	text := drafted(t, camera, named, nameless, refused, ofCamera, hostile)
	if !hasLine(text, `- { id: "updates.example.com", from: ["device:viewer-1"], names: ["updates.example.com"], ports: [443], proto: tcp }`) {
		t.Errorf("the contact by name is missing:\n%s", text)
	}
	for _, why := range []string{"203.0.113.10", "refused.example.com", "cloud.example.com", "203.0.113.13"} {
		if strings.Contains(strings.Join(active(text), "\n"), why) {
			t.Errorf("%s is allowed:\n%s", why, text)
		}
	}
	for _, why := range []string{"its name was not seen", "it did not answer", "a camera has no business on the internet", "its name cannot stand in a policy"} {
		if !strings.Contains(text, why) {
			t.Errorf("no contact is left out because %s:\n%s", why, text)
		}
	}
	if strings.Contains(text, "\u202e") {
		t.Error("a comment holds what the wire wrote")
	}
}

func TestDraftGuessesNoMACOfHostsBehindARouter(t *testing.T) {
	w := &wire{}
	near := w.tcp("10.0.0.2:40000", "10.0.0.3:80", exchange...)
	far := w.tcp("10.0.0.2:40000", "10.0.9.3:80", exchange...)
	router := flow.MAC{2, 0, 0, 0, 0, 1}
	for _, r := range []*classify.Record{near, far} {
		r.Client.MAC, r.Server.MAC = flow.MAC{2, 0, 0, 0, 0, 2}, flow.MAC{2, 0, 0, 0, 0, 3}
		spoken(r, classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &classify.HTTP{Methods: []string{"GET"}, StatusCode: 200}})
	}
	if text := drafted(t, near); !hasLine(text, "layer2: true") || !strings.Contains(text, "02:00:00:00:00:03") {
		t.Errorf("on one segment:\n%s", text)
	}
	far.Server.MAC = router
	if text := drafted(t, far); !hasLine(text, "layer2: false") || strings.Contains(text, "mac:") {
		t.Errorf("through a router:\n%s", text)
	}
}

func TestDraftTakesPublicServersOnlyWhereNoneIsInside(t *testing.T) {
	w := &wire{}
	public, local := w.ntp("10.0.0.2:40000", "203.0.113.5:123"), w.ntp("10.0.0.2:40001", "10.0.0.5:123")
	text := drafted(t, public)
	if !hasLine(text, `- "203.0.113.5"`) || !hasLine(text, "public_servers:") {
		t.Errorf("public alone:\n%s", text)
	}
	text = drafted(t, public, local)
	if !hasLine(text, `local_servers: ["10.0.0.5"]`) || strings.Contains(strings.Join(active(text), "\n"), "203.0.113.5") ||
		!strings.Contains(text, `# public_servers: ["203.0.113.5"] # asked by 10.0.0.2, 1 flow, although there is one inside`) {
		t.Errorf("both:\n%s", text)
	}
}

// A scan of the private addresses makes neither thousands of zones nor of hosts.
func TestDraftIsBounded(t *testing.T) {
	w := &wire{}
	var records []*classify.Record
	for i := range 2000 {
		r := w.tcp("10.0.0.2:40000", fmt.Sprintf("10.%d.%d.7:80", i/250, i%250), exchange...)
		records = append(records, spoken(r, classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &classify.HTTP{Methods: []string{"GET"}, StatusCode: 200}}))
	}
	text := drafted(t, records...)
	if !hasLine(text, `site: { trust: local, cidrs: ["10.0.0.0/8"] }`) {
		t.Errorf("%.2000s", text)
	}
	if n := strings.Count(text, "\n  - id: "); n > maxDraftHosts {
		t.Errorf("%d devices", n)
	}
	if !strings.Contains(text, "of which there was no room to take note") {
		t.Error("what was left out is not said")
	}
}

// Whatever hosts did, what is drafted is a policy: Draft.Policy refuses to write
// another.
func TestDraftOfOddTrafficIsAPolicy(t *testing.T) {
	web := classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &classify.HTTP{Methods: []string{"GET"}, StatusCode: 200}}
	iot := func(w *wire, client string) *classify.Record {
		return w.tls(client, "203.0.113.10:443", classify.TLS{ServerName: "abc123-ats.iot.eu-west-1.amazonaws.com"})
	}
	camera := func(w *wire, port string) *classify.Record {
		return w.rtsp("10.0.0.2:40000", "10.0.0.3:"+port, classify.RTSP{StatusCodes: []int{200}})
	}
	for _, c := range []struct {
		name    string
		records func(w *wire) []*classify.Record
		says    string
	}{
		{"a Panorama Appliance that answers at other ports", func(w *wire) []*classify.Record {
			return []*classify.Record{camera(w, "554"), iot(w, "10.0.0.2:40001"),
				spoken(w.tcp("10.0.0.9:40002", "10.0.0.2:22", exchange...), classify.Facts{Protocol: classify.ProtoSSH, SSH: &classify.SSH{}}),
				spoken(w.tcp("10.0.0.9:40003", "10.0.0.2:8080", exchange...), web)}
		}, "    # it also answered at port 22 (ssh), which it is not meant to open"},
		{"a camera with a web server at a port of RTSP", func(w *wire) []*classify.Record {
			return []*classify.Record{camera(w, "8554"), spoken(w.tcp("10.0.0.2:40001", "10.0.0.3:554", exchange...), web)}
		}, "    # it also answered at port 554 (http), which it is not meant to open"},
		{"names that mean more than themselves", func(w *wire) []*classify.Record {
			return []*classify.Record{camera(w, "554"), iot(w, "10.0.0.2:40001"),
				w.tls("10.0.0.2:40002", "203.0.113.1:443", classify.TLS{ServerName: "kms"}),
				w.tls("10.0.0.2:40003", "203.0.113.2:443", classify.TLS{ServerName: "*.example.com"}),
				w.tls("10.0.0.2:40004", "203.0.113.3:443", classify.TLS{ServerName: "logs.cn-north-1.amazonaws.com.cn"}),
				w.tls("10.0.0.2:40005", "203.0.113.4:443", classify.TLS{ServerName: "logs.us-east-1.aws.amazon.com"})}
		}, "its name has no domain"},
		{"clear text, where TLS is not wanted first", func(w *wire) []*classify.Record {
			return []*classify.Record{camera(w, "554"), iot(w, "10.0.0.2:40001"),
				w.http("10.0.0.2:40003", "203.0.113.2:80", classify.HTTP{Methods: []string{"GET"}, Host: "www.example.com", StatusCode: 200})}
		}, `names: ["www.example.com"], ports: [80], proto: tcp } # appliance-1, 1 flow: it is in clear text, and TLS is wanted` + "\n"},
		{"clear text, where it cannot be otherwise", func(w *wire) []*classify.Record {
			return []*classify.Record{camera(w, "554"), w.http("10.0.0.2:40002", "203.0.113.1:80", classify.HTTP{Methods: []string{"GET"}, Host: "ocsp.example.com", StatusCode: 200})}
		}, "\n" + `  - { id: "ocsp.example.com"`},
		{"many clients, ports and addresses", func(w *wire) (list []*classify.Record) {
			for i := range 300 {
				client := fmt.Sprintf("10.0.%d.%d", i/200, i%200+10)
				list = append(list, w.rtsp(client+":40000", "10.0.0.3:554", classify.RTSP{StatusCodes: []int{200}}),
					w.tls(client+":40001", "203.0.113.1:443", classify.TLS{ServerName: "one.example.com"}),
					w.tls("10.0.0.10:40002", fmt.Sprintf("203.0.113.1:%d", 1000+i), classify.TLS{ServerName: "one.example.com"}),
					spoken(w.tcp("10.0.0.3:40003", fmt.Sprintf("10.0.0.10:%d", 2000+i), exchange...), web),
					spoken(w.udp("10.0.0.3:40004", client+":53", ask, answer), classify.Facts{Protocol: classify.ProtoDNS, DNS: &classify.DNS{Queries: 1, Responses: 1}}))
			}
			return list
		}, `- { id: "one.example.com"`},
		{"many IPv6 addresses of one device", func(w *wire) (list []*classify.Record) {
			for i := range 100 {
				r := spoken(w.tcp("[fd00::2]:40000", fmt.Sprintf("[fd00::%x]:80", 256+i), exchange...), web)
				r.Server.MAC = flow.MAC{2, 0, 0, 0, 0, 3}
				list = append(list, r)
			}
			return list
		}, `mac: "02:00:00:00:00:03", ipv6: ["fd00::100"`},
		{"port 0", func(w *wire) []*classify.Record {
			return []*classify.Record{spoken(w.tcp("10.0.0.2:40000", "10.0.0.3:0", exchange...), web),
				w.tls("10.0.0.2:40001", "203.0.113.1:0", classify.TLS{ServerName: "zero.example.com"}), camera(w, "0")}
		}, "role: camera"},
	} {
		w := &wire{}
		if text := drafted(t, c.records(w)...); !strings.Contains(text, c.says) {
			t.Errorf("%s: no %q in\n%.3000s", c.name, c.says, text)
		}
	}
}
