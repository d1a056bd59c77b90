package panel

import (
	"encoding/hex"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"spanaudit/report"
	"spanaudit/rules"
)

// newRegistry returns the Panel's own: what other packages register by
// themselves is not in it.
func newRegistry(p *Panel) (*prometheus.Registry, error) {
	r := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		metrics{p, newDescriptions()},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// metrics serves the registry. Four can ask at a time.
func (p *Panel) metrics() http.Handler {
	return promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{ErrorLog: p.opt.Log, MaxRequestsInFlight: 4})
}

// metrics collects what the Panel was told last. The values of labels are from
// the rules' catalogue, from lists here, or from the configuration.
type metrics struct {
	panel *Panel
	descriptions
}

// descriptions are of each metric its name, what it means, and its labels.
type descriptions struct {
	build, up, ticked, since, packets, bytes, dropped, outages, blind, flows, budget,
	judged, limited, findings, waived, verdict, alerts, told, queue, lost, failing,
	policy, loaded, refused, record, committed, pages, cut *prometheus.Desc
}

func newDescriptions() descriptions {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("spanaudit_"+name, help, labels, nil)
	}
	return descriptions{
		build:     d("build_info", "Always 1; the labels say which program runs.", "version", "goversion"),
		up:        d("capture_up", "1 while the interface is up and read, else 0."),
		ticked:    d("tick_timestamp_seconds", "When the engine last said how things stand."),
		since:     d("capture_start_timestamp_seconds", "Since when the interface is watched."),
		packets:   d("packets_total", "Packets that were captured."),
		bytes:     d("bytes_total", "Bytes of the frames that were captured."),
		dropped:   d("dropped_packets_total", "Packets that were lost before they were read.", "where"),
		outages:   d("outages_total", "Times the interface was down."),
		blind:     d("blind_seconds_total", "How long nothing could be seen."),
		flows:     d("flows_open", "Flows that are open."),
		budget:    d("memory_budget_bytes", "Memory that may be used."),
		judged:    d("audit_flows", "Flows that the verdicts rest on."),
		limited:   d("audit_limited_flows", "Flows of which a part was not seen or not understood, by why.", "why"),
		findings:  d("findings", "Findings of the audit so far that no waiver excuses.", "rule", "severity"),
		waived:    d("findings_waived", "Findings of the audit so far that a waiver excuses.", "rule", "severity"),
		verdict:   d("requirement_verdict", "1 for the verdict on the rule so far, 0 for the others.", "rule", "verdict"),
		alerts:    d("alerts_total", "Alerts: new findings, and findings that became graver."),
		told:      d("alerts_told_total", "Alerts that a sink has told.", "sink"),
		queue:     d("alert_queue", "Alerts that wait to be told.", "sink"),
		lost:      d("alerts_dropped_total", "Alerts that a sink will never tell.", "sink"),
		failing:   d("alert_sink_failing", "1 while the last attempt of a sink failed, else 0.", "sink"),
		policy:    d("policy_info", "Always 1; the label is the policy in force.", "sha256"),
		loaded:    d("policy_loaded_timestamp_seconds", "When the policy came into force."),
		refused:   d("policy_reload_failed", "1 when the last policy was refused and the one before is in force, else 0."),
		record:    d("record_bytes", "Size of the record."),
		committed: d("record_commit_timestamp_seconds", "When the record was last written."),
		pages:     d("page_clients", "Pages that are open."),
		cut:       d("page_clients_cut_total", "Pages that were cut off because they were too slow."),
	}
}

// Describe is that of prometheus.Collector. It tells nothing: what is collected
// depends on what there is.
func (m metrics) Describe(chan<- *prometheus.Desc) {}

// Collect is that of prometheus.Collector.
func (m metrics) Collect(to chan<- prometheus.Metric) {
	p := m.panel
	p.mu.Lock()
	s, d, ticked, alerts, pages, cut := p.state, p.digest, p.ticked, p.told.total, len(p.clients), p.cut
	p.mu.Unlock()
	if s == nil {
		s = &State{}
	}
	gauge := func(of *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, v, labels...)
	}
	counter := func(of *prometheus.Desc, v uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(of, prometheus.CounterValue, float64(v), labels...)
	}
	when := func(of *prometheus.Desc, t time.Time) {
		if !t.IsZero() {
			gauge(of, float64(t.UnixMilli())/1000)
		}
	}
	gauge(m.build, 1, clip(p.tool.Version, 80), runtime.Version())
	gauge(m.up, one(s.Up))
	when(m.ticked, ticked)
	when(m.since, s.Since)
	counter(m.packets, s.Packets)
	counter(m.bytes, s.Bytes)
	counter(m.dropped, s.Dropped.Kernel, "kernel")
	counter(m.dropped, s.Dropped.Ring, "ring")
	counter(m.dropped, s.Dropped.Interface, "interface")
	counter(m.outages, s.Outages)
	to <- prometheus.MustNewConstMetric(m.blind, prometheus.CounterValue, s.Blind.Seconds())
	gauge(m.flows, float64(s.Flows))
	gauge(m.budget, float64(s.Budget))
	if s.Audit != nil {
		m.audit(s.Audit, d, gauge)
	}
	counter(m.alerts, alerts)
	for i, name := range sinkLabels(s) {
		k := &s.Sinks[i]
		counter(m.told, k.Told, name)
		gauge(m.queue, float64(k.Waiting), name)
		counter(m.lost, k.Dropped, name)
		gauge(m.failing, one(k.Failing), name)
	}
	if isSHA256(s.Policy.SHA256) {
		gauge(m.policy, 1, s.Policy.SHA256)
	}
	when(m.loaded, s.Policy.Loaded)
	gauge(m.refused, one(s.Policy.Error != ""))
	gauge(m.record, float64(s.Record.Bytes))
	when(m.committed, s.Record.Commit)
	gauge(m.pages, float64(pages))
	counter(m.cut, cut)
}

// audit tells the gauges of an audit: gauges, because an audit may begin anew.
func (m metrics) audit(a *report.Audit, d *digest, gauge func(*prometheus.Desc, float64, ...string)) {
	c := &a.Coverage
	gauge(m.judged, float64(c.Flows))
	for _, limit := range []struct {
		why string
		n   uint64
	}{
		{"one_sided", c.OneSided}, {"midstream", c.Midstream}, {"gapped", c.Gapped}, {"unknown", c.Unknown},
		{"evicted", c.Evicted}, {"starved", c.Starved}, {"clipped", c.Clipped}, {"panicked", c.Panics}, {"outside", c.Outside},
	} {
		gauge(m.limited, float64(limit.n), limit.why)
	}
	verdict := map[string]rules.Verdict{}
	for _, q := range a.Requirements {
		verdict[q.Rule] = q.Verdict
	}
	for _, doc := range rules.Catalogue() {
		for _, v := range verdicts() {
			if verdict[doc.ID] != "" {
				gauge(m.verdict, one(verdict[doc.ID] == v.verdict), doc.ID, string(v.verdict))
			}
		}
		for s := rules.Info; s <= rules.Critical; s++ {
			by := ofRule{doc.ID, s}
			// Zero is told where findings are most likely, so that they can be told to increase.
			if s == doc.Severity || d.findings[by] > 0 {
				gauge(m.findings, float64(d.findings[by]), doc.ID, s.String())
			}
			if s == doc.Severity || d.excused[by] > 0 {
				gauge(m.waived, float64(d.excused[by]), doc.ID, s.String())
			}
		}
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// sinkLabels names the sinks that are shown, each by another name.
func sinkLabels(s *State) []string {
	var names []string
	for _, k := range s.sinks() {
		name := clip(k.Name, 64)
		for n := 2; slices.Contains(names, name); n++ {
			name = clip(k.Name, 64) + " (" + strconv.Itoa(n) + ")"
		}
		names = append(names, name)
	}
	return names
}

func isSHA256(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == 32
}
