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
	Anew    func() error                 // makes what Flows was given void; nil where src is not read with capture.Options.Once
	Stats   func(duplicates uint64)      // takes what the report leaves out; may be nil
	Frames  func(*capture.Batch)         // sees every batch as it is read; may be nil
	Watch   *watcher                     // is told of findings while flows go on; may be nil
	Rules   []rules.Rule                 // that judge beside the catalogue's
	Witness rules.Witness                // is told all that the audit is, before it; may be nil
}

// maxFlows bounds the flows that are held at once, by all workers together. What
// the memory of them is, a test in classify says.
const maxFlows = 1_020_000

// batches is how many batches are under way at once, so that reader, workers and
// judge seldom wait for one another although flows end in bursts.
const batches = 12

// runAudit reads src to its end, of an interface what comes until ctx is done, and
// judges it.
//
// The packets go in batches to all workers, each of which takes those whose
// flows are its own. What the workers find out is put back into the order of
// the packets before it is judged: the report does not depend on their number.
//
// Of files that turn out not to be in order all is done anew.
func runAudit(ctx context.Context, src *capture.Source, policy *rules.Policy, opt auditOptions) (*rules.Report, error) {
	r, err := readOnce(ctx, src, policy, opt)
	if errors.Is(err, capture.ErrDisorder) && opt.Anew != nil {
		src.Rewind()
		if err := opt.Anew(); err != nil {
			return nil, err
		}
		r, err = readOnce(ctx, src, policy, opt)
	}
	return r, err
}

func readOnce(ctx context.Context, src *capture.Source, policy *rules.Policy, opt auditOptions) (*rules.Report, error) {
	p := newPipeline(policy, opt)
	err := p.read(ctx, src)
	if errors.Is(err, capture.ErrDisorder) {
		p.close()
		return nil, err
	}
	p.finish()
	if err == nil {
		err = p.flowsErr
	}
	loss := p.loss(src)
	if opt.Watch != nil {
		opt.Watch.last(p.audit, p.tick*p.period, src.Stats(), loss)
	}
	return p.audit.Finish(loss), err
}

type pipeline struct {
	opt     auditOptions
	audit   *rules.Audit
	workers []*worker
	free    chan *batch
	judged  chan *batch
	done    sync.WaitGroup

	order    uint64    // packets dealt out so far
	period   flow.Time // between ticks
	tick     flow.Time // the last one dealt out, in periods since 1970
	heard    flow.Time // time of the last packet
	heardAt  time.Time // when it was read
	flowsErr error
}

// batch is a run of packets on its way through the workers to the judge.
type batch struct {
	capture.Batch
	first uint64 // order of Packets[0]
	owner []uint8
	ticks []tick
	flush uint64     // of the last batches: flows with orders below are over; else 0
	found []findings // by worker
	ready sync.WaitGroup

	captured capture.Stats // so far, where findings are told early
}

// tick tells the workers to end silent flows before the packet at index.
type tick struct {
	index int
	at    flow.Time
}

// findings are what one worker found out in a batch. The events are in order.
type findings struct {
	events  []event
	lessons []lesson

	table  flow.Stats // so far, where findings are told early
	panics uint64
}

// event is something that a worker found out, with its place in the order of
// the packets.
type event struct {
	order  uint64
	flow   uint64 // orders what several workers find out at one tick
	record *classify.Record
	tls    *classify.TLS // of a session
	lesson int32         // index
	kind   kind
}

type kind uint8

const (
	learned kind = iota
	known
	session
	early
	ended
)

// lesson is what the frame at taught: what a message of a client's flow said, or
// a session that began at start.
type lesson struct {
	learned classify.Learned
	client  netip.Addr
	start   flow.Time
	at      flow.Frame
}

// before reports whether e comes before o, which another worker found out.
func (e *event) before(o *event) bool {
	return e.order < o.order || e.order == o.order && e.flow < o.flow
}

func newPipeline(policy *rules.Policy, opt auditOptions) *pipeline {
	p := &pipeline{
		opt: opt, audit: rules.NewAudit(policy, opt.Rules...),
		free: make(chan *batch, batches), judged: make(chan *batch, batches), period: flow.Time(time.Second),
	}
	if opt.Watch != nil {
		opt.Watch.begin(p.audit)
		p.period /= 2 // a flow is told of when it is a second old
	}
	for range max(opt.Workers, 1) {
		w := &worker{id: uint8(len(p.workers)), in: make(chan *batch, batches), watched: opt.Watch != nil}
		w.analyzer = classify.NewAnalyzer(w)
		w.table = flow.NewTable(flow.Config{MaxFlows: maxFlows / max(opt.Workers, 1)}, w.analyzer)
		p.workers = append(p.workers, w)
		p.done.Go(w.run)
	}
	for range batches {
		p.free <- &batch{found: make([]findings, len(p.workers))}
	}
	p.done.Go(p.judge)
	return p
}

// read deals the packets of src out to the workers.
func (p *pipeline) read(ctx context.Context, src *capture.Source) error {
	patience := time.NewTicker(10 * time.Millisecond)
	defer patience.Stop()
	for {
		if ctx.Err() != nil {
			src.Finish()
		}
		b := p.spare(src, patience.C)
		err := src.Read(&b.Batch)
		if errors.Is(err, io.EOF) {
			p.free <- b
			return nil
		}
		if p.opt.Frames != nil {
			p.opt.Frames(&b.Batch)
		}
		if p.opt.Watch != nil {
			b.captured = src.Stats()
		}
		p.deal(b, time.Now()) // what came before an error, too
		if err != nil {
			return err
		}
	}
}

// spare waits for a batch that is not under way, and has src make room whenever it
// loses patience.
func (p *pipeline) spare(src *capture.Source, patience <-chan time.Time) *batch {
	for {
		select {
		case b := <-p.free:
			return b
		case <-patience:
			src.Relieve()
		}
	}
}

// deal deals a batch out that was read at now on the clock of the wall.
func (p *pipeline) deal(b *batch, now time.Time) {
	b.first, b.owner, b.ticks = p.order, b.owner[:0], b.ticks[:0]
	if p.opt.Watch != nil {
		p.setBack(now)
	}
	for i := range b.Packets {
		packet := &b.Packets[i]
		b.owner = append(b.owner, packet.Worker(len(p.workers)))
		if n := packet.Frame.Time / p.period; n > p.tick {
			p.tick = n
			b.ticks = append(b.ticks, tick{i, n * p.period})
		}
	}
	if p.opt.Watch != nil {
		p.idle(b, now)
	}
	p.order += uint64(len(b.Packets))
	p.send(b)
}

// setBack has the packets' clock follow that of the wall when this was set back: no
// packet of an interface is of a time to come. What was under way before is ended by
// the next tick (flow.Table.Advance).
func (p *pipeline) setBack(now time.Time) {
	at := flow.Time(now.UnixNano())
	if p.tick*p.period <= at.Add(time.Second) {
		return
	}
	p.tick = at/p.period - 1
	if p.heard != 0 {
		p.heard, p.heardAt = at, now
	}
}

// unread is for how long a packet of an interface may wait to be read: longer than
// either way to capture holds one back (capture.OpenLive).
const unread = 150 * time.Millisecond

// idle lets the packets' clock go on with that of the wall while none come, as far
// as all have been read.
func (p *pipeline) idle(b *batch, now time.Time) {
	if n := len(b.Packets); n > 0 {
		p.heard, p.heardAt = b.Packets[n-1].Frame.Time, now
		return
	}
	at := p.heard.Add(now.Sub(p.heardAt) - unread)
	if n := at / p.period; p.heard != 0 && n > p.tick {
		p.tick = n
		b.ticks = append(b.ticks, tick{0, n * p.period})
	}
}

func (p *pipeline) send(b *batch) {
	b.ready.Add(len(p.workers))
	for _, w := range p.workers {
		w.in <- b
	}
	p.judged <- b
}

// flushes is in how many parts the flows that are left at the end are judged, so
// that those judged are gone before the next are handed over.
const flushes = 64

// finish ends all flows and waits until the last of them is judged.
func (p *pipeline) finish() {
	for i := range uint64(flushes) {
		b := <-p.free
		b.Batch, b.owner, b.ticks = capture.Batch{}, b.owner[:0], b.ticks[:0]
		if b.flush = p.order / flushes * (i + 1); i == flushes-1 {
			b.flush = math.MaxUint64
		}
		p.send(b)
	}
	p.close()
}

// close waits until what was dealt out is judged.
func (p *pipeline) close() {
	for _, w := range p.workers {
		close(w.in)
	}
	close(p.judged)
	p.done.Wait()
}

// judge hands what the workers found out to the audit, in the order of the
// packets.
func (p *pipeline) judge() {
	next := make([]int, len(p.workers)) // by worker, the event that is due
	for b := range p.judged {
		b.ready.Wait()
		clear(next)
		claims, looks := 0, 0
		for w := b.due(next); w >= 0; w = b.due(next) {
			found := &b.found[w]
			e := &found.events[next[w]]
			looks = p.look(b, looks, e.order)
			claims = p.claim(b, claims, e.order)
			p.apply(e, found.lessons)
			next[w]++
		}
		p.claim(b, claims, math.MaxUint64)
		p.look(b, looks, math.MaxUint64)
		p.free <- b
	}
}

// claim hands the ARP claims of the batch on, from the first of them, that came
// before the place in the order; it returns the first that did not.
func (p *pipeline) claim(b *batch, first int, before uint64) int {
	for first < len(b.ARPs) && 2*(b.first+uint64(b.ARPsAt[first])) <= before {
		p.each(func(a rules.Witness) { a.ARP(b.ARPs[first]) })
		first++
	}
	return first
}

// look has the watcher look at the ticks of the batch, from the first of them,
// whose place is before that in the order; it returns the first that is not.
func (p *pipeline) look(b *batch, first int, before uint64) int {
	for p.opt.Watch != nil && first < len(b.ticks) && 2*(b.first+uint64(b.ticks[first].index)) < before {
		p.opt.Watch.look(p, b.ticks[first].at, b)
		first++
	}
	return first
}

// due returns the worker whose next event comes first; -1 if there is none.
func (b *batch) due(next []int) int {
	first := -1
	for w := range b.found {
		if next[w] < len(b.found[w].events) && (first < 0 || b.found[w].events[next[w]].before(&b.found[first].events[next[first]])) {
			first = w
		}
	}
	return first
}

// each calls do with the witness, with the audit and, where findings are told
// early, with that which finds them.
func (p *pipeline) each(do func(rules.Witness)) {
	if p.opt.Witness != nil {
		do(p.opt.Witness)
	}
	do(p.audit)
	if p.opt.Watch != nil {
		do(p.opt.Watch.early)
	}
}

func (p *pipeline) apply(e *event, lessons []lesson) {
	switch e.kind {
	case learned:
		l := &lessons[e.lesson]
		p.each(func(a rules.Witness) { a.Learned(l.client, l.at, l.learned) })
	case known:
		p.each(func(a rules.Witness) { a.Known(e.record, lessons[e.lesson].at) })
	case session:
		l := &lessons[e.lesson]
		p.each(func(a rules.Witness) { a.Session(e.tls, l.start, l.at) })
	case early:
		if w := p.opt.Watch.record; w != nil {
			w.Early(e.record) // before the audit, which completes it
		}
		p.opt.Watch.early.Ended(e.record)
	case ended:
		if p.opt.Witness != nil {
			p.opt.Witness.Ended(e.record)
		}
		p.audit.Ended(e.record)
		if p.opt.Watch != nil && e.record.New {
			p.opt.Watch.early.Ended(e.record)
		}
		if p.opt.Flows != nil && p.flowsErr == nil {
			p.flowsErr = p.opt.Flows(e.record)
		}
	}
}

// loss collects what was given up on the way.
func (p *pipeline) loss(src *capture.Source) rules.Loss {
	l := p.captureLoss(src.Stats())
	for _, in := range src.Inputs() {
		if in.Err != nil {
			l.Broken++
		}
	}
	var duplicates uint64
	for _, w := range p.workers {
		t := w.table.Stats()
		duplicates += t.Duplicates
		add(&l, t, w.analyzer.Panics())
	}
	if p.opt.Stats != nil {
		p.opt.Stats(duplicates)
	}
	return l
}

// lossBy is loss as of a batch that was judged.
func (p *pipeline) lossBy(b *batch) rules.Loss {
	l := p.captureLoss(b.captured)
	for i := range b.found {
		add(&l, b.found[i].table, b.found[i].panics)
	}
	return l
}

// open counts the flows that were under way when the batch was through.
func (b *batch) open() (n int) {
	for i := range b.found {
		n += b.found[i].table.Open
	}
	return n
}

func (p *pipeline) captureLoss(s capture.Stats) rules.Loss {
	return rules.Loss{CaptureLoss: rules.CaptureLoss{
		Dropped: s.Dropped, Counted: s.Received > 0, Undecoded: s.Undecoded, FragmentsGivenUp: s.FragmentsLost,
		Late: s.Late, Filter: p.opt.Filter, Filtered: s.Filtered,
		Outages: s.Outages, Blind: s.Blind, Watched: s.Watched,
	}}
}

// add adds what a worker gave up.
func add(l *rules.Loss, t flow.Stats, panics uint64) {
	l.Evicted += t.Evicted
	l.Starved += t.Starved
	l.Panics += panics
}

// worker follows the flows that are its own. It is the sink of its analyzer.
type worker struct {
	id       uint8
	in       chan *batch
	table    *flow.Table
	analyzer *classify.Analyzer
	watched  bool      // flows that go on are told of
	ticked   flow.Time // the last tick
	order    uint64
	found    *findings
}

func (w *worker) run() {
	for b := range w.in {
		w.found = &b.found[w.id]
		w.reuse()
		w.take(b)
		if w.watched {
			w.found.table, w.found.panics = w.table.Stats(), w.analyzer.Panics()
		}
		b.ready.Done()
	}
}

// reuse takes the records back that the batch brought to the judge before.
func (w *worker) reuse() {
	for i := range w.found.events {
		if e := &w.found.events[i]; e.kind == ended || e.kind == early {
			if f := w.analyzer.Reuse(e.record); f != nil {
				w.table.Reuse(f)
			}
		}
	}
	clear(w.found.events) // what they told need not live on
	clear(w.found.lessons)
	w.found.events, w.found.lessons = w.found.events[:0], w.found.lessons[:0]
}

func (w *worker) take(b *batch) {
	ticks := b.ticks
	for i := range max(len(b.Packets), len(ticks)) { // a batch without packets has one tick at most
		// A tick comes before its packet, and so do the flows that it ends.
		w.order = 2 * (b.first + uint64(i))
		if len(ticks) > 0 && ticks[0].index == i {
			w.sorted(func() {
				if at := ticks[0].at; at%flow.Time(time.Second) == 0 || at < w.ticked {
					w.table.Advance(at)
				}
				w.ticked = ticks[0].at
				if w.watched {
					w.analyzer.Early(w.table, ticks[0].at)
				}
			})
			ticks = ticks[1:]
		}
		if i < len(b.owner) && b.owner[i] == w.id {
			w.order++
			w.table.Add(&b.Packets[i], b.first+uint64(i))
		}
	}
	if b.flush > 0 {
		w.order = math.MaxUint64
		w.table.FlushBelow(b.flush)
	}
}

// sorted puts what do finds out, of many flows at one time, in their order.
func (w *worker) sorted(do func()) {
	n := len(w.found.events)
	do()
	found := w.found.events[n:]
	for i := range found {
		found[i].order = uint64(i) // what is of one flow stays in its order
	}
	slices.SortFunc(found, func(x, y event) int { return cmp.Or(cmp.Compare(x.flow, y.flow), cmp.Compare(x.order, y.order)) })
	for i := range found {
		found[i].order = w.order
	}
}

// told notes an event with what it teaches.
func (w *worker) told(e event, l lesson) {
	e.order, e.lesson = w.order, int32(len(w.found.lessons))
	w.found.events = append(w.found.events, e)
	w.found.lessons = append(w.found.lessons, l)
}

// Learned implements classify.Sink.
func (w *worker) Learned(f *flow.Flow, at flow.Frame, l classify.Learned) {
	w.told(event{flow: f.Order(), kind: learned}, lesson{learned: l, client: f.Client.Addr.Addr(), at: at})
}

// Known implements classify.Sink.
func (w *worker) Known(r *classify.Record, at flow.Frame) {
	w.told(event{flow: r.Order(), kind: known, record: r}, lesson{at: at})
}

// Session implements classify.Sink.
func (w *worker) Session(f *flow.Flow, at flow.Frame, t *classify.TLS) {
	w.told(event{flow: f.Order(), kind: session, tls: t}, lesson{start: f.Start, at: at})
}

// Early implements classify.Sink.
func (w *worker) Early(r *classify.Record) {
	w.found.events = append(w.found.events, event{order: w.order, flow: r.Order(), kind: early, record: r})
}

// Ended implements classify.Sink.
func (w *worker) Ended(r *classify.Record) {
	w.found.events = append(w.found.events, event{order: w.order, flow: r.Order(), kind: ended, record: r})
}
