package rules

import (
	"strings"
	"testing"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestNTPSync(t *testing.T) {
	ntp := func(changes ...func(r *classify.Record)) func(*wire) []*classify.Record {
		return func(w *wire) (list []*classify.Record) {
			for _, change := range changes {
				r := w.ntp(cam1+":50000", ntp1+":123")
				change(r)
				list = append(list, r)
			}
			return list
		}
	}
	good := func(r *classify.Record) {}
	silent := func(r *classify.Record) {
		r.NTP.Responses, r.NTP.Strata, r.NTP.Modes, r.Server.Packets = 0, nil, []uint8{3}, 0
	}
	offset := func(d time.Duration) func(*classify.Record) {
		return func(r *classify.Record) { r.NTP.Paired, r.NTP.Offset = true, d }
	}
	at := func(hours flow.Time) func(*classify.Record) {
		return func(r *classify.Record) { r.Start, r.End = hours*3600*second, hours*3600*second+second }
	}
	fail := []string{"medium 10.20.0.21 10.30.0.5"}
	testVerdicts(t, parse(t, declared), "ntp-sync", []verdictCase{
		{"answered", ntp(good), Pass, nil},
		{"not answered", ntp(silent), Fail, fail},
		{"not answered at first", ntp(silent, good), Pass, nil},
		{"stratum 16", ntp(func(r *classify.Record) { r.NTP.Strata = []uint8{16} }), Fail, fail},
		{"kiss of death", ntp(func(r *classify.Record) { r.NTP.Strata, r.NTP.KissCodes = []uint8{0}, []string{"DENY"} }), Fail, fail},
		{"alarm", ntp(func(r *classify.Record) { r.NTP.LeapIndicator = 3 }), Fail, fail},
		{"small offset", ntp(offset(-900 * time.Millisecond)), Pass, nil},
		{"large offset", ntp(offset(-90 * time.Second)), Fail, fail},
		{"long gap", ntp(at(1), at(50)), Fail, fail},
		{"short gap", ntp(at(1), at(30), at(60)), Pass, nil},
		{"symmetric", ntp(func(r *classify.Record) { r.NTP.Modes, r.NTP.Responses = []uint8{1, 2}, 0 }), Pass, nil},
		{"a control query", ntp(func(r *classify.Record) { r.NTP.Modes, r.NTP.Strata = []uint8{6}, nil }), NotObserved, nil},
		{"asked from outside", one(func(w *wire) *classify.Record { return w.ntp(outside+":50000", ntp1+":123") }), NotObserved, nil},
		{"one direction", func(w *wire) []*classify.Record {
			return append(ntp(silent)(w), w.tcp(panorama+":50000", laptop+":443", ask, ask))
		}, Indeterminate, nil},
	})
	p := parse(t, strings.Replace(declared, "clock: { source: ntp, max_error: 100ms }", "expect_bidirectional: true", 1))
	testVerdicts(t, p, "ntp-sync", []verdictCase{{"large offset against a clock that nobody vouches for", ntp(offset(time.Hour)), Indeterminate, nil}})
}
