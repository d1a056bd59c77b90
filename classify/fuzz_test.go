package classify

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// FuzzStream gives what FuzzStreams gives to all to a single stream classifier, by
// its place in the list: it gets through many times the inputs, and keeps those that
// lead deep into one.
func FuzzStream(f *testing.F) {
	seeds := slices.Collect(maps.Values(conversations(f)))
	for _, opening := range vncOpenings {
		seeds = append(seeds, vncTLS(f, opening))
	}
	for _, turns := range seeds {
		s := halves(turns)
		for which, classify := range streams() {
			if _, answer := classify(s, &Learned{}); answer == Matched {
				f.Add(uint8(which), s.Client, s.Server, byte(0))
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, client, server []byte, flags byte) {
		i := int(which) % len(streams())
		promised(t, i, Stream{Client: client, Server: server, Final: flags&1 != 0, ClientJoined: flags&2 != 0, ServerJoined: flags&4 != 0})
	})
}

// FuzzDatagram plays datagrams of one flow to a single datagram classifier, by its
// place in the list: what it keeps of the first decides how it reads the next. A
// script is cut at lengths that its first bytes give.
func FuzzDatagram(f *testing.F) {
	for _, e := range exchanges(f) {
		var script []byte
		for _, m := range e.messages {
			script = append(append(script, byte(len(m)>>8), byte(len(m))), m...)
		}
		protocol, _, _ := e.play()
		for which, classify := range datagrams() {
			facts := Facts{Protocol: Unknown}
			d := Datagram{Src: netip.AddrPortFrom(netip.IPv6Unspecified(), e.client), Dst: netip.AddrPortFrom(netip.IPv6Unspecified(), e.server), Payload: []byte(e.messages[0])}
			if classify(d, &facts, &Learned{}); facts.Protocol == protocol.Protocol {
				f.Add(uint8(which), script, e.client, e.server)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, script []byte, client, server uint16) {
		i := int(which) % len(datagrams())
		src, dst := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), client), netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), server)
		facts := Facts{Protocol: Unknown}
		s := cryptobyte.String(script)
		var message cryptobyte.String
		for n := 0; s.ReadUint16LengthPrefixed(&message); n++ {
			d := Datagram{Time: flow.Time(n), Src: src, Dst: dst, FromServer: n%2 == 1, Payload: message}
			if d.FromServer {
				d.Src, d.Dst = dst, src
			}
			before := facts.Protocol
			answer, _ := datagrams()[i](d, &facts, &Learned{})
			if answer == NoMatch && facts.Protocol != before || answer == Matched && facts.Protocol == Unknown {
				t.Fatalf("classifier %d answers %v to datagram %d with %s", i, answer, n, show(facts))
			}
		}
	})
}

// FuzzAnalyzer plays a connection and datagrams through all that a flow goes
// through: order, recognition, what is wrapped in it, what is learned of it. None of
// it may fail, though a failure would cost its flow alone.
func FuzzAnalyzer(f *testing.F) {
	for _, c := range conversations(f) {
		s := halves(c)
		f.Add(s.Client, s.Server, uint16(9), uint16(443), false)
	}
	for _, c := range upgrades {
		s := halves(segments(f, c.file))
		f.Add(s.Client, s.Server, uint16(30), uint16(25), false)
	}
	for _, e := range exchanges(f) {
		f.Add([]byte(e.messages[0]), []byte(e.messages[len(e.messages)-1]), uint16(0), e.server, true)
	}
	f.Fuzz(func(t *testing.T, client, server []byte, size, port uint16, udp bool) {
		const most = 200 // packets a half
		sides := [2][]byte{client, server}
		step := max(int(size), max(len(client), len(server))/most+1)
		w := connect()
		for len(sides[0])+len(sides[1]) > 0 {
			for side := range sides {
				if n := min(len(sides[side]), step); n > 0 {
					w.send(side, flow.ACK|flow.PSH, sides[side][:n])
					sides[side] = sides[side][n:]
				}
			}
		}
		l := &log{}
		a := NewAnalyzer(l)
		table := flow.NewTable(flow.Config{}, a)
		for i := range w.packets {
			p := with(netip.AddrPortFrom(ends[0].Addr(), 40000), w.packets[i])
			if p.Src == ends[1] {
				p.Src = netip.AddrPortFrom(ends[1].Addr(), port)
			} else {
				p.Dst = netip.AddrPortFrom(ends[1].Addr(), port)
			}
			if udp {
				p.Protocol, p.Flags, p.Seq, p.Ack = flow.UDP, 0, 0, 0
			}
			table.Add(p, uint64(i))
		}
		table.Advance(flow.Time(2 * time.Hour))
		table.Flush()
		if a.Panics() > 0 {
			t.Fatalf("%d panics", a.Panics())
		}
	})
}

// FuzzCertificate reads a certificate message and the certificate in it, whose
// names and times are a server's to choose.
func FuzzCertificate(f *testing.F) {
	for _, name := range []string{"tls/tls12-ecdhe.0", "tls/tls12-rsa.0"} {
		server := halves(segments(f, name)).Server
		for i := range len(server) - 6 {
			if server[i] == 11 { // a certificate message, or what looks like one
				f.Add(server[i+4:])
			}
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		leaf, ok := readLeaf(body)
		if !ok {
			leaf = body
		}
		c := parseCertificate(leaf)
		if len(c.DNSNames) > maxCertificateNames || len(c.IPAddresses) > maxCertificateNames {
			t.Fatalf("%d names, %d addresses", len(c.DNSNames), len(c.IPAddresses))
		}
	})
}
