package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"

	"spanaudit/capture"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/alert"
	"spanaudit/report/panel"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// recorder writes the record of a watch: what an alert tells is in it before the
// alert is told. It commits in a goroutine of its own, so that the audit does not
// wait for the disk.
type recorder struct {
	store  *record.Store
	writer *record.Writer
	work   chan entry
	done   chan struct{}
	tell   func(alert.Alert)
	failed func(error) // of a commit; nil when one succeeds again
	path   string
	stands atomic.Pointer[panel.Record]
}

// maxOwed bounds the findings that wait for a record that cannot be written.
const maxOwed = 10_000

// entry is what is to be committed, and then told.
type entry struct {
	at      flow.Time
	alerts  []alert.Alert
	packets map[string][]capture.RawFrame // by the finding's id
}

// openRecord opens or makes the record and begins a run.
func openRecord(path string, opt record.Options, iface string, p *rules.Policy) (*recorder, error) {
	store, err := record.Open(path, opt)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	now := flow.Time(time.Now().UnixNano())
	w, err := store.Begin(context.Background(), record.Run{Inputs: []string{iface}, Started: now})
	if err != nil {
		return nil, fmt.Errorf("--record: %w", errors.Join(err, store.Close()))
	}
	w.Policy(now, p)
	return &recorder{store: store, writer: w, path: path, work: make(chan entry, 64), done: make(chan struct{})}, nil
}

// told returns what earlier runs told, and what they were to tell when they were
// killed.
func (r *recorder) told() (list []alert.Told, untold []report.Finding, err error) {
	findings, err := r.store.Findings(context.Background(), math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range findings {
		if f.Untold {
			var u report.Finding
			if err := json.Unmarshal(f.JSON, &u); err != nil {
				return nil, nil, fmt.Errorf("finding %s: %w", f.ID, err)
			}
			untold = append(untold, u)
			continue
		}
		list = append(list, alert.Told{ID: f.ID, Severity: f.Severity, Verdict: rules.Fail, Time: report.Instant(f.Told), Count: f.Count})
	}
	return list, untold, nil
}

// run commits what comes until there is no more.
func (r *recorder) run() {
	defer close(r.done)
	yield()
	var owed []record.Finding // that could not be written yet
	pruned := time.Now()
	for job := range r.work {
		for _, a := range job.alerts {
			if len(owed) < maxOwed {
				owed = append(owed, recordOf(a, job.packets[a.ID]))
			}
		}
		err := r.writer.Commit(context.Background(), job.at, owed...)
		if err == nil {
			owed = nil
		}
		if err == nil && time.Since(pruned) > time.Minute {
			var more bool
			if more, err = r.store.Prune(context.Background(), job.at); !more {
				pruned = time.Now()
			}
		}
		r.failed(err)
		r.note(err)
		for _, a := range job.alerts {
			r.tell(a) // an alarm is not kept back because the disk is full
		}
		if len(job.alerts) > 0 {
			r.writer.Told() // is committed with the next job, when it has left the sinks
		}
	}
}

// note notes how the record stands after a commit.
func (r *recorder) note(err error) {
	now := r.state()
	if now.Error = ""; err != nil {
		now.Error = err.Error()
	} else {
		now.Commit = time.Now()
	}
	now.Bytes = 0
	for _, file := range []string{r.path, r.path + "-wal"} {
		if info, err := os.Stat(file); err == nil {
			now.Bytes += info.Size()
		}
	}
	r.stands.Store(&now)
}

// state returns how the record stands; the nil recorder has none.
func (r *recorder) state() panel.Record {
	if r != nil {
		if stands := r.stands.Load(); stands != nil {
			return *stands
		}
	}
	return panel.Record{}
}

func recordOf(a alert.Alert, packets []capture.RawFrame) record.Finding {
	text, _ := json.Marshal(a.Finding) // which holds nothing that cannot be
	f := record.Finding{ID: a.ID, Rule: a.Rule, Severity: a.Severity, First: flow.Time(a.First), Last: flow.Time(a.Last), Count: a.Count, JSON: text}
	packets, _ = redact(packets)
	for _, p := range packets {
		f.Packets = append(f.Packets, record.Packet{Frame: p.Frame, Link: p.Link, Length: p.Length, Data: p.Data})
	}
	return f
}

// close commits the rest and ends the run.
func (r *recorder) close(at flow.Time) error {
	close(r.work)
	<-r.done
	return errors.Join(r.writer.Close(context.Background(), at), r.store.Close())
}
