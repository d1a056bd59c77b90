package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spanaudit/fixtures/bench/traffic"
)

// BenchmarkAudit is the whole program on small captures of the kinds that `make
// bench` compares with other programs.
func BenchmarkAudit(b *testing.B) {
	for name, write := range map[string]func(io.Writer) error{
		"video": func(w io.Writer) error { return traffic.Video(w, 5*time.Second) },
		"storm": func(w io.Writer) error { return traffic.Storm(w, 10_000) },
	} {
		path := filepath.Join(b.TempDir(), name+".pcap")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if err := write(f); err != nil {
			b.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				if status, _, complaint := spanaudit("audit", "--quiet", "--fail-on", "none", "--format", "json", path); status != statusDone {
					b.Fatal(complaint)
				}
			}
		})
	}
}
