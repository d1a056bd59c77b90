package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
)

func TestPcapHeaders(t *testing.T) {
	payload := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "hello")))
	for _, c := range []struct {
		name  string
		order endian
		magic uint32
		link  uint32
		want  flow.Time
	}{
		{"microseconds, little-endian", le, magicMicro, 1, 1_700_000_000_000_123_000},
		{"microseconds, big-endian", be, magicMicro, 1, 1_700_000_000_000_123_000},
		{"nanoseconds, little-endian", le, magicNano, 1, 1_700_000_000_000_000_123},
		{"nanoseconds, big-endian", be, magicNano, 1, 1_700_000_000_000_000_123},
		{"frame check sequence length", le, magicMicro, 1 | 0x2400_0000, 1_700_000_000_000_123_000},
		{"modified", be, magicModified, 1, 1_700_000_000_000_123_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := pcapHeader(c.order, c.magic, c.link)
			for range 2 {
				file = pcapRecord(file, c.order, 1_700_000_000, 123, payload, len(payload))
				if c.magic == magicModified {
					file = slices.Insert(file, len(file)-len(payload), make([]byte, 8)...)
				}
			}
			r := readBytes(t, file)
			if r.inputs[0].Err != nil || len(r.packets) != 2 {
				t.Fatalf("%d packets, err %v", len(r.packets), r.inputs[0].Err)
			}
			p := r.packets[1]
			if p.Frame != (flow.Frame{Number: 2, Time: c.want}) || string(p.Payload) != "hello" || p.Checksum.Bad() {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestDamagedPcapKeepsWhatPrecedes(t *testing.T) {
	good := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "hello")))
	file := pcapFile(1, ticks(3), repeat(3, good)...)
	file = le.AppendUint32(append(file, make([]byte, 8)...), 4325376)
	file = append(file, make([]byte, 100)...)
	for _, r := range []result{readBytes(t, file), readFiles(t, file)} {
		err := r.inputs[0].Err
		if len(r.packets) != 3 || err == nil || !strings.Contains(err.Error(), "frame 4 claims 4325376 bytes") {
			t.Errorf("%d packets, err %v", len(r.packets), err)
		}
	}
}

// TestEveryPrefix cuts captures at every byte: what is whole is read, and a
// cut inside a record is an error of the input.
func TestEveryPrefix(t *testing.T) {
	frames := [][]byte{
		ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "one"))),
		ether(etherIPv4, ip4(flow.TCP, 0, tcpSegment(client4, server4, "", "two"))),
		ether(etherIPv6, ip6(flow.UDP, udp(client6, server6, "three"))),
	}
	for name, file := range map[string][]byte{
		"pcap":   pcapFile(1, ticks(3), frames...),
		"pcapng": pcapngFile(le, frames...),
	} {
		t.Run(name, func(t *testing.T) {
			whole := readBytes(t, file)
			if len(whole.packets) != len(frames) {
				t.Fatalf("%d packets", len(whole.packets))
			}
			clean := 0
			for n := range len(file) {
				for _, r := range []result{readBytes(t, file[:n]), readFiles(t, file[:n])} {
					if !samePackets(r.packets, whole.packets[:len(r.packets)]) {
						t.Fatalf("prefix of %d bytes: packets differ", n)
					}
					switch err := r.inputs[0].Err; {
					case err == nil:
						clean++
					case n >= 24 && !errors.Is(err, io.ErrUnexpectedEOF):
						t.Errorf("prefix of %d bytes: %v", n, err)
					}
				}
			}
			if most := 2 * (len(frames) + 2); clean == 0 || clean > most {
				t.Errorf("%d prefixes without an error, wanted those that end with a record, at most %d", clean, most)
			}
		})
	}
}

func samePackets(a, b []flow.Packet) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Frame != b[i].Frame || a[i].Src != b[i].Src || string(a[i].Payload) != string(b[i].Payload) {
			return false
		}
	}
	return true
}

func FuzzPcap(f *testing.F) {
	frame := ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "one")))
	f.Add(pcapFile(1, ticks(2), frame, frame))
	f.Add(pcapRecord(pcapHeader(be, magicNano, 113), be, 1, 2, frame, 99))
	f.Fuzz(func(t *testing.T, file []byte) { fuzzFile(t, pcapHeader(le, magicMicro, 1)[:4], file) })
}

// fuzzFile reads a file behind a magic number from front to back, and again by
// its runs: both must give the same frames.
func fuzzFile(t *testing.T, magic, file []byte) {
	if k := sniff(file); k != formatPcap && k != formatPcapng {
		file = append(magic, file...)
	}
	open := func() (reader, error) { return newReader(sniff(file), newBlocks(bytes.NewReader(file), 512, nil, nil)) }
	r, err := open()
	if err != nil {
		return
	}
	want, f := map[uint64]string{}, frame{}
	for r.next(&f) == nil {
		if len(f.data) > f.length || len(f.data) > maxFrame {
			t.Fatalf("frame %d has %d bytes of %d", f.number, len(f.data), f.length)
		}
		f.slab = nil
		want[f.number] = fmt.Sprint(f)
	}
	r, _ = open()
	s := scanner{r: r}
	for s.step(100) {
	}
	for _, run := range s.runs {
		run.end = min(run.end, int64(len(file)))
		again := r.resume(newBlocks(run.clip(bytes.NewReader(file)), 512, nil, nil), run.place)
		for again.next(&f) == nil {
			f.slab = nil
			if want[f.number] != fmt.Sprint(f) {
				t.Fatalf("frame %d is %v in its run, wanted %s", f.number, f, want[f.number])
			}
			delete(want, f.number)
		}
	}
	if len(want) != 0 {
		t.Fatalf("%d frames are in no run", len(want))
	}
}
