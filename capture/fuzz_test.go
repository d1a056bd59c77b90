package capture

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"spanaudit/flow"
)

// seedFiles adds files that are there, each once: those of the project, and those
// beside a checkout where they are.
func seedFiles(f *testing.F, add func([]byte)) {
	for _, pattern := range []string{"../fixtures/odd/*.pcapng", "../../shared/corpus/malformed/*.pcap*", "../../shared/captures/*.pcapng"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if len(b) < 20_000 { // a small one is changed where it matters
				add(b)
			}
		}
	}
}

// FuzzOpen holds that any file is read to its end or to an error that its input
// tells: plain, and as what gzip and zstd are to make of it. A zstd bomb or a gzip
// member in another are such files.
func FuzzOpen(f *testing.F) {
	file := numbered(3, func(i int) int64 { return int64(i) })
	for _, data := range [][]byte{file, compress(f, formatGzip, file), compress(f, formatZstd, file), compress(f, formatGzip, compress(f, formatZstd, file))} {
		f.Add(data)
		f.Add(data[:len(data)-3])
	}
	seedFiles(f, func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(data), Raw: true, Hash: 1 << 20})
		if err != nil {
			t.Fatal(err) // what is in a file is its input's error
		}
		defer s.Close()
		var b Batch
		for n := 0; s.Read(&b) == nil; n++ {
			for _, p := range b.Packets {
				if p.Missing < 0 || len(p.Payload) > p.Length {
					t.Fatalf("%+v", p)
				}
			}
			if n > 1000 {
				t.Skip("it is a long one")
			}
		}
		if n := s.Stats().Undecoded["decoder failure"]; n > 0 {
			t.Fatalf("%d panics", n)
		}
	})
}

// FuzzFragments holds that whatever the order of fragments, their gaps and overlaps,
// what is put together of true ones is the true datagram. A script has three bytes
// for each: where it begins and how long it is, both in eights of octets, and
// whether more follow.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0, 2, 1, 2, 4, 0}, false)
	f.Add([]byte{2, 4, 0, 0, 3, 1, 0, 3, 1}, true)
	f.Add([]byte{0, 1, 1, 4, 2, 0, 1, 1, 1, 2, 2, 1}, false)
	f.Fuzz(func(t *testing.T, script []byte, v6 bool) {
		const size = 8 * 40
		text := bytes.Repeat([]byte("0123456789abcdefghij"), (size-8)/20+1)[:size-8]
		whole := udp(client4, server4, string(text))
		if v6 {
			whole = udp(client6, server6, string(text))
		}
		r := newReassembler()
		for len(script) >= 3 {
			from := int(script[0]) % (size / 8) * 8
			to := min(from+8+int(script[1])%(size/8)*8, size)
			more := script[2]&1 != 0 || to < size
			script = script[3:]
			word := uint16(from / 8)
			if v6 {
				word = uint16(from)
			}
			switch {
			case v6 && more:
				word |= 1
			case more:
				word |= 0x2000
			}
			if v6 {
				r.at(0, ip6(fragment, join([]byte{flow.UDP, 0}, be.AppendUint16(nil, word), []byte{0, 0, 0, 9}, whole[from:to])))
			} else {
				r.at(0, ip4(flow.UDP, word, whole[from:to]))
			}
		}
		if n := r.undecoded()["decoder failure"]; n > 0 {
			t.Fatalf("%d panics", n)
		}
		for _, p := range r.batch.Packets {
			if len(p.Payload) > 0 && !bytes.Equal(p.Payload, text) && p.Protocol == flow.UDP {
				t.Fatalf("put together otherwise: %q", p.Payload)
			}
		}
	})
}
