package panel

import (
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"spanaudit/fixtures/hostile"
	"spanaudit/rules"
)

// scrape asks for the metrics as Prometheus does.
func scrape(t *testing.T, p *Panel) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	w := ask(p, "/metrics")
	families, err := parser.TextToMetricFamilies(strings.NewReader(w.Body.String()))
	if err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	return families
}

// value returns that of the metric with the labels, "name=value" each.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		var have []string
		for _, l := range m.Label {
			have = append(have, l.GetName()+"="+l.GetValue())
		}
		if strings.Join(have, ",") == strings.Join(labels, ",") {
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Errorf("no %s with %v", name, labels)
	return -1
}

func TestMetrics(t *testing.T) {
	p := newPanel(t, Options{})
	p.State(stateAt(audit(t, "site"), 2))
	p.Alert(alertOf(1))
	got := scrape(t, p)
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"spanaudit_packets_total", nil, 2000},
		{"spanaudit_bytes_total", nil, 1_800_000},
		{"spanaudit_dropped_packets_total", []string{"where=kernel"}, 2},
		{"spanaudit_dropped_packets_total", []string{"where=ring"}, 7},
		{"spanaudit_dropped_packets_total", []string{"where=interface"}, 0},
		{"spanaudit_flows_open", nil, 1312},
		{"spanaudit_blind_seconds_total", nil, 1.5},
		{"spanaudit_outages_total", nil, 1},
		{"spanaudit_capture_up", nil, 1},
		{"spanaudit_findings", []string{"rule=rtsp-boundary", "severity=critical"}, 1},
		{"spanaudit_findings", []string{"rule=tls-version", "severity=high"}, 1},
		{"spanaudit_findings", []string{"rule=device-address", "severity=medium"}, 0},
		{"spanaudit_findings_waived", []string{"rule=device-address", "severity=medium"}, 1},
		{"spanaudit_findings", []string{"rule=media-boundary", "severity=critical"}, 0},
		{"spanaudit_requirement_verdict", []string{"rule=tls-version", "verdict=fail"}, 1},
		{"spanaudit_requirement_verdict", []string{"rule=tls-version", "verdict=pass"}, 0},
		{"spanaudit_requirement_verdict", []string{"rule=media-boundary", "verdict=not_observed"}, 1},
		{"spanaudit_alerts_total", nil, 1},
		{"spanaudit_alert_queue", []string{"sink=syslog tls://siem.example.com:6514"}, 2},
		{"spanaudit_alert_sink_failing", []string{"sink=webhook"}, 1},
		{"spanaudit_audit_limited_flows", []string{"why=one_sided"}, 7},
		{"spanaudit_policy_info", []string{"sha256=" + sum}, 1},
		{"spanaudit_policy_loaded_timestamp_seconds", nil, float64(began.Unix())},
		{"spanaudit_policy_reload_failed", nil, 0},
		{"spanaudit_record_bytes", nil, 48_000_000},
		{"spanaudit_record_commit_timestamp_seconds", nil, float64(began.Unix() + 2)},
	} {
		if v := value(t, got, c.name, c.labels...); v != c.want {
			t.Errorf("%s%v is %v; %v is wanted", c.name, c.labels, v, c.want)
		}
	}
	for _, name := range []string{"spanaudit_build_info", "go_goroutines", "process_resident_memory_bytes", "process_open_fds"} {
		if len(got[name].GetMetric()) != 1 {
			t.Errorf("no %s", name)
		}
	}
}

// Names and help are as Prometheus wants them.
func TestMetricsAreLinted(t *testing.T) {
	for name, p := range map[string]*Panel{"of nothing": newPanel(t, Options{}), "of a site": newPanel(t, Options{})} {
		if name == "of a site" {
			p.State(stateAt(audit(t, "site"), 1))
		}
		problems, err := testutil.GatherAndLint(p.registry)
		if err != nil {
			t.Error(name, err)
		}
		for _, problem := range problems {
			t.Errorf("%s: %s: %s", name, problem.Metric, problem.Text)
		}
	}
}

// Labels are bounded and none comes from the wire.
func TestLabelsAreOurs(t *testing.T) {
	known := map[string]bool{}
	for _, doc := range rules.Catalogue() {
		known[doc.ID] = true
	}
	for _, text := range hostile.Texts() {
		p := tricky(t, text)
		for name, family := range scrape(t, p) {
			if n := len(family.Metric); n > 6*len(known) {
				t.Errorf("%s has %d series", name, n)
			}
			for _, m := range family.Metric {
				for _, l := range m.Label {
					if strings.HasPrefix(name, "spanaudit_") && l.GetName() == "rule" && !known[l.GetValue()] || l.GetName() == "sha256" {
						t.Errorf("%s has %s=%q", name, l.GetName(), l.GetValue())
					}
				}
			}
		}
		if problems, err := testutil.GatherAndLint(p.registry); err != nil || len(problems) > 0 {
			t.Errorf("%q: %v %v", text, err, problems)
		}
	}
}

// Sinks of one name are told apart, or nothing could be collected.
func TestSinksOfOneName(t *testing.T) {
	p := newPanel(t, Options{})
	s := stateAt(nil, 1)
	s.Sinks = []Sink{{Name: "a (2)"}, {Name: "a"}, {Name: "a", Waiting: 5}, {Name: ""}, {Name: ""}}
	for range 100 {
		s.Sinks = append(s.Sinks, Sink{Name: "b"})
	}
	p.State(s)
	got := scrape(t, p)
	if n := len(got["spanaudit_alert_queue"].GetMetric()); n != maxSinks {
		t.Errorf("%d series", n)
	}
	value(t, got, "spanaudit_alert_queue", "sink=a (3)")
}

func BenchmarkMetrics(b *testing.B) {
	p := newPanel(b, Options{})
	p.State(stateAt(audit(b, "site"), 1))
	for b.Loop() {
		io.Copy(io.Discard, ask(p, "/metrics").Body)
	}
}
