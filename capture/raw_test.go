package capture

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spanaudit/flow"
)

// rawFrames reads all frames, of files that are not in order from their second
// reading.
func rawFrames(t testing.TB, opt Options, paths ...string) (frames []RawFrame, whole []Reassembled) {
	t.Helper()
	opt.Raw = true
	s, err := Open(paths, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b Batch
	for {
		switch err := s.Read(&b); err {
		case nil:
		case io.EOF:
			return frames, whole
		case ErrDisorder:
			s.Rewind()
			frames, whole = nil, nil
			continue
		default:
			t.Fatal(err)
		}
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
		whole = append(whole, b.Reassembled...)
	}
}

// TestRawFramesOfEveryReader reads the same frames from every kind of file, in
// the order of time, with those that give no packet.
func TestRawFramesOfEveryReader(t *testing.T) {
	frames := [][]byte{
		ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "one"))),
		ether(0x88cc, []byte("no packet")),
		ether(etherIPv4, ip4(flow.UDP, 0, udp(client4, server4, "three"))),
	}
	cut := pcapRecord(pcapHeader(le, magicNano, 1), le, 1_700_000_000, 2_000_000, frames[2][:40], len(frames[2]))
	swapped := pcapFile(1, []int64{1_700_000_000_001_000, 1_700_000_000_000_000}, frames[1], frames[0])
	plain := pcapFile(1, ticks(3), frames...)
	for name, c := range map[string]struct {
		files [][]byte
		want  string
	}{
		"pcap":               {[][]byte{plain}, "0/1/45 0/2/23 0/3/47"},
		"pcapng":             {[][]byte{pcapngFile(le, frames...)}, "0/1/45 0/2/23 0/3/47"},
		"gzip":               {[][]byte{compress(t, formatGzip, plain)}, "0/1/45 0/2/23 0/3/47"},
		"zstd":               {[][]byte{compress(t, formatZstd, plain)}, "0/1/45 0/2/23 0/3/47"},
		"out of order":       {[][]byte{swapped}, "0/2/45 0/1/23"},
		"two files":          {[][]byte{cut, swapped}, "1/2/45 1/1/23 0/1/47"},
		"two files, swapped": {[][]byte{swapped, cut}, "0/2/45 0/1/23 1/1/47"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, opt := range []Options{{}, {Once: true}} {
				got, _ := rawFrames(t, opt, filepath.Dir(store(t, c.files...)[0]))
				var list []string
				for _, f := range got {
					list = append(list, fmt.Sprintf("%d/%d/%d", f.Frame.Input, f.Frame.Number, f.Length))
					if at := int64(f.Frame.Time) / 1e6 % 10; f.Link != 1 || !bytes.Equal(f.Data, frames[at][:len(f.Data)]) {
						t.Errorf("%+v", f)
					}
				}
				if s := strings.Join(list, " "); s != c.want {
					t.Errorf("%+v: %s, wanted %s", opt, s, c.want)
				}
			}
		})
	}
}

func TestRawFramesAreKeptOnlyWhenAsked(t *testing.T) {
	s, err := Open(store(t, numbered(10, func(i int) int64 { return int64(i) })), Options{Once: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b Batch
	for s.Read(&b) == nil {
		if b.Frames != nil || b.Reassembled != nil {
			t.Fatalf("%d frames", len(b.Frames))
		}
	}
}

// TestAReassembledPacketNamesItsFrames cuts a packet, and a packet in a tunnel
// that is cut itself, and asks for all frames.
func TestAReassembledPacketNamesItsFrames(t *testing.T) {
	plain := fragments4(udp(client4, server4, strings.Repeat("x", 100)), 40)
	var nested [][]byte
	for i, inner := range fragments4(udp(client4, server4, strings.Repeat("y", 100)), 64) {
		vxlan := string(join([]byte{8, 0, 0, 0, 0, 0, 7, 0}, ether(etherIPv4, inner)))
		outer := udp(client4, server4, vxlan)
		be.PutUint16(outer[2:], portVXLAN)
		for _, f := range fragments4(seal(outer, 6, flow.UDP, client4, server4), 56) {
			be.PutUint16(f[4:], uint16(i))
			nested = append(nested, f)
		}
	}
	for name, c := range map[string]struct {
		frames [][]byte
		want   []uint64
	}{
		"plain":        {plain, []uint64{1, 2}},
		"with a copy":  {slices.Insert(slices.Clone(plain), 1, plain[0]), []uint64{1, 3}},
		"in a tunnel":  {nested, []uint64{1, 2, 3, 4}},
		"not complete": {plain[:2], nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, whole := rawFrames(t, Options{}, store(t, pcapFile(linkRaw, ticks(len(c.frames)), c.frames...))...)
			if c.want == nil {
				if len(whole) > 0 {
					t.Errorf("%+v", whole)
				}
				return
			}
			if len(whole) != 1 || whole[0].Frame.Number != uint64(len(c.frames)) {
				t.Fatalf("%d frames, %+v", len(c.frames), whole)
			}
			var got []uint64
			for _, f := range whole[0].Others {
				got = append(got, f.Number)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("frames %v, wanted %v", got, c.want)
			}
		})
	}
}

func TestFramesOfAReassembledPacketAreBounded(t *testing.T) {
	list := fragments4(udp(client4, server4, strings.Repeat("x", 16*maxParts)), 8)
	_, whole := rawFrames(t, Options{}, store(t, pcapFile(linkRaw, ticks(len(list)), list...))...)
	if len(whole) != 1 || len(whole[0].Others) != maxParts {
		t.Errorf("%d packets", len(whole))
	}
}

// TestRawReadOfRealCaptures gives as many frames as there are, and the same
// packets as without.
func TestRawReadOfRealCaptures(t *testing.T) {
	paths, _ := filepath.Glob("../../shared/captures/*.pcapng")
	if _, err := os.Stat("../../shared/captures"); err != nil {
		t.Skip("needs ../shared/captures")
	}
	for _, path := range paths {
		frames, _ := rawFrames(t, Options{Once: true}, path)
		if r := readPaths(t, Options{Once: true}, path); uint64(len(frames)) != r.stats.Frames {
			t.Errorf("%s: %d frames of %d", path, len(frames), r.stats.Frames)
		}
	}
}
