package capture

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spanaudit/flow"
)

// rawSet is frames of two inputs and two link types, one of them cut and one
// from before 1970.
func rawSet() []RawFrame {
	ip := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	at := func(input int, number uint64, t flow.Time) flow.Frame {
		return flow.Frame{Input: input, Number: number, Time: t}
	}
	return []RawFrame{
		{at(0, 7, -5_000_000_001), linkRaw, ip, len(ip)},
		{at(0, 9, 1_700_000_000_123_456_789), linkRaw, ip, len(ip)},
		{at(1, 3, 1_700_000_000_123_456_790), linkEthernet, ether(etherIPv4, ip)[:40], 1514},
		{at(1, 4, 1_700_000_001_000_000_001), linkRaw, ip, len(ip)},
	}
}

func written(t testing.TB, opt PcapngOptions, frames []RawFrame, comment string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewPcapngWriter(&b, opt)
	for _, f := range frames {
		err = errors.Join(err, w.Write(f, comment))
	}
	if err = errors.Join(err, w.Losses(40, 2)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, inputs := range [][]string{nil, {"a.pcap"}, {"a.pcap", "b.pcap"}} {
		file := written(t, PcapngOptions{"spanaudit", inputs}, rawSet(), "what it shows")
		if !bytes.Equal(file, written(t, PcapngOptions{"spanaudit", inputs}, rawSet(), "what it shows")) {
			t.Error("the same frames gave other bytes")
		}
		path := store(t, file)
		got, _ := rawFrames(t, Options{}, path...)
		want := rawSet()
		for i := range want {
			want[i].Frame.Input, want[i].Frame.Number = 0, uint64(i+1)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v\nwanted %+v", inputs, got, want)
		}
		if r := readPaths(t, Options{}, path...); r.inputs[0].Err != nil || r.stats.Received != 40 || r.stats.Dropped != 2 || r.stats.Cut != 1 {
			t.Errorf("%q: %+v %+v", inputs, r.inputs[0], r.stats)
		}
	}
}

func TestLossesWithoutFrames(t *testing.T) {
	r := readBytes(t, written(t, PcapngOptions{}, nil, ""))
	if r.inputs[0].Err != nil || r.stats.Received != 40 || r.stats.Dropped != 2 {
		t.Errorf("%+v %+v", r.inputs[0], r.stats)
	}
}

func TestOptionsAreText(t *testing.T) {
	for _, c := range []struct{ comment, want string }{
		{"\xff\xfe", "\ufffd"},
		{strings.Repeat("x", 65534) + "é", strings.Repeat("x", 65534)},
		{strings.Repeat("x", 65533) + "é", strings.Repeat("x", 65533) + "é"},
	} {
		file := written(t, PcapngOptions{}, rawSet()[1:2], c.comment)
		value := append(le.AppendUint16(le.AppendUint16(nil, optionComment), uint16(len(c.want))), c.want...)
		if r := readBytes(t, file); r.inputs[0].Err != nil || r.stats.Received != 40 || !bytes.Contains(file, value) {
			t.Errorf("%.10q of %d bytes: %v", c.comment, len(c.comment), r.inputs[0].Err)
		}
	}
}

func TestWriteErrorsAreTold(t *testing.T) {
	full := errors.New("disk full")
	for n := range 4 {
		left := n
		w, err := NewPcapngWriter(writerFunc(func(p []byte) (int, error) {
			if left--; left < 0 {
				return 0, full
			}
			return len(p), nil
		}), PcapngOptions{})
		if err == nil {
			if err = w.Write(rawSet()[1], ""); err == nil {
				err = w.Losses(1, 0)
			}
		}
		if !errors.Is(err, full) {
			t.Errorf("after %d blocks: %v", n, err)
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestOtherProgramsReadIt asks Wireshark's.
func TestOtherProgramsReadIt(t *testing.T) {
	path := store(t, written(t, PcapngOptions{"spanaudit test", []string{"a.pcap", "b.pcap"}}, rawSet()[1:], "line one\nline two é"))[0]
	for _, c := range []struct {
		args []string
		want []string
	}{
		{
			[]string{"tshark", "-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.comment", "-e", "frame.interface_name"},
			[]string{"1700000000.123456789\t33\t33\tline one", "line two é", "1700000000.123456790\t1514\t40\t", "\tb.pcap"},
		},
		{
			[]string{"capinfos", "-M", path},
			[]string{"spanaudit test", "Number of packets:   3", "Number of stat entries = 1", "Name = a.pcap"},
		},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			if _, err := exec.LookPath(c.args[0]); err != nil {
				t.Skipf("needs %s: %v", c.args[0], err)
			}
			out, err := exec.Command(c.args[0], c.args[1:]...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range c.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s: no %q in\n%s", filepath.Base(path), want, out)
				}
			}
		})
	}
}

func FuzzPcapngWriter(f *testing.F) {
	f.Add([]byte("data"), 5, int64(-1), uint16(1), "comment")
	f.Fuzz(func(t *testing.T, data []byte, length int, at int64, link uint16, comment string) {
		length = min(max(length, len(data)), 1<<20)
		const edge = 1 << 32 * 1e9
		at = min(max(at, -edge), edge)
		raw := RawFrame{flow.Frame{Number: 1, Time: flow.Time(at)}, link, data, length}
		r, err := newReader(formatPcapng, newBlocks(bytes.NewReader(written(t, PcapngOptions{}, []RawFrame{raw}, comment)), 512, nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		var got frame
		if err := r.next(&got); err != nil && len(data) <= maxFrame {
			t.Fatal(err)
		} else if err == nil && (!bytes.Equal(got.data, data) || got.time != raw.Frame.Time || got.length != length || got.link != link) {
			t.Fatalf("%+v became %+v", raw, got)
		}
	})
}
