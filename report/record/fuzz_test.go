package record

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/klauspost/compress/zstd"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/rules"
)

// part is the events of a batch, as they are before they are compressed.
func part(list ...*event) []byte {
	var b batch
	for _, e := range list {
		b.add(e)
	}
	return bytes.Clone(b.raw.Bytes())
}

// A record that anybody may have written is read without a panic, and so is what
// it says judged and printed.
func FuzzEvents(f *testing.F) {
	client, at, l := answer(1, begun)
	r := flowAt(2, begun)
	r.RTSP = &classify.RTSP{Methods: []string{"SETUP"}, Setups: []classify.Setup{{Transport: "udp", Answered: true}}}
	r.TLS.Certificate = &classify.Certificate{Subject: "CN=x"}
	r.NTP, r.DNS, r.DHCP, r.HTTP = &classify.NTP{}, &classify.DNS{}, &classify.DHCP{}, &classify.HTTP{AWS: &classify.AWSSignature{}}
	f.Add(part(&event{kind: learned, client: client, at: at, learned: l}, &event{kind: arp, arp: flow.ARP{IP: client}}))
	f.Add(part(&event{kind: ended, record: r}, &event{kind: known, at: at, record: r}))
	f.Add(part(&event{kind: session, at: at, tls: r.TLS}, &event{kind: early, record: flowAt(3, begun)}))
	f.Add(part(&event{kind: counters, counters: Counters{Frames: []uint64{1}, Loss: rules.Loss{CaptureLoss: rules.CaptureLoss{Undecoded: map[string]uint64{"x": 1}}}}}))
	policy, _ := rules.Builtin("aws-panorama")
	f.Fuzz(func(t *testing.T, b []byte) {
		audit := rules.NewAudit(policy)
		var out bytes.Buffer
		flows := report.NewFlowWriter(&out, func(netip.Addr) rules.Trust { return rules.Local })
		err := events(b, 3, func(e *event) error {
			e.tell(audit)
			if e.kind == ended {
				return flows.Write(e.record)
			}
			return nil
		})
		if err == nil {
			// What was read is written as it was read from.
			var again batch
			must(t, events(b, 0, func(e *event) error { again.add(e); return nil }))
			var third batch
			must(t, events(again.raw.Bytes(), 0, func(e *event) error { third.add(e); return nil }))
			if len(b) > 1 && !bytes.Equal(again.raw.Bytes(), third.raw.Bytes()) {
				t.Error("what was read is written otherwise")
			}
		}
		must(t, flows.Flush())
		must(t, report.JSON(&out, report.New(report.Tool{}, nil, audit.Finish(rules.Loss{}))))
	})
}

// What unpacks to more than a batch can hold is an error, and takes no memory.
func TestHostileBatchIsBounded(t *testing.T) {
	z, err := newPacker(zstd.SpeedFastest)
	must(t, err)
	u, err := newUnpacker()
	must(t, err)
	huge := z.EncodeAll(make([]byte, maxBatchRead+1), nil)
	if _, err := unpack(u, huge); err == nil {
		t.Errorf("%d bytes that unpack to %d are taken", len(huge), maxBatchRead+1)
	}
	for _, data := range [][]byte{nil, {1, 2, 3}, z.EncodeAll(binary.AppendUvarint(nil, 1<<40), nil), z.EncodeAll([]byte{5, 1}, nil)} {
		if parts, err := unpack(u, data); err == nil && len(data) > 0 {
			t.Errorf("% x: %d parts", data, len(parts))
		}
	}
	for _, b := range [][]byte{nil, {0}, {99, 1}, {flow.CodecVersion, 77}} {
		if events(b, 0, func(*event) error { return nil }) == nil {
			t.Errorf("% x is taken for events", b)
		}
	}
}
