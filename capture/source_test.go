package capture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"spanaudit/flow"
)

func compress(t testing.TB, with string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if with == formatZstd {
		w, _ = zstd.NewWriter(&b)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCompressed(t *testing.T) {
	file := numbered(3000, func(i int) int64 { return int64(i) * 1000 })
	half := len(file) / 2
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"gzip", "gzip", compress(t, formatGzip, file)},
		{"gzip of two members", "gzip", join(compress(t, formatGzip, file[:half]), compress(t, formatGzip, file[half:]))},
		{"zstd", "zstd", compress(t, formatZstd, file)},
		{"zstd of two frames", "zstd", join(compress(t, formatZstd, file[:half]), compress(t, formatZstd, file[half:]))},
		{"plain", "", file},
	} {
		t.Run(c.name, func(t *testing.T) {
			sum := sha256.Sum256(c.data)
			path := store(t, c.data)
			for _, paths := range [][]string{path, {"-"}} {
				r := readPaths(t, Options{Stdin: bytes.NewReader(c.data), Hash: 1 << 20}, paths...)
				in := r.inputs[0]
				inOrder(t, r, 3000)
				if in.Err != nil || in.Compression != c.want || in.Format != "pcap" || in.Frames != 3000 || in.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("%+v", in)
				}
				if in.First != 1_700_000_000_000_000_000 || in.Last.Sub(in.First).Milliseconds() != 2999 {
					t.Errorf("first %d, last %d", in.First, in.Last)
				}
			}
		})
	}
}

func TestTruncatedCompression(t *testing.T) {
	file := numbered(3000, func(i int) int64 { return int64(i) * 1000 })
	for _, with := range []string{formatGzip, formatZstd} {
		packed := compress(t, with, file)
		for n := 1; n < len(packed); n += 1 + len(packed)/60 {
			sum := sha256.Sum256(packed[:n])
			for _, paths := range [][]string{store(t, packed[:n]), {"-"}} {
				r := readPaths(t, Options{Stdin: bytes.NewReader(packed[:n]), Hash: 1 << 20}, paths...)
				if r.inputs[0].Err == nil || r.inputs[0].SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("%s, %d of %d bytes: %+v", with, n, len(packed), r.inputs[0])
				}
				for i, p := range r.packets {
					if p.Frame.Number != uint64(i+1) {
						t.Fatalf("%s, %d bytes: packet %d is frame %d", with, n, i, p.Frame.Number)
					}
				}
			}
		}
	}
}

// A file that unpacks without end is a broken input before it has kept anybody busy.
func TestACompressedBombEndsTheInput(t *testing.T) {
	for _, with := range []string{formatGzip, formatZstd} {
		bomb := compress(t, with, append(numbered(1, func(int) int64 { return 0 }), make([]byte, freeInflation*3/2)...))
		r := readPaths(t, Options{}, store(t, bomb)...)
		if in := r.inputs[0]; !errors.Is(in.Err, errBomb) || in.Frames < 1000 || in.Frames > 2*freeInflation/16 || len(r.packets) != 1 {
			t.Errorf("%s of %d bytes: %d frames, %d packets, %v", with, len(bomb), in.Frames, len(r.packets), in.Err)
		}
	}
	well := compress(t, formatZstd, numbered(3000, func(i int) int64 { return int64(i) * 1000 }))
	if r := readPaths(t, Options{}, store(t, well)...); r.inputs[0].Err != nil || len(r.packets) != 3000 {
		t.Errorf("a capture: %d packets, %v", len(r.packets), r.inputs[0].Err)
	}
}

func TestTooManyFilesAreRefused(t *testing.T) {
	paths := slices.Repeat(store(t, numbered(1, func(int) int64 { return 0 })), maxInputs+1)
	if _, err := Open(paths, Options{}); err == nil || !strings.Contains(err.Error(), "65537 capture files: give at most 65536") {
		t.Errorf("%d files: %v", len(paths), err)
	}
}

func TestNoCapture(t *testing.T) {
	good := numbered(2, func(i int) int64 { return int64(i) })
	tar := make([]byte, 600)
	copy(tar, "capture.pcap")
	copy(tar[257:], "ustar")
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "empty"},
		{"html", "\n<!DOCTYPE html><html>404", "HTML page"},
		{"elf", "\x7fELF\x02\x01", "ELF program"},
		{"text", "no capture at all, but text\n", "is text"},
		{"tar", string(tar), "tar archive"},
		{"xz", "\xfd7zXZ\x00\x00", "decompress it first"},
		{"zip", "PK\x03\x04....", "unpack it first"},
		{"bytes", "\x01\x02\x03\x04\x05", "begins with 01020304"},
		{"gzip of text", string(compress(t, formatGzip, []byte("hello"))), "is text"},
		{"gzip in gzip", string(compress(t, formatGzip, compress(t, formatGzip, good))), "begins with 1f8b"},
		{"header alone, cut", string(good[:20]), "inside its own header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := readFiles(t, []byte(c.data), good)
			if len(r.packets) != 2 || r.packets[0].Frame.Input != 1 || r.inputs[1].Err != nil {
				t.Errorf("the good capture was not read: %+v", r.inputs)
			}
			if err := r.inputs[0].Err; err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err %v, wanted %q", err, c.want)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "notes.txt"), []byte("no capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"nothing", nil, "nothing to read"},
		{"a missing file", []string{filepath.Join(empty, "x.pcap")}, "x.pcap: no such file or directory: give a capture file"},
		{"a directory without captures", []string{empty}, "no capture directly in this directory"},
		{"standard input twice", []string{"-", "-"}, "only once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(c.paths, Options{Stdin: strings.NewReader("")})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err %v, wanted %q", err, c.want)
			}
		})
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	good := numbered(2, func(i int) int64 { return int64(i) })
	for name, data := range map[string][]byte{
		"b.pcap.gz": compress(t, formatGzip, good), "a.cap": good, "c": pcapngFile(le, ether(0x88cc, nil)),
		"notes.txt": []byte("no capture"), "notes.txt.gz": compress(t, formatGzip, []byte("no capture")), "empty.pcap": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "deeper"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := readPaths(t, Options{}, dir)
	var names []string
	for _, in := range r.inputs {
		names = append(names, filepath.Base(in.Name))
	}
	if got := strings.Join(names, " "); got != "a.cap b.pcap.gz c" || len(r.packets) != 4 {
		t.Errorf("inputs %s, %d packets", got, len(r.packets))
	}
}

func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	path := "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	if _, err := os.Stat(path); err != nil {
		t.Skip("no /dev/fd here")
	}
	go func() {
		w.Write(numbered(100, func(i int) int64 { return int64(i) }))
		w.Close()
	}()
	got := readPaths(t, Options{Hash: 1 << 20}, path)
	inOrder(t, got, 100)
	if got.inputs[0].SHA256 == "" {
		t.Error("no hash")
	}
}

func TestProgress(t *testing.T) {
	file := numbered(20_000, func(i int) int64 { return int64(i%10_000) * 1000 })
	packed := compress(t, formatZstd, file)
	s, err := Open(store(t, file, packed), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := int64(len(file) + len(packed))
	var b Batch
	var last int64
	for s.Read(&b) != io.EOF {
		done, total := s.Progress()
		if done < last || done > total || total != want {
			t.Fatalf("%d of %d after %d", done, total, last)
		}
		last = done
	}
	if done, _ := s.Progress(); done != want {
		t.Errorf("%d at the end, wanted %d", done, want)
	}
	s, err = Open([]string{"-"}, Options{Stdin: bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	if _, total := s.Progress(); total != -1 {
		t.Errorf("total of standard input %d", total)
	}
}

// TestBatchesAreWholeUntilReadIntoAgain keeps eight batches under way, while
// frames wait to be put in order and two files take turns.
func TestBatchesAreWholeUntilReadIntoAgain(t *testing.T) {
	far := func(i int) int64 { return int64(i%4*5000 + i) }
	file := numbered(60_000, far)
	for name, open := range map[string]func() (*Source, error){
		"standard input": func() (*Source, error) { return Open([]string{"-"}, Options{Stdin: bytes.NewReader(file)}) },
		"two files":      func() (*Source, error) { return Open(store(t, file, file), Options{}) },
	} {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var batches [8]Batch
		seen := 0
		check := func(b *Batch) {
			for _, p := range b.Packets {
				if seen++; string(p.Payload) != strconv.Itoa(int(p.Frame.Number-1)) {
					t.Fatalf("%s: frame %d has the payload %q", name, p.Frame.Number, p.Payload)
				}
			}
		}
		for i := 0; ; i++ {
			b := &batches[i%len(batches)]
			check(b)
			if s.Read(b) == io.EOF {
				break
			}
		}
		for i := range batches {
			check(&batches[i])
		}
		if s.spares.list == nil || seen == 0 {
			t.Errorf("%s: %d packets seen, %d slabs spare", name, seen, len(s.spares.list))
		}
	}
}

func TestCloseEarly(t *testing.T) {
	before := runtime.NumGoroutine()
	file := compress(t, formatGzip, numbered(50_000, func(i int) int64 { return int64(i) }))
	s, err := Open(store(t, file), Options{Hash: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	for len(b.Packets) == 0 {
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 1000 {
		runtime.Gosched()
		if runtime.NumGoroutine() <= before {
			return
		}
	}
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines left of %d", n, before)
	}
}

func TestNoAllocationPerPacket(t *testing.T) {
	const n = 100_000
	file := pcapFile(linkEthernet, ticks(n), repeat(n, ether(etherIPv4, ip4(flow.TCP, 0, tcpSegment(client4, server4, "", "hello"))))...)
	for name, data := range map[string][]byte{"plain": file, "gzip": compress(t, formatGzip, file)} {
		path := store(t, data)
		var b Batch
		readAll := func() {
			s, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for s.Read(&b) == nil {
			}
		}
		if per := testing.AllocsPerRun(3, readAll) / n; per > 0.01 {
			t.Errorf("%s: %.3f allocations a packet", name, per)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	const n = 100_000
	for _, c := range []struct {
		name string
		size int
	}{{"small", 60}, {"large", 1400}} {
		b.Run(c.name, func(b *testing.B) {
			file := pcapFile(linkEthernet, ticks(n), repeat(n, ether(etherIPv4, ip4(flow.TCP, 0, tcpSegment(client4, server4, "", strings.Repeat("x", c.size)))))...)
			path := store(b, file)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			var batch Batch
			for b.Loop() {
				s, err := Open(path, Options{})
				if err != nil {
					b.Fatal(err)
				}
				for s.Read(&batch) == nil {
				}
				s.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/packet")
		})
	}
}
