package rules

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// waived is a policy with one waiver of these keys, above all site's.
func waived(t *testing.T, waivers ...string) *Policy {
	t.Helper()
	text := site + "waivers:\n"
	for _, w := range waivers {
		text += "  - { " + w + ", reason: accepted until the firmware is mended, owner: a@example.com, approved_by: b@example.com, ticket: T-1, created: 2026-11-01, expires: 2026-11-30 }\n"
	}
	return parse(t, text)
}

// at is a time of the packets' clock.
func at(text string) flow.Time {
	day, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return flow.Time(day.UnixNano())
}

// when moves a record to a time.
func when(r *classify.Record, text string) *classify.Record {
	length := r.End - r.Start
	r.Start = at(text)
	r.End = r.Start + length
	return r
}

func TestWaivedViolationStaysVisible(t *testing.T) {
	w := &wire{}
	old := func(server string) *classify.Record {
		r := w.tls("10.20.0.10:40000", server, classify.TLS{Version: classify.TLS10, CipherSuite: 0xc013})
		return when(r, "2026-11-20 10:00:00")
	}
	p := waived(t, `id: W-1, rule: tls-version, match: { device: panorama-1, peer: "203.0.113.7/32" }`)
	r := judge(p, old("203.0.113.7:443"), old("203.0.113.8:443"))

	found := findings(r, "tls-version")
	if len(found) != 2 || found[0].Waiver == nil || found[0].Waiver.ID != "W-1" || found[0].Severity != High || found[0].Verdict != Fail {
		t.Fatalf("the waived finding: %+v", found)
	}
	if found[1].Waiver != nil {
		t.Error("another peer is waived, too")
	}
	q := requirement(t, r, "tls-version")
	if q.Verdict != Fail || q.Waived != 1 || q.Excused || !strings.Contains(q.Reason, "1 of its 2 findings waived") {
		t.Errorf("requirement %+v", q)
	}
	if u := r.Waivers[0]; u.Excused != 1 || u.Again != 0 || len(u.Remarks) != 0 {
		t.Errorf("use %+v", u)
	}

	r = judge(p, old("203.0.113.7:443"))
	if q := requirement(t, r, "tls-version"); q.Verdict != Fail || !q.Excused || q.Reason != "all its findings are waived" {
		t.Errorf("requirement %+v", q)
	}
	if s := r.Statements[2]; s.Verdict != Fail || !strings.Contains(s.Reason, "tls-version fail (waived)") {
		t.Errorf("S3: %s (%s)", s.Verdict, s.Reason)
	}
}

func TestWaiverMatches(t *testing.T) {
	p := waived(t, `id: W, rule: tls-version, match: { device: panorama-1 }`) // for its endpoints
	finding := func(device, name string, peers ...string) *Finding {
		f := &Finding{Rule: "tls-version", Device: Host{ID: device}, Peer: Peer{Name: name}}
		for _, a := range peers {
			f.with(netip.MustParseAddr(a))
		}
		return f
	}
	many := finding("panorama-1", "many.example")
	for i := range maxFindingPeers + 1 {
		many.with(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}))
	}
	net := netip.MustParsePrefix("203.0.113.0/24")
	for _, c := range []struct {
		name   string
		waiver Waiver
		f      *Finding
		want   bool
	}{
		{"another rule", Waiver{Rule: "tls-broken-cipher", Device: "panorama-1"}, finding("panorama-1", "", "203.0.113.7"), false},
		{"its device", Waiver{Rule: "tls-version", Device: "panorama-1"}, finding("panorama-1", "", "203.0.113.7"), true},
		{"another device", Waiver{Rule: "tls-version", Device: "cam-01"}, finding("panorama-1", "", "203.0.113.7"), false},
		{"a host that is not declared", Waiver{Rule: "tls-version", Device: "cam-01"}, finding("", "", "203.0.113.7"), false},
		{"its device as the peer", Waiver{Rule: "tls-version", Device: "cam-01"}, finding("panorama-1", "", "10.20.0.21"), true},
		{"its device among other peers", Waiver{Rule: "tls-version", Device: "cam-01"}, finding("panorama-1", "x", "10.20.0.21", "10.20.0.22"), false},
		{"its peer", Waiver{Rule: "tls-version", Peer: net}, finding("x", "", "203.0.113.7"), true},
		{"its peer, mapped", Waiver{Rule: "tls-version", Peer: net}, finding("x", "", "::ffff:203.0.113.7"), true},
		{"another peer", Waiver{Rule: "tls-version", Peer: net}, finding("x", "", "198.51.100.7"), false},
		{"a name at its peer and another", Waiver{Rule: "tls-version", Peer: net}, finding("x", "a.example", "203.0.113.7", "198.51.100.7"), false},
		{"a name at more peers than are kept", Waiver{Rule: "tls-version", Peer: net}, many, false},
		{"no peer", Waiver{Rule: "tls-version", Peer: net}, finding("x", ""), false},
		{"device and another peer", Waiver{Rule: "tls-version", Device: "panorama-1", Peer: net}, finding("panorama-1", "", "198.51.100.7"), false},
		{"its endpoint", Waiver{Rule: "tls-version", Endpoint: "logs"}, finding("x", "logs.us-east-1.amazonaws.com", "198.51.100.7"), true},
		{"another endpoint", Waiver{Rule: "tls-version", Endpoint: "logs"}, finding("x", "monitoring.us-east-1.amazonaws.com", "198.51.100.7"), false},
		{"no endpoint", Waiver{Rule: "tls-version", Endpoint: "logs"}, finding("x", "", "198.51.100.7"), false},
	} {
		if got := c.waiver.matches(c.f, p); got != c.want {
			t.Errorf("%s: matches %v, want %v", c.name, got, c.want)
		}
	}
}

// The packets' clock decides, so that the report of a capture does not depend
// on when it is read.
func TestExpiredWaiverFailsAgain(t *testing.T) {
	for _, c := range []struct {
		seen   string
		excuse bool
		remark string
	}{
		{"2026-10-01 00:00:00", true, ""}, // it is made for what was found
		{"2026-11-30 23:59:58", true, ""},
		{"2026-12-01 00:00:00", false, "expired after 2026-11-30: what it excused fails again"},
	} {
		w := &wire{}
		r := when(w.tls("10.20.0.10:40000", "203.0.113.7:443", classify.TLS{Version: classify.TLS10, CipherSuite: 0xc013}), c.seen)
		report := judge(waived(t, `id: W-1, rule: tls-version, match: { device: panorama-1 }`), r)
		f := findings(report, "tls-version")[0]
		if (f.Waiver != nil) != c.excuse {
			t.Errorf("%s: waiver %v", c.seen, f.Waiver)
		}
		u := report.Waivers[0]
		if remarks := strings.Join(u.Remarks, "; "); !strings.HasPrefix(remarks, c.remark) || c.remark == "" && remarks != "" {
			t.Errorf("%s: remarks %q", c.seen, remarks)
		}
		if q := requirement(t, report, "tls-version"); q.Excused != c.excuse || q.Verdict != Fail {
			t.Errorf("%s: requirement %+v", c.seen, q)
		}
	}
}

func TestWaiversThatNobodyNeedsOrThatExcuseTooMuchAreNamed(t *testing.T) {
	w := &wire{}
	var records []*classify.Record
	for i := range maxExcused + 1 {
		server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i + 1)}), 443)
		r := w.tls("10.20.0.10:40000", server.String(), classify.TLS{Version: classify.TLS10, CipherSuite: 0xc013, ServerName: "logs.us-east-1.amazonaws.com"})
		records = append(records, when(r, "2026-11-20 10:00:00"))
		r = w.tls("10.20.0.10:40000", server.String(), classify.TLS{Version: classify.TLS10, CipherSuite: 0xc013})
		records = append(records, when(r, "2026-11-20 10:00:01"))
	}
	r := judge(waived(t,
		`id: W-1, rule: tls-version, match: { endpoint: logs }`,
		`id: W-2, rule: tls-version, match: { device: panorama-1 }`,
		`id: W-3, rule: ntp-source, match: { device: panorama-1 }`,
		`id: W-4, rule: tls-version, match: { device: panorama-1, peer: "203.0.113.0/24" }`,
	), records...)
	for i, want := range [][]string{
		{"names neither device nor peer, and so excuses what any device does: narrow it"},
		{"excuses 11 findings, which is more than one risk: narrow it"},
		{"matches no finding: remove it, or mend its match"},
		{"excuses nothing that another does not: remove one"},
	} {
		if got := r.Waivers[i].Remarks; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", r.Waivers[i].ID, got, want)
		}
	}
}
