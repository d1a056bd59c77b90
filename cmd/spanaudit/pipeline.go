package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"spanaudit/capture"
	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

// auditOptions say how an audit is run.
type auditOptions struct {
	Workers int                          // goroutines that follow flows; at least 1
	Filter  string                       // the BPF filter in force, for the report
	Flows   func(*classify.Record) error // takes every flow that ended; may be nil
	Stats   func(duplicates uint64)      // takes what the report leaves out; may be nil
}

// batches is how many batches are under way at once: one being read, one with
// the workers, one being judged, and one to spare.
const batches = 4

// runAudit reads src to its end, or until ctx is done, and judges it.
//
// The packets go in batches to all workers, each of which takes those whose
// flows are its own. What the workers find out is put back into the order of
// the packets before it is judged: the report does not depend on their number.
func runAudit(ctx context.Context, src *capture.Source, policy *rules.Policy, opt auditOptions) (*rules.Report, error) {
	p := newPipeline(policy, opt)
	err := p.read(ctx, src)
	p.finish()
	if err == nil {
		err = p.flowsErr
	}
	return p.audit.Finish(p.loss(src)), err
}

type pipeline struct {
	opt     auditOptions
	audit   *rules.Audit
	workers []*worker
	free    chan *batch
	judged  chan *batch
	done    sync.WaitGroup

	order    uint64    // packets dealt out so far
	tick     flow.Time // the last one dealt out
	flowsErr error
}

// batch is a run of packets on its way through the workers to the judge.
type batch struct {
	capture.Batch
	first  uint64 // order of Packets[0]
	owner  []uint8
	ticks  []tick
	last   bool
	events [][]event // by worker
	ready  sync.WaitGroup
}

// tick tells the workers to end silent flows before the packet at index.
type tick struct {
	index int
	at    flow.Time
}

// event is something that a worker found out, with its place in the order of
// the packets.
type event struct {
	order   uint64
	flow    uint64 // orders what several workers find out at one tick
	kind    kind
	record  *classify.Record
	learned classify.Learned
	client  netip.Addr
	at      flow.Frame
}

type kind uint8

const (
	learned kind = iota
	known
	ended
)

func newPipeline(policy *rules.Policy, opt auditOptions) *pipeline {
	p := &pipeline{
		opt: opt, audit: rules.NewAudit(policy),
		free: make(chan *batch, batches), judged: make(chan *batch, batches),
	}
	for range max(opt.Workers, 1) {
		w := &worker{id: uint8(len(p.workers)), in: make(chan *batch, batches)}
		w.analyzer = classify.NewAnalyzer(w)
		w.table = flow.NewTable(flow.Config{}, w.analyzer)
		p.workers = append(p.workers, w)
		p.done.Go(w.run)
	}
	for range batches {
		p.free <- &batch{events: make([][]event, len(p.workers))}
	}
	p.done.Go(p.judge)
	return p
}

// read deals the packets of src out to the workers.
func (p *pipeline) read(ctx context.Context, src *capture.Source) error {
	for ctx.Err() == nil {
		b := <-p.free
		err := src.Read(&b.Batch)
		if errors.Is(err, io.EOF) {
			p.free <- b
			return nil
		}
		if err != nil {
			p.free <- b
			return err
		}
		p.deal(b)
	}
	return nil
}

func (p *pipeline) deal(b *batch) {
	b.first, b.owner, b.ticks = p.order, b.owner[:0], b.ticks[:0]
	for i := range b.Packets {
		packet := &b.Packets[i]
		b.owner = append(b.owner, uint8(packet.Hash()%uint32(len(p.workers))))
		if second := packet.Frame.Time / flow.Time(time.Second); second > p.tick {
			p.tick = second
			b.ticks = append(b.ticks, tick{i, second * flow.Time(time.Second)})
		}
	}
	p.order += uint64(len(b.Packets))
	p.send(b)
}

func (p *pipeline) send(b *batch) {
	b.ready.Add(len(p.workers))
	for _, w := range p.workers {
		w.in <- b
	}
	p.judged <- b
}

// finish ends all flows and waits until the last of them is judged.
func (p *pipeline) finish() {
	b := <-p.free
	b.Batch, b.last = capture.Batch{}, true
	b.owner, b.ticks = b.owner[:0], b.ticks[:0]
	p.send(b)
	for _, w := range p.workers {
		close(w.in)
	}
	close(p.judged)
	p.done.Wait()
}

// judge hands what the workers found out to the audit, in the order of the
// packets.
func (p *pipeline) judge() {
	var all []event
	for b := range p.judged {
		b.ready.Wait()
		all = all[:0]
		for _, events := range b.events {
			all = append(all, events...)
			clear(events) // the batch is used again; what it told need not live on
		}
		slices.SortStableFunc(all, func(x, y event) int {
			return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.flow, y.flow))
		})
		for _, claim := range b.ARPs {
			p.audit.ARP(claim)
		}
		for i := range all {
			p.apply(&all[i])
		}
		clear(all)
		p.free <- b
	}
}

func (p *pipeline) apply(e *event) {
	switch e.kind {
	case learned:
		p.audit.Learned(e.client, e.at, e.learned)
	case known:
		p.audit.Known(e.record)
	case ended:
		p.audit.Ended(e.record)
		if p.opt.Flows != nil && p.flowsErr == nil {
			p.flowsErr = p.opt.Flows(e.record)
		}
	}
}

// loss collects what was given up on the way.
func (p *pipeline) loss(src *capture.Source) rules.Loss {
	s := src.Stats()
	l := rules.Loss{CaptureLoss: rules.CaptureLoss{
		Dropped: s.Dropped, Counted: s.Received > 0, Undecoded: s.Undecoded, FragmentsGivenUp: s.FragmentsLost,
		Late: s.Late, Filter: p.opt.Filter, Filtered: s.Filtered,
	}}
	for _, in := range src.Inputs() {
		if in.Err != nil {
			l.Broken++
		}
	}
	var duplicates uint64
	for _, w := range p.workers {
		t := w.table.Stats()
		duplicates += t.Duplicates
		l.Evicted += t.Evicted
		l.Starved += t.Starved
		l.Panics += w.analyzer.Panics()
	}
	if p.opt.Stats != nil {
		p.opt.Stats(duplicates)
	}
	return l
}

// worker follows the flows that are its own. It is the sink of its analyzer.
type worker struct {
	id       uint8
	in       chan *batch
	table    *flow.Table
	analyzer *classify.Analyzer
	order    uint64
	events   []event
}

func (w *worker) run() {
	for b := range w.in {
		w.events = b.events[w.id][:0]
		w.take(b)
		b.events[w.id] = w.events
		b.ready.Done()
	}
}

func (w *worker) take(b *batch) {
	ticks := b.ticks
	for i := range b.Packets {
		// A tick comes before its packet, and so do the flows that it ends.
		w.order = 2 * (b.first + uint64(i))
		if len(ticks) > 0 && ticks[0].index == i {
			w.table.Advance(ticks[0].at)
			ticks = ticks[1:]
		}
		if b.owner[i] == w.id {
			w.order++
			w.table.Add(&b.Packets[i], b.first+uint64(i))
		}
	}
	if b.last {
		w.order = math.MaxUint64
		w.table.Flush()
	}
}

// Learned implements classify.Sink.
func (w *worker) Learned(f *flow.Flow, at flow.Frame, l classify.Learned) {
	w.events = append(w.events, event{order: w.order, flow: f.Order(), kind: learned, client: f.Client.Addr.Addr(), at: at, learned: l})
}

// Known implements classify.Sink.
func (w *worker) Known(r *classify.Record) {
	w.events = append(w.events, event{order: w.order, flow: r.Order(), kind: known, record: r})
}

// Ended implements classify.Sink.
func (w *worker) Ended(r *classify.Record) {
	w.events = append(w.events, event{order: w.order, flow: r.Order(), kind: ended, record: r})
}
