package rules

import (
	"strings"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

// longSite shows every device of the policy, and a handshake with the endpoint.
func longSite(hours ...flow.Time) []*classify.Record {
	w := &wire{}
	list := []*classify.Record{
		w.tls(panorama+":50000", "198.51.100.11:443", classify.TLS{ServerName: "logs.us-east-1.amazonaws.com"}),
		w.rtsp(panorama+":50001", cam1+":554", classify.RTSP{}), w.rtsp(panorama+":50002", cam2+":554", classify.RTSP{}),
		w.dns(panorama+":50003", dns1+":53", true), w.ntp(panorama+":50004", ntp1+":123"), w.tcp(panorama+":50005", router+":80"),
	}
	for _, h := range hours {
		r := w.ntp(panorama+":50004", ntp1+":123")
		r.Start, r.End = h*3600*second/10, h*3600*second/10+second
		list = append(list, r)
	}
	return list
}

func TestCapturePeriod(t *testing.T) {
	asks := strings.Replace(declared, "layer2: true", "layer2: true, min_duration: 2h", 1)
	for name, c := range map[string]struct {
		policy  string
		records []*classify.Record
		loss    Loss
		verdict Verdict
		says    string
	}{
		"all there":              {asks, longSite(5, 10, 15, 21), Loss{}, Pass, ""},
		"too short":              {asks, longSite(5), Loss{}, Fail, "2h0m0s is wanted"},
		"silent":                 {asks, longSite(5, 21), Loss{}, Fail, "silent for an hour or more 1 times, first from 1970-01-01 00:31:00 on"},
		"clock that runs back":   {asks, longSite(5, 10, 15, 21), Loss{CaptureLoss: CaptureLoss{Late: 3}}, Fail, "its clock runs back (3 packets)"},
		"a device is missing":    {asks, longSite(5, 10, 15, 21)[1:5], Loss{}, Fail, "declared devices were not seen: router"},
		"a handshake is missing": {asks, longSite(5, 10, 15, 21)[1:], Loss{}, Fail, "required endpoints: logs"},
		"no duration is wanted":  {declared, longSite()[1:], Loss{}, Indeterminate, "required endpoints: logs"},
		"no vantage":             {strings.Replace(declared, "vantage: inside-nat, ", "", 1), longSite(), Loss{}, Indeterminate, "capture.vantage"},
		"nothing":                {asks, nil, Loss{}, NotObserved, "nothing was captured"},
	} {
		a := NewAudit(parse(t, c.policy))
		for _, r := range c.records {
			a.Ended(r)
		}
		r := a.Finish(c.loss)
		q := requirement(t, r, "capture-period")
		said := q.Reason
		for _, f := range findings(r, "capture-period") {
			said += f.Message
		}
		if q.Verdict != c.verdict || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s (%s); %s is wanted", name, q.Verdict, said, c.verdict)
		}
	}
}

// Flows end in another order than they begin, and a hostile clock may stand
// anywhere: neither makes silence or takes much memory.
func TestCapturePeriodKeepsABoundedCalendar(t *testing.T) {
	r := &capturePeriod{}
	minute := 60 * second
	r.mark(100*minute, 101*minute)
	r.mark(40*minute, 99*minute)
	r.mark(0, 39*minute)
	if n, _ := r.silences(); n != 0 {
		t.Errorf("%d silences", n)
	}
	r.mark(flow.Time(1<<62), flow.Time(1<<62))
	r.mark(-1<<62, 1<<62)
	if len(r.minutes) > maxMinutes/64+1 {
		t.Errorf("%d words", len(r.minutes))
	}
}
