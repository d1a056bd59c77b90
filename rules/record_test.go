package rules

import (
	"net/netip"
	"slices"
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

// wire makes flows of packets, each on the clock and with the frame number that
// follow the one before.
type wire struct{ frame uint64 }

const second = flow.Time(1e9)

// datum is one packet of a flow.
type datum struct {
	server  bool // sent by the server
	flags   uint8
	payload int
	skip    int // bytes of this side that the capture lost before it
	cut     int // bytes of its end that the snap length cut off
}

var (
	syn      = datum{flags: flow.SYN}
	synAck   = datum{server: true, flags: flow.SYN | flow.ACK}
	ack      = datum{flags: flow.ACK}
	rst      = datum{server: true, flags: flow.RST | flow.ACK}
	ask      = datum{flags: flow.ACK | flow.PSH, payload: 100}
	answer   = datum{server: true, flags: flow.ACK | flow.PSH, payload: 100}
	gapped   = datum{server: true, flags: flow.ACK | flow.PSH, payload: 100, skip: 1000}
	opened   = []datum{syn, synAck, ack}
	exchange = []datum{syn, synAck, ack, ask, answer}
)

type sink struct{ flows []flow.Flow }

func (s *sink) Segment(*flow.Flow, *flow.Half)                {}
func (s *sink) Datagram(*flow.Flow, *flow.Half, *flow.Packet) {}
func (s *sink) End(f *flow.Flow)                              { s.flows = append(s.flows, f.Snapshot()) }

// record returns the record of a flow of these packets, of which nothing is
// known yet.
func (w *wire) record(protocol uint8, client, server string, packets []datum) *classify.Record {
	a, b := netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)
	s := &sink{}
	table := flow.NewTable(flow.Config{}, s)
	seq := [2]uint32{1000, 9000}
	for _, d := range packets {
		w.frame++
		src, dst, i := a, b, 0
		if d.server {
			src, dst, i = b, a, 1
		}
		seq[i] += uint32(d.skip)
		p := flow.Packet{
			Frame:  flow.Frame{Number: w.frame, Time: flow.Time(w.frame) * second / 100},
			SrcMAC: macOf(src.Addr()), DstMAC: macOf(dst.Addr()),
			Protocol: protocol, Src: src, Dst: dst, Flags: d.flags,
			Seq: seq[i], Ack: seq[1-i], Length: 40 + d.payload, Payload: make([]byte, d.payload-d.cut), Missing: d.cut,
		}
		if protocol != flow.TCP {
			p.Flags = 0
		}
		table.Add(&p, w.frame)
		seq[i] += uint32(d.payload)
		if d.flags&(flow.SYN|flow.FIN) != 0 {
			seq[i]++
		}
	}
	table.Flush()
	return &classify.Record{Flow: &s.flows[0], Facts: classify.Facts{Protocol: classify.Unknown}}
}

func macOf(a netip.Addr) flow.MAC {
	b := a.As16()
	return flow.MAC{2, 0, b[12], b[13], b[14], b[15]}
}

func (w *wire) tcp(client, server string, packets ...datum) *classify.Record {
	if len(packets) == 0 {
		packets = exchange
	}
	return w.record(flow.TCP, client, server, packets)
}

func (w *wire) udp(client, server string, packets ...datum) *classify.Record {
	if len(packets) == 0 {
		packets = []datum{ask, answer}
	}
	return w.record(flow.UDP, client, server, packets)
}

// spoken gives the record facts; a message told who is who, if there was one
// that does.
func spoken(r *classify.Record, f classify.Facts, evidence ...string) *classify.Record {
	r.Facts = f
	switch {
	case f.Protocol == classify.Unknown || f.RTP != nil:
	case f.RTSP != nil && len(f.RTSP.Methods)+len(f.RTSP.StatusCodes) == 0:
	case f.TLS != nil && !f.TLS.ClientHello && !f.TLS.ServerHello && !f.TLS.HelloRetry:
	default:
		r.Confirm(flow.Message)
	}
	for _, what := range evidence {
		r.Evidence = append(r.Evidence, classify.Evidence{What: what, Frame: r.Client.First})
	}
	return r
}

func (w *wire) rtsp(client, server string, rtsp classify.RTSP) *classify.Record {
	if len(rtsp.Methods) == 0 {
		rtsp.Methods = []string{"DESCRIBE", "SETUP", "PLAY"}
	}
	return spoken(w.tcp(client, server), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &rtsp}, "SETUP")
}

// tls returns a whole handshake: TLS 1.3 with a key share where t says nothing
// else.
func (w *wire) tls(client, server string, t classify.TLS) *classify.Record {
	t.ClientHello, t.ServerHello = true, true
	if t.Version == 0 {
		t.Version, t.CipherSuite, t.KeyShare, t.ForwardSecrecy, t.Group = classify.TLS13, 0x1301, true, classify.Yes, 29
	}
	if t.OfferedVersions == nil {
		t.OfferedVersions, t.SupportedVersions = []classify.TLSVersion{classify.TLS13, classify.TLS12}, true
	}
	if t.OfferedSignatures == nil {
		t.OfferedSignatures = []classify.SignatureScheme{0x0403, 0x0804}
	}
	if t.OfferedSuites == nil {
		t.OfferedSuites = []classify.CipherSuite{0x1301, 0xC02F}
	}
	if t.OfferedGroups == nil {
		t.OfferedGroups = []classify.Group{29}
	}
	return spoken(w.tcp(client, server), classify.Facts{Protocol: classify.ProtoTLS, TLS: &t}, "ClientHello", "ServerHello")
}

func (w *wire) http(client, server string, h classify.HTTP) *classify.Record {
	if len(h.Methods) == 0 {
		h.Methods = []string{"GET"}
	}
	return spoken(w.tcp(client, server), classify.Facts{Protocol: classify.ProtoHTTP, HTTP: &h}, "GET")
}

func (w *wire) mqtt(client, server string, m classify.MQTT) *classify.Record {
	return spoken(w.tcp(client, server), classify.Facts{Protocol: classify.ProtoMQTT, MQTT: &m}, "CONNECT")
}

func (w *wire) ntp(client, server string) *classify.Record {
	n := &classify.NTP{Versions: []uint8{4}, Modes: []uint8{3, 4}, Strata: []uint8{2}, Requests: 1, Responses: 1}
	return spoken(w.udp(client, server), classify.Facts{Protocol: classify.ProtoNTP, NTP: n})
}

// rtp returns media that a run of packets told.
func (w *wire) rtp(from, to string) *classify.Record {
	packets := slices.Repeat([]datum{ask}, 12)
	return spoken(w.udp(from, to, packets...), classify.Facts{
		Protocol: classify.ProtoRTP, RTP: &classify.RTP{SSRC: 7, Packets: len(packets), Heuristic: true},
	})
}

// site is a policy with an appliance, a camera, a resolver and a time server,
// two internal prefixes, one private line to a partner, and endpoints.
const site = `apiVersion: spanaudit/v1
kind: Policy
metadata: { name: test, version: "1", extends: builtin:edge-camera@1 }
zones:
  site: { trust: local, cidrs: ["10.20.0.0/16", "fd00:20::/64"] }
  partner: { trust: external, cidrs: ["10.99.0.0/16", "fd00:99::/64"] }
  internet: { trust: internet, rest: true }
devices:
  - { id: panorama-1, role: appliance, zone: site, interfaces: [ { mac: "02:00:0a:14:00:0a", ipv4: 10.20.0.10, method: dhcp } ] }
  - { id: cam-01, role: camera, zone: site, interfaces: [ { mac: "02:00:0a:14:00:15", ipv4: 10.20.0.21, method: static } ] }
endpoints:
  - { id: logs, from: ["role:appliance"], names: [logs.us-east-1.amazonaws.com], ports: [443], proto: tcp }
  - { id: ca, names: [ocsp.example.com], ports: [80], proto: tcp }
  - { id: fixed, names: [fixed.example.com], cidrs: [198.51.100.200/32], ports: [443], proto: tcp, owner: netsec, reason: "no name is used" }
`

func parse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func builtin(t *testing.T, name string) *Policy {
	t.Helper()
	p, ok := Builtin(name)
	if !ok {
		t.Fatalf("no profile %q", name)
	}
	return p
}

// judge audits the records in their order.
func judge(p *Policy, records ...*classify.Record) *Report {
	a := NewAudit(p)
	for _, r := range records {
		a.Ended(r)
	}
	return a.Finish(Loss{})
}

// told makes a DNS answer: client learns that name is at address.
func told(a *Audit, client, name, address string) {
	a.Learned(netip.MustParseAddr(client), flow.Frame{Number: 1, Time: 1}, classify.Learned{
		Names: []classify.Name{{Query: name, Canonical: name, Address: netip.MustParseAddr(address), TTL: 60}},
	})
}

func requirement(t *testing.T, r *Report, rule string) Requirement {
	t.Helper()
	i := slices.IndexFunc(r.Requirements, func(q Requirement) bool { return q.Rule == rule })
	if i < 0 {
		t.Fatalf("no requirement %q", rule)
	}
	return r.Requirements[i]
}

func findings(r *Report, rule string) (list []Finding) {
	for _, f := range r.Findings {
		if f.Rule == rule {
			list = append(list, f)
		}
	}
	return list
}

// verdictCase is what one rule makes of some flows. A wanted finding is
// "severity device peer"; no finding may be there beside those that are wanted.
type verdictCase struct {
	name     string
	records  func(w *wire) []*classify.Record
	verdict  Verdict
	findings []string
}

// testVerdicts runs the cases of a rule under a policy.
func testVerdicts(t *testing.T, p *Policy, rule string, cases []verdictCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &wire{}
			r := judge(p, c.records(w)...)
			if q := requirement(t, r, rule); q.Verdict != c.verdict {
				t.Errorf("verdict %s (%s); %s is wanted", q.Verdict, q.Reason, c.verdict)
			}
			var got []string
			for _, f := range findings(r, rule) {
				got = append(got, f.Severity.String()+" "+f.Device.IP.String()+" "+f.Peer.IP.String())
				if f.Message == "" || f.Count == 0 || len(f.Evidence) == 0 || len(f.Flows) == 0 {
					t.Errorf("finding without message, count, evidence or flows: %+v", f)
				}
			}
			if !slices.Equal(got, c.findings) {
				t.Errorf("findings %q; %q are wanted", got, c.findings)
			}
		})
	}
}

// one makes the records of a case that has a single flow.
func one(f func(w *wire) *classify.Record) func(w *wire) []*classify.Record {
	return func(w *wire) []*classify.Record { return []*classify.Record{f(w)} }
}
