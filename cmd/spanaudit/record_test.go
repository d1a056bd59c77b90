package main

import (
	"bytes"
	"context"
	"math"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/capture"
	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/report"
	"spanaudit/report/record"
	"spanaudit/rules"
)

// committing is a record.Writer that commits every few events.
type committing struct {
	*record.Writer
	t      *testing.T
	events int
}

func (c *committing) commit(at flow.Time) {
	if c.events++; c.events%50 == 0 {
		if err := c.Commit(context.Background(), at); err != nil {
			c.t.Error(err)
		}
	}
}

func (c *committing) Learned(client netip.Addr, at flow.Frame, l classify.Learned) {
	c.Writer.Learned(client, at, l)
	c.commit(at.Time)
}

func (c *committing) Ended(r *classify.Record) {
	c.Writer.Ended(r)
	c.commit(r.End)
}

// replaying is an audit that is told once more, with the flow records of it.
type replaying struct {
	*rules.Audit
	flows *report.FlowWriter
}

func (r replaying) Ended(f *classify.Record) {
	r.Audit.Ended(f)
	r.flows.Write(f)
}

// A report that is made from the record is that of the packets, byte for byte, and
// so are the flow records.
func TestReportOfTheRecordIsThatOfThePackets(t *testing.T) {
	var captures []string
	for _, pattern := range []string{"../../fixtures/*/*.pcapng", "../../../shared/captures/*.pcapng", corpus + "/captures/*", corpus + "/malformed/*"} {
		found, _ := filepath.Glob(pattern)
		if len(found) == 0 {
			t.Logf("without %s, which is not here", pattern)
		}
		captures = append(captures, found...)
	}
	for _, path := range captures {
		base := strings.TrimSuffix(path, ".pcapng")
		if strings.HasSuffix(path, ".jsonl") {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(base))+"/"+filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			file := "edge-camera"
			if strings.HasPrefix(path, "../../fixtures/") {
				file = policyFor(base)
			}
			policy, err := loadPolicy(world{stderr: &bytes.Buffer{}}, file)
			if err != nil {
				t.Fatal(err)
			}
			store, err := record.Open(filepath.Join(t.TempDir(), "record.db"), record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			want, wantFlows := recorded(t, store, policy, path)

			var gotFlows bytes.Buffer
			again := replaying{rules.NewAudit(policy), report.NewFlowWriter(&gotFlows, trust(policy))}
			span, err := store.Replay(t.Context(), math.MinInt64, math.MaxInt64, again)
			if err != nil || len(span.Blind) > 0 || span.Open > 0 {
				t.Fatalf("%v, %+v", err, span)
			}
			again.flows.Flush()
			if got := document(t, again.Finish(span.Loss)); got != want {
				t.Errorf("the report differs: %s", firstDifference(want, got))
			}
			if gotFlows.String() != wantFlows {
				t.Errorf("the flow records differ: %s", firstDifference(wantFlows, gotFlows.String()))
			}
		})
	}
}

func trust(p *rules.Policy) func(netip.Addr) rules.Trust {
	return func(a netip.Addr) rules.Trust { return p.ZoneOf(a).Trust }
}

func document(t *testing.T, r *rules.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.JSON(&b, report.New(tool(), nil, r)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// recorded audits a capture, has it recorded, and returns the report and the flow
// records.
func recorded(t *testing.T, store *record.Store, policy *rules.Policy, path string) (document_, flows string) {
	t.Helper()
	src, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	w, err := store.Begin(t.Context(), record.Run{Inputs: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	writer := report.NewFlowWriter(&out, trust(policy))
	p := newPipeline(policy, auditOptions{Workers: 2, Witness: &committing{Writer: w, t: t}, Flows: writer.Write})
	w.Policy(0, policy)
	p.read(t.Context(), src) // of a damaged file what there is
	p.finish()
	loss := p.loss(src)
	w.Count(0, record.Counters{Loss: loss})
	if err := w.Close(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	writer.Flush()
	return document(t, p.audit.Finish(loss)), out.String()
}
