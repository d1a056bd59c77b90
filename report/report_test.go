package report

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
	"spanaudit/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what was written with testdata/<name>.golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and look at the difference\n%s", path, got)
	}
}

func at(s string) flow.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return flow.Time(t.UnixNano())
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

var appliance = rules.Host{ID: "panorama-1", IP: addr("10.20.0.10"), MAC: "02:00:5e:00:53:10", Role: "appliance"}

var waiverOfSite = rules.Waiver{
	ID: "W-7", Rule: "device-address", Reason: "replacement ordered", Owner: "cctv@example.com", ApprovedBy: "ciso@example.com", Ticket: "SEC-1",
	Created: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
}

// siteAudit is an audit with something of everything.
func siteAudit() *Audit { return newAudit(siteReport()) }

func newAudit(r *rules.Report) *Audit {
	a := New(Tool{"spanaudit", "1.0.0"}, []Input{
		{Name: "site.pcapng", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Packets: 810},
		{Name: "broken.pcap", Packets: 12, Error: "record 13 is cut off"},
	}, r)
	a.Reported = Instant(at("2026-11-24T08:00:00Z"))
	return a
}

func siteReport() *rules.Report {
	return &rules.Report{
		Policy: &rules.Policy{
			Name: "fixtures-site", Version: "1", Extends: []rules.Base{{Name: "aws-panorama", Version: "1"}},
			Metadata: rules.Metadata{Owner: "netsec@example.com", ApprovedBy: "ciso@example.com", ApprovedOn: "2026-11-20"},
			Capture:  rules.CapturePolicy{Vantage: "inside-nat"},
			Zones: []rules.ZonePrefix{
				{Prefix: netip.MustParsePrefix("10.20.0.0/24"), Zone: rules.Zone{Name: "plant", Trust: rules.Local}},
				{Prefix: netip.MustParsePrefix("fd00:20::/64"), Zone: rules.Zone{Name: "plant", Trust: rules.Local}},
			},
			Devices: []*rules.Device{{ID: "panorama-1", Role: rules.RoleAppliance, Zone: "plant"}, {ID: "cam-01", Role: rules.RoleCamera}},
		},
		Start: at("2026-11-23T10:00:00.5Z"), End: at("2026-11-23T10:12:31Z"),
		Requirements: []rules.Requirement{
			{Rule: "tls-version", Title: "Negotiated protocol version below minimum", Severity: rules.High, Verdict: rules.Fail, Examined: 1204, Failed: 1, Undecided: 2},
			{Rule: "tls-forward-secrecy-offered", Severity: rules.High, Verdict: rules.Pass, Examined: 14},
			{Rule: "rtsp-boundary", Severity: rules.Critical, Verdict: rules.Fail, Examined: 9, Failed: 4},
			{Rule: "media-boundary", Severity: rules.Critical, Verdict: rules.NotObserved, Reason: "no RTP or RTCP was seen"},
			{Rule: "ntp-source", Severity: rules.Medium, Verdict: rules.Indeterminate, Examined: 3, Undecided: 3,
				Reason: "3 flows: the server's name is not known; capture the DNS answers, too"},
			{Rule: "tls-certificate", Severity: rules.Medium, Verdict: rules.NotObservable, Reason: "TLS 1.3 encrypts it"},
			{Rule: "device-address", Severity: rules.Medium, Verdict: rules.NotApplicable, Reason: "disabled by the policy: routed capture"},
			{Rule: "egress-allow-list", Severity: rules.High, Verdict: rules.Fail, Examined: 4, Failed: 2, Waived: 1, Excused: true, Reason: "all its findings are waived"},
		},
		Statements: []rules.StatementVerdict{
			{Statement: rules.Statement{ID: "S1", Says: "procedures protect the service", Unseen: "they run elsewhere"}, Verdict: rules.NotObservable, Reason: "they run elsewhere"},
			{Statement: rules.Statement{ID: "S3", Says: "TLS 1.2 or later", Rules: []string{"tls-version"}}, Verdict: rules.Fail, Reason: "tls-version fail"},
			{Statement: rules.Statement{ID: "S4", Says: "forward secrecy", Rules: []string{"tls-forward-secrecy-offered"}}, Verdict: rules.Pass, Reason: "tls-forward-secrecy-offered pass"},
			{Statement: rules.Statement{ID: "S20", Says: "no RTSP outside", Rules: []string{"rtsp-boundary"}}, Verdict: rules.Fail, Reason: "rtsp-boundary fail"},
		},
		Findings: []rules.Finding{
			{
				ID: "f-1", Rule: "rtsp-boundary", Severity: rules.Critical, Verdict: rules.Fail,
				Message: `RTSP "DESCRIBE" from the internet was answered with 200, wanted no RTSP across the boundary`,
				Device:  rules.Host{ID: "cam-01", IP: addr("fd00:20::21"), Role: "camera"},
				Peer:    rules.Peer{IP: addr("2001:db8:1111:2222:3333:4444:5555:6666"), Port: 40112},
				First:   at("2026-11-23T10:01:00.123456789Z"), Last: at("2026-11-23T10:09:30Z"), Count: 4,
				Flows:    []string{"1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
				Evidence: []rules.Evidence{{Frame: flow.Frame{Input: 0, Number: 240, Time: at("2026-11-23T10:01:00.2Z")}, What: "DESCRIBE"}},
				Controls: []string{"NIST SP 800-53r5 SC-7"}, Remediation: "Remove the port forward.",
			},
			{
				ID: "f-2", Rule: "tls-version", Severity: rules.High, Verdict: rules.Fail,
				Message: "the server chose TLS 1.0, wanted at least TLS 1.2", Device: appliance,
				Peer:  rules.Peer{IP: addr("198.51.100.11"), Port: 443, Name: "a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com"},
				First: at("2026-11-23T10:02:00Z"), Last: at("2026-11-23T10:02:00.9Z"), Count: 1,
				Evidence: []rules.Evidence{{Frame: flow.Frame{Input: 1, Number: 3, Time: at("2026-11-23T10:02:00Z")}}},
			},
			{
				ID: "f-3", Rule: "device-address", Severity: rules.Medium, Verdict: rules.Indeterminate,
				Message: "an ARP claim by a device that the policy does not know", Device: rules.Host{MAC: "02:00:5e:00:53:99"},
				Waiver: &waiverOfSite,
			},
		},
		Waivers: []rules.WaiverUse{
			{Waiver: &waiverOfSite, Excused: 1},
			{Waiver: &rules.Waiver{ID: "W-3", Rule: "tls-version"}, Remarks: []string{"matches no finding: remove it, or mend its match"}},
		},
		Coverage: rules.Coverage{
			Packets: 12804, Flows: 1312, TCPFlows: 900, OneSided: 7, Midstream: 1, Gapped: 2, Unknown: 14, Outside: 1, Evicted: 1, Starved: 2, Clipped: 3, Panics: 1, BadChecksums: 5,
			Protocols: map[string]uint64{"tls": 812, "dns": 300, "unknown": 14, "ntp": 14, "rtsp": 9},
			Devices:   []rules.Host{appliance}, MoreDevices: 1,
			Capture: rules.CaptureLoss{
				Dropped: 3, Cut: 2, Unseen: 4096, TCPBytes: 9_000_000, FragmentsGivenUp: 1, Late: 1,
				Undecoded: map[string]uint64{"ethertype 0x88cc": 4, "malformed ipv4": 4, "llc sap 0x42": 90},
				Filter:    "not port 22", Filtered: 11, Broken: 1,
			},
		},
		Inventory: []rules.TLSUse{
			{Client: appliance, Server: rules.Peer{IP: addr("198.51.100.11"), Port: 443, Name: "a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com"},
				ClientZone: "plant", ServerZone: "internet", Purpose: "iot-data", Protocol: "tls", Version: classify.TLS10, Cipher: 0x002f, ForwardSecrecy: classify.No,
				Flows: 1, First: at("2026-11-23T10:02:00Z"), Last: at("2026-11-23T10:02:00.9Z")},
			{Client: appliance, Server: rules.Peer{IP: addr("198.51.100.12"), Port: 443, Name: "logs.us-east-1.amazonaws.com"},
				ClientZone: "plant", ServerZone: "internet", Protocol: "tls", Version: classify.TLS13, Cipher: 0x1301, Group: 29, ForwardSecrecy: classify.Yes,
				Flows: 811, First: at("2026-11-23T10:00:01Z"), Last: at("2026-11-23T10:12:00Z")},
		},
		Crossings: []rules.Crossing{
			{From: rules.Zone{Name: "internet", Trust: rules.Internet}, To: rules.Zone{Name: "plant", Trust: rules.Local}, Protocol: "rtsp", Flows: 9, Packets: 900, Bytes: 1_200_000, Failed: 4},
			{From: rules.Zone{Name: "plant", Trust: rules.Local}, To: rules.Zone{Name: "internet", Trust: rules.Internet}, Protocol: "tls", Flows: 812, Packets: 9000, Bytes: 7_000_000, Failed: 1},
		},
		Timeline: rules.Timeline{Width: 8 * time.Second, Moments: []rules.Moment{
			{Start: at("2026-11-23T10:00:00Z"), Flows: 800},
			{Start: at("2026-11-23T10:01:04Z"), Flows: 500, Failed: [5]uint64{rules.Critical: 4, rules.High: 1}},
		}},
	}
}

// quietAudit is an audit of a capture in which nothing is wrong.
func quietAudit() *Audit {
	r := siteReport()
	r.Findings, r.Waivers, r.Crossings, r.Timeline = nil, nil, r.Crossings[1:], rules.Timeline{}
	r.Requirements = r.Requirements[1:]
	r.Requirements[1].Verdict, r.Requirements[1].Failed = rules.Pass, 0
	r.Coverage = rules.Coverage{Packets: 900, Flows: 12, TCPFlows: 9, Protocols: map[string]uint64{"tls": 12}}
	return newAudit(r)
}

// emptyAudit is an audit of no packet.
func emptyAudit() *Audit {
	a := newAudit(&rules.Report{Policy: siteReport().Policy, Requirements: []rules.Requirement{
		{Rule: "tls-version", Verdict: rules.NotObserved, Reason: "no packet was seen"},
	}})
	a.Inputs = list[Input](nil)
	return a
}

// longAudit has 300 findings.
func longAudit() *Audit { return manyFindings(300) }

// manyFindings is an audit with n findings.
func manyFindings(n int) *Audit {
	r := siteReport()
	one := r.Findings[1]
	r.Findings = nil
	for i := range n {
		f := one
		f.ID = fmt.Sprintf("f-%d", i)
		f.Peer.IP = netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})
		f.Peer.Name = fmt.Sprintf("host-%d.example.com", i)
		r.Findings = append(r.Findings, f)
	}
	return newAudit(r)
}

const nasty = "a\x1b[31mred\x1b[0m\r\nb\tc\x00\x7f\u009b2J\u202eevil\u2066\u200b\u200d\ufeff\u00ad\u0301\u3164\xff\xc3\u2028\U000e0041x\U0001f600é漢"

// nastyAudit has text from the wire wherever there can be any.
func nastyAudit() *Audit {
	r := siteReport()
	f := &r.Findings[1]
	f.Message = nasty
	f.Peer.Name = nasty
	f.Device.ID, f.Device.MAC = nasty, nasty
	f.Waiver = &rules.Waiver{ID: nasty, Reason: nasty, ApprovedBy: nasty}
	r.Waivers[0] = rules.WaiverUse{Waiver: f.Waiver, Excused: 1, Remarks: []string{"expired"}}
	r.Requirements[0].Reason = nasty
	r.Coverage.Protocols = map[string]uint64{nasty: 1}
	r.Coverage.Capture.Filter = nasty
	r.Policy = &rules.Policy{Name: nasty, Version: nasty}
	r.Inventory[0].Server.Name, r.Inventory[0].Purpose = nasty, nasty
	r.Crossings[0].Protocol, r.Crossings[0].From.Name = nasty, nasty
	a := newAudit(r)
	a.Inputs[0].Name = nasty
	return a
}

// The time in which nothing could be seen is told, however few packets it cost.
func TestOutagesAreTold(t *testing.T) {
	c := &Coverage{Capture: CaptureLoss{Outages: 2, BlindMillis: 3200}}
	if lines := limits(c); len(lines) != 1 || lines[0] != "The interface was down or without carrier 2 times, 3.2 s in all: what passed then was not seen." {
		t.Errorf("%q", lines)
	}
}
