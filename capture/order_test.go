package capture

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"spanaudit/flow"
)

// numbered is a capture of n frames, each with its number as payload, whose
// time in microseconds at gives.
func numbered(n int, at func(i int) int64) []byte {
	times, frames := make([]int64, n), make([][]byte, n)
	for i := range n {
		times[i] = 1_700_000_000_000_000 + at(i)
		frames[i] = ip4(flow.UDP, 0, udp(client4, server4, fmt.Sprint(i)))
	}
	return pcapFile(linkRaw, times, frames...)
}

func inOrder(t *testing.T, r result, want int) {
	t.Helper()
	if len(r.packets) != want {
		t.Fatalf("%d packets, wanted %d", len(r.packets), want)
	}
	if !slices.IsSortedFunc(r.packets, func(a, b flow.Packet) int { return int(a.Frame.Time.Sub(b.Frame.Time)) }) {
		t.Error("packets are out of order")
	}
}

func payloads(r result) (list []string) {
	for _, p := range r.packets {
		list = append(list, string(p.Payload))
	}
	return list
}

func TestOrderOfAFile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	shuffled := random.Perm(2000)
	for _, c := range []struct {
		name     string
		n        int
		at       func(i int) int64
		streamed bool // a stream comes in order too
	}{
		{"in order", 2000, func(i int) int64 { return int64(i) * 1000 }, true},
		{"neighbours swapped", 2000, func(i int) int64 { return int64(i^1) * 1000 }, true},
		{"one frame half a second early", 2000, func(i int) int64 {
			if i == 700 {
				return 200_000
			}
			return int64(i) * 1000
		}, true},
		{"jitter of half a second", 3000, func(i int) int64 { return int64(i)*1000 + random.Int64N(500_000) }, true},
		{"two halves, each in order", 2000, func(i int) int64 { return int64(i%1000)*10_000 + int64(i/1000) }, false},
		{"a later capture before an earlier", 2000, func(i int) int64 { return int64((i+1000)%2000) * 10_000 }, false},
		{"reversed", 2000, func(i int) int64 { return int64(-i) * 2_000_000 }, false},
		{"in no order", 2000, func(i int) int64 { return int64(shuffled[i]) * 1_000_000 }, false},
		{"further back than the window has frames", 30_000, func(i int) int64 {
			if i%20_000 == 19_999 {
				return int64(i - 15_000)
			}
			return int64(i)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := numbered(c.n, c.at)
			stored := readFiles(t, file)
			if once := readPaths(t, Options{Once: true}, store(t, file)...); !slices.Equal(payloads(once), payloads(stored)) || !reflect.DeepEqual(once.stats, stored.stats) {
				t.Errorf("read once and rewound: %d packets, %+v", len(once.packets), once.stats)
			}
			inOrder(t, stored, c.n)
			if stored.stats.Late != 0 {
				t.Errorf("%d late", stored.stats.Late)
			}
			for _, p := range stored.packets {
				if string(p.Payload) != fmt.Sprint(p.Frame.Number-1) {
					t.Fatalf("frame %d is not the one at its place: %q", p.Frame.Number, p.Payload)
				}
			}
			streamed := readBytes(t, file)
			if streamed.stats.Inversions != stored.stats.Inversions {
				t.Errorf("%d inversions streamed, %d stored", streamed.stats.Inversions, stored.stats.Inversions)
			}
			if c.streamed {
				inOrder(t, streamed, c.n)
			} else if len(streamed.packets) != c.n || streamed.stats.Late == 0 {
				t.Errorf("streamed: %d packets, %d late", len(streamed.packets), streamed.stats.Late)
			}
		})
	}
}

// TestRunsOfPcapng appends captures whose sections differ in everything that a
// reader must remember to go on in their middle.
func TestRunsOfPcapng(t *testing.T) {
	ip := ip4(flow.UDP, 0, udp(client4, server4, "hello"))
	var file []byte
	for i, o := range []endian{be, le} {
		file = join(file, sectionBlock(o))
		for j := range 10 {
			file = append(file, interfaceBlock(o, []uint16{linkRaw, linkEthernet}[(i+j)%2], 0, option(o, optionTimeResolution, []byte{3}))...)
			data := ip
			if (i+j)%2 == 1 {
				data = ether(etherIPv4, ip)
			}
			seconds := uint64(1_700_000_000 + (j*7)%10*5)
			file = append(file, enhanced(o, uint32(j), seconds*1000, data)...)
		}
	}
	r := readFiles(t, file)
	inOrder(t, r, 20)
	if r.inputs[0].Frames != 20 || r.inputs[0].Err != nil {
		t.Errorf("%+v", r.inputs[0])
	}
}

// TestSlices cuts a capture into ten and gives them in any order: they come out
// as the one capture did, equal times and neighbours swapped included.
func TestSlices(t *testing.T) {
	const n = 1000
	at := func(i int) int64 { return int64(i^1) / 3 * 1000 }
	whole := readFiles(t, numbered(n, at))
	inOrder(t, whole, n)
	var parts [][]byte
	for k := range 10 {
		var times []int64
		var frames [][]byte
		for i := k * n / 10; i < (k+1)*n/10; i++ {
			times = append(times, 1_700_000_000_000_000+at(i))
			frames = append(frames, ip4(flow.UDP, 0, udp(client4, server4, fmt.Sprint(i))))
		}
		parts = append(parts, pcapFile(linkRaw, times, frames...))
	}
	paths := store(t, parts...)
	random := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		r := readPaths(t, Options{}, paths...)
		if !slices.Equal(payloads(r), payloads(whole)) {
			t.Fatal("slices come out otherwise than the whole")
		}
	}
}

func TestTiesGoByArgumentOrder(t *testing.T) {
	same := func(int) int64 { return 0 }
	r := readFiles(t, numbered(3, same), numbered(2, same))
	var got []string
	for _, p := range r.packets {
		got = append(got, fmt.Sprintf("%d/%d", p.Frame.Input, p.Frame.Number))
	}
	if fmt.Sprint(got) != "[0/1 0/2 0/3 1/1 1/2]" {
		t.Errorf("order %v", got)
	}
}

func TestInterleavedInputsMerge(t *testing.T) {
	even := numbered(500, func(i int) int64 { return int64(2*i) * 1000 })
	odd := numbered(500, func(i int) int64 { return int64(2*i+1) * 1000 })
	r := readFiles(t, even, compress(t, formatGzip, odd))
	inOrder(t, r, 1000)
	for i, p := range r.packets {
		if p.Frame.Input != i%2 {
			t.Fatalf("packet %d is of input %d", i, p.Frame.Input)
		}
	}
}

func TestWindowIsBounded(t *testing.T) {
	w := window{slack: windowTime}
	for i := range 50_000 {
		f := frame{time: flow.Time(time.Duration(i) * time.Microsecond)}
		w.push(&f)
		for w.ready() {
			w.pop(&f)
		}
		if len(w.held)-w.head > windowFrames || cap(w.held) > 4*windowFrames {
			t.Fatalf("%d frames held in room for %d", len(w.held)-w.head, cap(w.held))
		}
	}
}

// What a file says of losses is counted once more after a Rewind, although it is
// damaged and has no frame.
func TestRewindForgetsNoLosses(t *testing.T) {
	statistics := block(le, blockStatistics, make([]byte, 12), option(le, optionDropped, le.AppendUint64(nil, 77)))
	lossy := join(sectionBlock(le), interfaceBlock(le, linkRaw, 0), statistics, []byte("damage here, and no block"))
	late := numbered(100, func(i int) int64 { return int64((i + 50) % 100) })
	paths := store(t, lossy, late)
	want := readPaths(t, Options{}, paths...)
	got := readPaths(t, Options{Once: true}, paths...)
	if want.stats.Dropped != 77 || !reflect.DeepEqual(got.stats, want.stats) {
		t.Errorf("%+v after a rewind, %+v before", got.stats, want.stats)
	}
}
