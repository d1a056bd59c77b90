package classify

import (
	"encoding/binary"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// datagram makes a datagram between two ports of documentation addresses.
func datagram(b []byte, src, dst uint16, fromServer bool) Datagram {
	client, server := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	return Datagram{Payload: b, Src: netip.AddrPortFrom(client, src), Dst: netip.AddrPortFrom(server, dst), FromServer: fromServer}
}

// replay gives the datagrams of testdata to a classifier, all of which must
// match without a swap.
func replay(t *testing.T, classify datagramClassifier, name string, client, server uint16) (Facts, Learned) {
	t.Helper()
	f, l := Facts{Protocol: Unknown}, Learned{}
	for i, g := range segments(t, name) {
		d := datagram(g.bytes, client, server, false)
		if g.server {
			d = datagram(g.bytes, server, client, true)
		}
		if answer, swap := classify(d, &f, &l); answer != Matched || swap {
			t.Errorf("datagram %d: %v, swap %v", i, answer, swap)
		}
	}
	return f, l
}

func TestCapturedDNS(t *testing.T) {
	addr := netip.MustParseAddr
	want := []Name{
		{"www.example", "cam.example", addr("192.0.2.7"), 60},
		{"www.example", "cam.example", addr("2001:db8::7"), 60},
	}
	f, l := replay(t, dnsDatagram, "dns/udp", 40000, 35353)
	if f.Protocol != ProtoDNS || f.Malformed || !reflect.DeepEqual(*f.DNS, DNS{3, 3, 4, []string{"www.example", "none.example"}, []NameFailure{{"none.example", "NXDOMAIN"}}}) {
		t.Errorf("%s", show(f))
	}
	if !reflect.DeepEqual(l.Names, want) {
		t.Errorf("names %+v", l.Names)
	}

	l = Learned{}
	list := segments(t, "dns/tcp")
	f, answer := dnsStream(halves(list), &l)
	if answer != Matched || !reflect.DeepEqual(*f.DNS, DNS{2, 2, 3, []string{"www.example", "cam.example"}, nil}) {
		t.Errorf("%v %s", answer, show(f))
	}
	want = []Name{{"www.example", "cam.example", addr("192.0.2.7"), 60}, {"cam.example", "cam.example", addr("2001:db8::7"), 120}}
	for i := range l.Names {
		l.Names[i].TTL = want[i].TTL // dnsmasq's choice
	}
	if !reflect.DeepEqual(l.Names, want) {
		t.Errorf("names %+v", l.Names)
	}
	checkPrefixes(t, dnsStream, list)
}

// dnsQuery makes a header with the given flags and counts, and a question for
// an A record.
func dnsQuery(flags uint16, counts [4]uint16, name string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0, 1}, flags)
	for _, n := range counts {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0, 0, 1, 0, 1)
}

func TestDNSMessages(t *testing.T) {
	query := dnsQuery(0x0100, [4]uint16{1}, "a.Example")
	answer := append(dnsQuery(0x8180, [4]uint16{1, 1}, "a.example"), "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07"...)
	loop := append(dnsQuery(0x8180, [4]uint16{1, 1}, "a.example"), "\xc0\x1b\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07"...)
	mdns := []byte("\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\x03cam\x05local\x00\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04\xc0\x00\x02\x08")
	for name, c := range map[string]struct {
		d        Datagram
		protocol Protocol // "" is no match
		swap     bool
		names    int
		broken   bool
	}{
		"query":                       {datagram(query, 4000, 53, false), ProtoDNS, false, 0, false},
		"query, any port":             {datagram(query, 4000, 4001, false), ProtoDNS, false, 0, false},
		"query from the server":       {datagram(query, 4000, 53, true), ProtoDNS, true, 0, false},
		"response":                    {datagram(answer, 53, 4000, true), ProtoDNS, false, 1, false},
		"response from the client":    {datagram(answer, 53, 4000, false), ProtoDNS, true, 1, false},
		"cut response":                {datagram(answer[:40], 53, 4000, true), ProtoDNS, false, 0, true},
		"cut response, any port":      {datagram(answer[:40], 4001, 4000, true), "", false, 0, false},
		"pointer to itself":           {datagram(loop, 53, 4000, true), ProtoDNS, false, 0, true},
		"pointer to itself, any port": {datagram(loop, 4001, 4000, true), "", false, 0, false},
		"bytes after the query":       {datagram(append(query[:len(query):len(query)], 1), 4000, 53, false), ProtoDNS, false, 0, true},
		"LLMNR":                       {datagram(query, 4000, 5355, false), ProtoLLMNR, false, 0, false},
		"mDNS":                        {datagram(mdns, 5353, 5353, false), ProtoMDNS, false, 1, false},
		"NetBIOS":                     {datagram(query, 137, 137, false), "", false, 0, false},
		"cut question":                {datagram(query[:20], 4000, 53, false), "", false, 0, false},
		"opcode":                      {datagram(dnsQuery(0x7800, [4]uint16{1}, "a"), 4000, 53, false), "", false, 0, false},
		"nothing in it":               {datagram(dnsQuery(0, [4]uint16{}, "a"), 4000, 53, false), "", false, 0, false},
		"too many":                    {datagram(dnsQuery(0, [4]uint16{65535}, "a"), 4000, 53, false), "", false, 0, false},
	} {
		f, l := Facts{Protocol: Unknown}, Learned{}
		got, swap := dnsDatagram(c.d, &f, &l)
		if c.protocol == "" {
			if got != NoMatch || f.DNS != nil || f.Protocol != Unknown {
				t.Errorf("%s: %v %s", name, got, show(f))
			}
			continue
		}
		if got != Matched || f.Protocol != c.protocol || swap != c.swap || len(l.Names) != c.names || f.Malformed != c.broken {
			t.Errorf("%s: %v, swap %v, names %v, %s", name, got, swap, l.Names, show(f))
		}
	}
}

// Of answers that the capture cut off the header tells the number.
func TestAnswersThatWereNotKept(t *testing.T) {
	record := "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07"
	d := datagram(append(dnsQuery(0x8180, [4]uint16{1, 2}, "a.example"), record...), 53, 4000, true)
	d.Missing = len(record)
	var f Facts
	if a, _ := dnsDatagram(d, &f, &Learned{}); a != Matched || f.DNS.Answers != 2 || f.Malformed {
		t.Errorf("%v %s", a, show(f))
	}
}

func TestDNSNamesAreEscaped(t *testing.T) {
	var f Facts
	dnsDatagram(datagram(dnsQuery(0, [4]uint16{1}, "A\x1b[2J\xff\\x.b"), 4000, 53, false), &f, &Learned{})
	if want := `a\027[2j\255\\x.b`; f.DNS == nil || f.DNS.Names[0] != want {
		t.Errorf("%s, want %s", show(f), want)
	}
}

// A name may be as long as 255 bytes, and no chain or message makes the work
// grow without bound.
func TestHostileDNS(t *testing.T) {
	long := dnsQuery(0, [4]uint16{1}, strings.Repeat("aaaaaaa.", 40)+"b")
	var f Facts
	if answer, _ := dnsDatagram(datagram(long, 4000, 53, false), &f, &Learned{}); answer != NoMatch {
		t.Errorf("a name of 322 bytes: %v", answer)
	}
	m := dnsMessage{response: true, questions: []dnsQuestion{{name: "a"}}}
	m.aliases = []dnsRecord{{owner: "a", target: "b"}, {owner: "b", target: "a"}}
	m.addresses = []dnsRecord{{owner: "c"}}
	if names := m.names(); len(names) != 0 {
		t.Errorf("a circle of aliases gives %v", names)
	}
}

func TestStreamsThatAreNoDNS(t *testing.T) {
	for _, s := range []Stream{
		dialogue("GET / HTTP/1.1\n\n"), dialogue("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), dialogue("", "220 mail.example ESMTP\n"),
		{Client: []byte("\x00\x11\x00\x01\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01")}, // a response from the client
	} {
		s.Final = false
		if f, answer := dnsStream(s, &Learned{}); answer != NoMatch {
			t.Errorf("%q: %v %s", s.Client, answer, show(f))
		}
	}
}

func FuzzDNS(f *testing.F) {
	for _, g := range segments(f, "dns/udp") {
		f.Add(g.bytes, uint16(53))
		f.Add(g.bytes, uint16(5353))
		f.Add(g.bytes, uint16(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		facts, l := Facts{Protocol: Unknown}, Learned{}
		answer, _ := dnsDatagram(datagram(b, 4000, port, false), &facts, &l)
		if answer == NoMatch && (facts.Protocol != Unknown || facts.DNS != nil || len(l.Names) > 0) || len(l.Names) > maxNames {
			t.Errorf("%v with %s and %d names", answer, show(facts), len(l.Names))
		}
		for _, n := range append(l.Names, Name{}) {
			if strings.ContainsFunc(n.Query+n.Canonical, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("name %q", n.Query)
			}
		}
		stream := append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
		dnsStream(Stream{Client: stream, Server: stream, Final: true}, &Learned{})
	})
}
