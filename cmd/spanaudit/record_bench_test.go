package main

import (
	"context"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"spanaudit/capture"
	"spanaudit/classify"
	"spanaudit/fixtures/bench/traffic"
	"spanaudit/flow"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// everySecond commits a record.Writer once a second of the packets' clock, and
// keeps how long each commit takes.
type everySecond struct {
	*record.Writer
	b     *testing.B
	next  flow.Time
	takes []time.Duration
}

func (e *everySecond) commit(at flow.Time) {
	if at < e.next {
		return
	}
	e.next = at + flow.Time(time.Second)
	start := time.Now()
	if err := e.Commit(context.Background(), at); err != nil {
		e.b.Fatal(err)
	}
	e.takes = append(e.takes, time.Since(start))
}

func (e *everySecond) Learned(client netip.Addr, at flow.Frame, l classify.Learned) {
	e.Writer.Learned(client, at, l)
	e.commit(at.Time)
}

func (e *everySecond) Ended(r *classify.Record) {
	e.Writer.Ended(r)
	e.commit(r.End)
}

// deaf hears nothing.
type deaf struct{}

func (deaf) Learned(netip.Addr, flow.Frame, classify.Learned) {}
func (deaf) ARP(flow.ARP)                                     {}
func (deaf) Known(*classify.Record, flow.Frame)               {}
func (deaf) Session(*classify.TLS, flow.Time, flow.Frame)     {}
func (deaf) Ended(*classify.Record)                           {}

// BenchmarkRecord writes and reads the record of a storm of short flows, most of
// them TLS handshakes: SPANAUDIT_STORM names a capture of one, else a small one is
// made. Of replay and write, times are those of the processor.
func BenchmarkRecord(b *testing.B) {
	path := os.Getenv("SPANAUDIT_STORM")
	if path == "" {
		path = filepath.Join(b.TempDir(), "storm.pcap")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := traffic.Storm(f, 10_000); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	policy, _ := rules.Builtin("edge-camera")
	file := filepath.Join(b.TempDir(), "record.db")
	flows, takes := storm(b, policy, path, file)
	slices.Sort(takes)
	store, err := record.OpenReadOnly(file)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	size, err := store.Size(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d flows, %d bytes: %.1f a flow; %d commits, median %v, 99 %% %v, longest %v",
		flows, size, float64(size)/float64(flows), len(takes), takes[len(takes)/2], takes[len(takes)*99/100], takes[len(takes)-1])

	replay := func(b *testing.B, into rules.Witness) {
		if _, err := store.Replay(b.Context(), math.MinInt64, math.MaxInt64, into); err != nil {
			b.Fatal(err)
		}
	}
	perFlow := func(b *testing.B, do func()) {
		start, n := processor(), 0
		for b.Loop() {
			do()
			n++
		}
		b.ReportMetric(float64(processor()-start)/float64(n)/float64(flows), "ns/flow")
	}
	b.Run("replay", func(b *testing.B) { perFlow(b, func() { replay(b, deaf{}) }) })
	b.Run("replay and audit", func(b *testing.B) { perFlow(b, func() { replay(b, rules.NewAudit(policy)) }) })
	b.Run("replay and write", func(b *testing.B) {
		perFlow(b, func() {
			again, w := beginRecord(b, policy, filepath.Join(b.TempDir(), time.Now().String()))
			replay(b, w)
			if err := w.Close(b.Context(), w.next); err != nil {
				b.Fatal(err)
			}
			again.Close()
		})
	})
}

func processor() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func beginRecord(b *testing.B, policy *rules.Policy, file string) (*record.Store, *everySecond) {
	store, err := record.Open(file, record.Options{})
	if err != nil {
		b.Fatal(err)
	}
	w, err := store.Begin(b.Context(), record.Run{Inputs: []string{"storm"}})
	if err != nil {
		b.Fatal(err)
	}
	w.Policy(0, policy)
	return store, &everySecond{Writer: w, b: b}
}

// storm records a capture, and returns of how many flows and what commits took.
func storm(b *testing.B, policy *rules.Policy, path, file string) (flows uint64, takes []time.Duration) {
	store, w := beginRecord(b, policy, file)
	defer store.Close()
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r, err := runAudit(b.Context(), src, policy, auditOptions{Workers: 1, Witness: w})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Close(b.Context(), w.next); err != nil {
		b.Fatal(err)
	}
	return r.Coverage.Flows, w.takes
}
