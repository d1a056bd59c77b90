package alert

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"spanaudit/report"
)

func BenchmarkForms(b *testing.B) {
	a, cef := newAlert("f-1"), NewCEF("1.0.0")
	for name, form := range map[string]func(){
		"ndjson": func() { NDJSON(&a) },
		"text":   func() { Text(&a, report.Screen{}) },
		"syslog": func() { Syslog{Facility: 16, SDID: DefaultSDID, Max: 1400}.Message(&a) },
		"cef":    func() { cef.Line(&a) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				form()
			}
		})
	}
}

// BenchmarkTell is what telling costs the audit.
func BenchmarkTell(b *testing.B) {
	w := NewWriter(io.Discard, NDJSON, QueueOptions{Name: "-"})
	defer w.Close()
	a := newAlert("f-1")
	for b.Loop() {
		w.Tell(a)
	}
}

// BenchmarkLedger is of findings that are known, and what each keeps in memory
// while it has counts to tell.
func BenchmarkLedger(b *testing.B) {
	const known = 50_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := NewLedger(Origin{}, 0, 0)
	for count := range 2 {
		for i := range known {
			f := finding(fmt.Sprintf("f-%016x", i))
			f.Count += count
			l.Seen(f, at("2026-11-23T10:00:00Z"))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	f := finding("f-0000000000000000")
	for b.Loop() {
		f.Count++
		l.Seen(f, at("2026-11-23T10:00:00Z"))
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/known, "B/finding")
}
