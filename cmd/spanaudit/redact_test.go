package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
)

// rawFramesOf reads all frames of a capture, and what its writer lost.
func rawFramesOf(t testing.TB, path string) (frames []capture.RawFrame, stats capture.Stats) {
	t.Helper()
	src, err := capture.Open([]string{path}, capture.Options{Raw: true})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var b capture.Batch
	for {
		err := src.Read(&b)
		if errors.Is(err, io.EOF) {
			return frames, src.Stats()
		} else if err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
	}
}

// writeRaw writes frames as an excerpt is written.
func writeRaw(t testing.TB, frames []capture.RawFrame, stats capture.Stats) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "excerpt.pcapng")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := capture.NewPcapngWriter(f, capture.PcapngOptions{Application: "spanaudit"})
	for _, frame := range frames {
		err = errors.Join(err, w.Write(frame, ""))
	}
	if stats.Received > 0 {
		err = errors.Join(err, w.Losses(stats.Received, stats.Dropped))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// judgementOf returns what an audit says: its findings and its verdicts.
func judgementOf(t testing.TB, policy, path string) (lines []string) {
	t.Helper()
	_, stdout, stderr := spanaudit("audit", "--quiet", "--format", "json", "--policy", policy, path)
	var d auditDocument
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	for _, f := range d.Findings {
		lines = append(lines, fmt.Sprint(f))
	}
	for _, r := range d.Requirements {
		lines = append(lines, r.Rule+" "+r.Verdict)
	}
	slices.Sort(lines)
	return lines
}

// fixtureSecrets are the passwords, tokens and keys that fixtures/site.sh uses.
var fixtureSecrets = []string{
	"not-a-secret", "viewer:not-a-secret", "admin:not-a-secret", "user:not-a-secret", "device:not-a-secret",
	"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}

// leak returns the first secret that b holds in clear, base64 or hex.
func leak(b []byte) string {
	lower := bytes.ToLower(b)
	for _, secret := range fixtureSecrets {
		for shift := range 3 { // of the secret in what is encoded
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + secret))
			encoded = encoded[[]int{0, 2, 3}[shift] : len(secret)*4/3-1]
			if bytes.Contains(b, []byte(encoded)) {
				return secret + " in base64"
			}
		}
		if bytes.Contains(b, []byte(secret)) {
			return secret
		}
		if bytes.Contains(lower, []byte(hex.EncodeToString([]byte(secret)))) {
			return secret + " in hex"
		}
	}
	return ""
}

// Redacted captures lead to the same findings and verdicts, and no secret of
// the fixtures is left in them.
func TestRedactedFixturesAreJudgedTheSame(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/*/*.pcapng")
	if err != nil || len(captures) == 0 {
		t.Fatalf("no fixtures found (%v)", err)
	}
	leaked := 0
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			if s := leak(read(t, path)); s != "" {
				leaked++
			}
			judgedTheSame(t, policyFor(base), path)
		})
	}
	if leaked < 3 {
		t.Errorf("%d fixtures hold a secret, so that the test shows nothing", leaked)
	}
}

func TestRedactedCapturesAreJudgedTheSame(t *testing.T) {
	captures, _ := filepath.Glob("../../../shared/captures/*.pcapng")
	corpus, _ := filepath.Glob("../../../shared/corpus/captures/*")
	if len(captures)+len(corpus) == 0 {
		t.Skip("needs ../shared/captures and ../shared/corpus")
	}
	for _, path := range slices.Concat(captures, corpus) {
		t.Run(filepath.Base(path), func(t *testing.T) { judgedTheSame(t, "edge-camera", path) })
	}
}

func judgedTheSame(t *testing.T, policy, path string) {
	frames, stats := rawFramesOf(t, path)
	redacted, _ := redact(frames)
	for i, f := range redacted {
		if len(f.Data) != len(frames[i].Data) || f.Frame != frames[i].Frame || f.Length != frames[i].Length {
			t.Fatalf("frame %d: %d bytes were %d", f.Frame.Number, len(f.Data), len(frames[i].Data))
		}
		if s := leak(f.Data); s != "" {
			t.Errorf("frame %d: %s", f.Frame.Number, s)
		}
	}
	want := judgementOf(t, policy, writeRaw(t, frames, stats))
	got := judgementOf(t, policy, writeRaw(t, redacted, stats))
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("gone: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("new: %s", line)
		}
	}
}

// raw returns frames as a source gives them.
func raw(frames []frame) (list []capture.RawFrame) {
	for i, f := range frames {
		list = append(list, capture.RawFrame{
			Frame: flow.Frame{Number: uint64(i + 1), Time: flow.Time(f.time)}, Link: 1, Data: bytes.Clone(f.data), Length: int(f.wire),
		})
	}
	return list
}

const redactedRequest = "GET /status HTTP/1.1\r\nHost: camera\r\nAuthorization: Basic dmlld2VyOm5vdC1hLXNlY3JldA==\r\nX-Token: not-a-secret\r\n\r\n"

// sentBytes puts together what the frames of a connection hold behind their headers,
// by sequence number; where two differ, both.
func sentBytes(frames []capture.RawFrame, from int) (versions [][]byte) {
	const headers = 14 + 20 + 20
	forward, backward := make([]byte, 4096), make([]byte, 4096)
	for i := range frames {
		for _, v := range []struct {
			b []byte
			f capture.RawFrame
		}{{forward, frames[i]}, {backward, frames[len(frames)-1-i]}} {
			seq := binary.BigEndian.Uint32(v.f.Data[14+20+4:])
			copy(v.b[seq-uint32(from):], v.f.Data[headers:])
		}
	}
	return [][]byte{forward, backward}
}

// A secret is found wherever segments are cut, in whatever order they come, and
// in every copy of them.
func TestASecretIsBlankedHoweverSegmentsAreCut(t *testing.T) {
	for cut := 1; cut < len(redactedRequest); cut++ {
		c := opened(camera, cloud)
		c.segment(false, psh|ack, []byte(redactedRequest[:cut]))
		c.segment(false, psh|ack, []byte(redactedRequest[cut:]))
		c.sent[0] = 1
		c.segment(false, psh|ack, []byte(redactedRequest[:max(cut-5, 1)])) // again, in another cut
		c.sent[0] = uint32(max(cut-5, 1)) + 1
		c.segment(false, psh|ack, []byte(redactedRequest[max(cut-5, 1):]))
		f := c.frames
		for name, frames := range map[string][]frame{
			"in order":            f[:5],
			"out of order":        {f[0], f[1], f[2], f[4], f[3]},
			"with copies":         f,
			"copies first":        {f[0], f[1], f[2], f[5], f[6], f[3], f[4]},
			"without a handshake": f[3:5],
			"first lost":          {f[0], f[1], f[2], f[4]},
			"second lost":         f[:4],
		} {
			redacted, _ := redact(raw(timed(frames)))
			for _, b := range sentBytes(redacted, 1000) {
				for _, secret := range []string{"dmlld2VyOm5vdC1hLXNlY3JldA==", "not-a-secret"} {
					for i := range len(secret) - 5 {
						if bytes.Contains(b, []byte(secret[i:i+6])) {
							t.Fatalf("cut at %d, %s: %s is left in %q", cut, name, secret[i:i+6], bytes.Trim(b, "\x00"))
						}
					}
				}
			}
		}
	}
}

// timed gives frames times in their order.
func timed(frames []frame) []frame {
	out := slices.Clone(frames)
	for i := range out {
		out[i].time = frames[0].time + time.Duration(i)*time.Millisecond
	}
	return out
}

// Segments that contradict one another are all overwritten.
func TestContradictingSegmentsAreBlanked(t *testing.T) {
	c := opened(camera, cloud)
	c.segment(false, psh|ack, []byte(strings.Replace(redactedRequest, "Basic", "Other", 1)))
	c.sent[0] = 1
	c.segment(false, psh|ack, []byte(redactedRequest))
	c.sent[0] = 1
	c.segment(false, psh|ack, bytes.Repeat([]byte("not-a-secret"), 9))
	redacted, _ := redact(raw(c.frames))
	for _, f := range redacted {
		if s := leak(f.Data); s != "" {
			t.Errorf("%s in %q", s, f.Data)
		}
	}
}

// A datagram in fragments is redacted as one, and judged the same; of one that
// is not whole nothing is left.
func TestFragmentsAreBlanked(t *testing.T) {
	community := strings.Repeat("not-a-secret", 5)
	snmp := "\x30\x4f\x02\x01\x01\x04\x3c" + community + "\xa0\x0c\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x01\x00"
	c := &connection{client: camera, server: netip.AddrPortFrom(cloud.Addr(), 161)}
	c.datagram(false, []byte(snmp))
	whole := c.frames[0].data
	var frames []frame
	for at := 0; at < len(whole)-34; at += 24 {
		end, word := min(at+24, len(whole)-34), uint16(at/8)
		if end < len(whole)-34 {
			word |= 0x2000
		}
		p := ipv4(camera.Addr(), cloud.Addr(), protoUDP, whole[34+at:34+end])
		binary.BigEndian.PutUint16(p[6:], word)
		binary.BigEndian.PutUint16(p[10:], 0)
		binary.BigEndian.PutUint16(p[10:], internetSum(p[:20]))
		data := slices.Concat(whole[:14], p)
		frames = append(frames, frame{time: time.Hour + time.Duration(len(frames)), wire: uint32(len(data)), data: data})
	}
	redacted, _ := redact(raw(frames))
	for _, f := range redacted {
		if bytes.Contains(f.Data, []byte("secret")) || bytes.Contains(f.Data, []byte("not-a")) {
			t.Errorf("%q", f.Data)
		}
	}
	want := judgementOf(t, "edge-camera", writeRaw(t, raw(frames), capture.Stats{}))
	if got := judgementOf(t, "edge-camera", writeRaw(t, redacted, capture.Stats{})); !slices.Equal(got, want) || !strings.Contains(strings.Join(want, "\n"), "SNMP login") {
		t.Errorf("judged\n%q, was\n%q", got, want)
	}
	rest, _ := redact(raw(frames[:2]))
	for _, f := range rest {
		if len(bytes.Trim(f.Data[34:], "\x00")) != 0 {
			t.Errorf("%q", f.Data)
		}
	}
}

func TestOriginalFramesStayAsTheyAre(t *testing.T) {
	frames, _ := rawFramesOf(t, violations)
	redact(frames)
	again, _ := rawFramesOf(t, violations)
	for i := range frames {
		if !bytes.Equal(frames[i].Data, again[i].Data) {
			t.Fatalf("frame %d was written to", i+1)
		}
	}
}

func FuzzRedact(f *testing.F) {
	c := opened(camera, cloud)
	c.segment(false, psh|ack, []byte(redactedRequest))
	c.datagram(true, []byte("<34>not-a-secret"))
	var seed []byte
	for _, frame := range c.frames {
		seed = append(append(seed, byte(len(frame.data))), frame.data...)
	}
	f.Add(uint16(1), seed)
	f.Fuzz(func(t *testing.T, link uint16, b []byte) {
		var frames []capture.RawFrame
		for len(b) > 1 {
			n := min(int(b[0]), len(b)-1)
			frames = append(frames, capture.RawFrame{Frame: flow.Frame{Number: uint64(len(frames) + 1), Time: flow.Time(len(frames))}, Link: link, Data: b[1 : 1+n], Length: n})
			b = b[1+n:]
		}
		redacted, counts := redact(frames)
		if len(redacted) != len(frames) || counts.Frames > len(frames) {
			t.Fatalf("%d frames of %d", len(redacted), len(frames))
		}
		for i := range frames {
			if len(redacted[i].Data) != len(frames[i].Data) {
				t.Fatalf("frame %d: %d bytes were %d", i, len(redacted[i].Data), len(frames[i].Data))
			}
		}
	})
}
