package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// corpus is a folder of captures that other projects published, and of what
// they hold by several tools and by their bytes.
const corpus = "../../../shared/corpus"

// corpusFiles lists the captures in a folder of the corpus.
func corpusFiles(t *testing.T, folder string) (paths []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(corpus, folder, "*"))
	if err != nil || len(all) == 0 {
		t.Skipf("the corpus of captures is not at %s", corpus)
	}
	for _, path := range all {
		if !strings.HasSuffix(path, ".jsonl") {
			paths = append(paths, path)
		}
	}
	return paths
}

// object is a JSON object as it was read.
type object map[string]any

// at returns what stands at a path such as "tls.client.server_name", nil where
// there is nothing.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for _, key := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func (o object) text(path string) string { s, _ := o.at(path).(string); return s }

func (o object) number(path string) float64 { n, _ := o.at(path).(float64); return n }

func (o object) list(path string) []any { l, _ := o.at(path).([]any); return l }

// findings are the messages of an audit's findings, save those of rules that
// speak of what the test is not about.
func (o object) findings(save ...string) (messages []string) {
	for _, v := range o.list("findings") {
		f := object(v.(map[string]any))
		if !slices.Contains(save, f.text("rule")) {
			messages = append(messages, f.text("rule")+": "+f.text("message"))
		}
	}
	return messages
}

// words is a text, or a list of them.
func (o object) words(path string) (words []string) {
	if word := o.text(path); word != "" {
		return []string{word}
	}
	for _, word := range o.list(path) {
		words = append(words, word.(string))
	}
	return words
}

// readLines reads a file with one JSON object a line.
func readLines(t *testing.T, path string) (lines []object) {
	t.Helper()
	for _, line := range bytes.Split(bytes.TrimSpace(read(t, path)), []byte("\n")) {
		var o object
		if len(line) > 0 && json.Unmarshal(line, &o) != nil {
			t.Fatalf("%s: no JSON object: %.80q", path, line)
		}
		if o != nil {
			lines = append(lines, o)
		}
	}
	return lines
}

// auditFlows audits a capture, and returns the exit status, the audit and its
// flow records.
func auditFlows(t *testing.T, args ...string) (status int, document object, records []object) {
	t.Helper()
	flows := filepath.Join(t.TempDir(), "flows.ndjson")
	status, stdout, stderr := spanaudit(append([]string{"audit", "--quiet", "--format", "json", "--flows", flows}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &document); err != nil {
		t.Fatalf("status %d, %v: %s", status, err, stderr)
	}
	return status, document, readLines(t, flows)
}

// Over all captures of the corpus the flow records say what the truth says.
func TestCorpus(t *testing.T) {
	s := newScore(t)
	for _, path := range corpusFiles(t, "captures") {
		_, document, records := auditFlows(t, path)
		sha256 := document.list("inputs")[0].(map[string]any)["sha256"].(string)
		truth, err := filepath.Glob(filepath.Join(corpus, "truth", sha256[:16]+"__*"))
		if err != nil || len(truth) != 1 {
			t.Fatalf("%s: no truth, or more than one: %v", path, truth)
		}
		s.capture(filepath.Base(path), readLines(t, truth[0]), records)
	}
	s.atLeast(0.99, "tls", "dtls", "quic")
	s.atLeast(0.98, "mqtt", "rtsp", "ntp", "dns", "dhcp")
	s.fieldsAtLeast(0.995, "tls.", "dtls.", "quic.")
	s.fieldsAtLeast(0.98, "mqtt.", "rtsp.", "ntp.", "dns.", "dhcp.")
	if s.secrecyInvented > 0 {
		t.Errorf("forward secrecy: %d times yes where the truth says no", s.secrecyInvented)
	}
	s.differencesHold()
}

// No capture, damaged or not, ends in a panic, takes long, or takes much
// memory; of what is damaged, what precedes the damage is read.
func TestDamagedCaptures(t *testing.T) {
	expect := map[string]object{}
	paths := corpusFiles(t, "malformed")
	for _, e := range readLines(t, filepath.Join(corpus, "malformed", "expect.jsonl")) {
		expect[e.text("file")] = e
	}
	for _, path := range append(paths, corpusFiles(t, "captures")...) {
		name := filepath.Base(path)
		begin := time.Now()
		status, document, _ := auditFlows(t, path)
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if !slices.Contains([]int{statusDone, statusViolations, statusUnread}, status) {
			t.Errorf("%s: status %d", name, status)
		}
		if n := document.number("coverage.panics"); n != 0 {
			t.Errorf("%s: %v panics", name, n)
		}
		if e, ok := expect[name]; ok {
			compareExpected(t, e, status, document)
			delete(expect, name)
		}
	}
	if len(expect) > 0 {
		t.Errorf("captures that are expected and not there: %v", expect)
	}
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.Sys > 300<<20 {
		t.Errorf("%d MB of memory taken from the system", m.Sys>>20)
	}
}

// compareExpected holds an audit against a line of expect.jsonl. The frames are
// those that tshark read. It refuses link types that we read, so that a refusal
// is asked for only where the file itself is no capture.
func compareExpected(t *testing.T, e object, status int, document object) {
	name, frames := e.text("file"), document.list("inputs")[0].(map[string]any)["packets"].(float64)
	want := e.number("tshark_packets")
	switch class := e.text("cls"); class {
	case "reject-format":
		if status != statusUnread || frames != 0 {
			t.Errorf("%s is no capture: status %d, %v frames", name, status, frames)
		}
	case "reject":
		if status == statusDone && frames > 0 && document.number("coverage.flows") > 0 && len(document.at("coverage.capture.undecoded").(map[string]any)) == 0 {
			t.Errorf("%s: flows of a link type that cannot be read, and nothing said of it", name)
		}
	case "partial":
		// The first frame of this one claims half a megabyte, of which 199
		// bytes are there: tshark counts what is left of it.
		if name == "ndpi__fuzz-2021-10-13.pcap" {
			want = 0
		}
		if status != statusUnread || frames != want {
			t.Errorf("%s: status %d and %v frames, want 3 and the %v before the damage", name, status, frames, want)
		}
	case "parse":
		if status == statusUnread || frames != want {
			t.Errorf("%s: status %d and %v frames, want 0 or 1 and %v", name, status, frames, want)
		}
	default:
		t.Errorf("%s: expect.jsonl says %q, which this test does not know", name, class)
	}
}

// tuple is the 5-tuple of a flow without its direction.
func tuple(transport string, a, b string) string {
	return transport + " " + min(a, b) + " " + max(a, b)
}

// truthTuple names a flow of the truth as recordTuple names one of ours.
func truthTuple(o object) string {
	end := func(side string) string {
		return fmt.Sprintf("%s:%v", address(o.text(side+".ip")), o.number(side+".port"))
	}
	return tuple(o.text("proto"), end("client"), end("server"))
}

func recordTuple(o object) string {
	end := func(side string) string {
		return fmt.Sprintf("%s:%v", address(o.text(side+".ip")), o.number(side+".port"))
	}
	return tuple(o.text("network.transport"), end("source"), end("destination"))
}

// began is when a record's flow began, in seconds since the epoch, as the truth
// writes it.
func began(record object) float64 {
	at, _ := time.Parse(time.RFC3339Nano, record.text("event.start"))
	return float64(at.UnixMicro()) / 1e6
}

// pairs gives each flow of the truth our records of it. Of one 5-tuple the
// flows are paired in the order of time; where their numbers differ, a record
// belongs to the last flow that had begun when it began, so that a flow that we
// cut into several is not held against us, and one that we never show is.
func pairs(truth, records []object) [][]object {
	of := make([][]object, len(truth))
	byTuple := func(list []object, name func(object) string, start func(object) float64) map[string][]int {
		m := map[string][]int{}
		for i, o := range list {
			m[name(o)] = append(m[name(o)], i)
		}
		for _, indices := range m {
			slices.SortStableFunc(indices, func(a, b int) int { return cmp.Compare(start(list[a]), start(list[b])) })
		}
		return m
	}
	theirs := byTuple(truth, truthTuple, func(o object) float64 { return o.number("start") })
	ours := byTuple(records, recordTuple, began)
	for name, flows := range theirs {
		for n, r := range ours[name] {
			at := n
			if len(flows) != len(ours[name]) {
				at = 0
				for i, f := range flows {
					if truth[f].number("start") <= began(records[r])+1e-3 {
						at = i
					}
				}
			}
			of[flows[at]] = append(of[flows[at]], records[r])
		}
	}
	return of
}

// A difference from the truth that was looked into: in the bytes of the
// capture the truth is not right, or not wholly so.
type difference struct{ capture, flow, what, why string }

// differences are left out of the figures. What is named is a protocol, which
// stands for all its fields, or a field.
func differences() []difference {
	return []difference{
		{
			"zeek__fragmented-1.pcap", "udp 164.1.123.163:123 164.1.123.61:137", "ntp",
			"a first fragment of a datagram with 10 bytes, all of them 0: NTP has 48 (RFC 5905, section 7.3) and no version 0",
		},
		{
			"ndpi__gquic.pcap", "udp 10.44.5.25:61097 216.58.213.163:443", "quic.sni",
			"the CHLO has the tag SNI with www.gstatic.com; tshark prints it too",
		},
		{
			"ndpi__quic-forcing-vn-with-data.pcapng", "udp 192.168.56.103:55523 192.168.56.104:4433", "quic.alpn_offered",
			"frames 3 and 5, each alone, open with the public salt of version 1, and the ClientHello in them has the extension",
		},
	}
}
