package rules

import (
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestNamesOfAServer(t *testing.T) {
	s := newSite(parse(t, site))
	client, other, server := addr("10.20.0.10"), addr("10.20.0.11"), addr("198.51.100.1")
	learn := func(name string, at flow.Time) {
		s.learnName(client, classify.Name{Query: name, Address: server}, flow.Frame{Time: at})
	}
	learn("a.example", 10)
	learn("b.example", 20)
	learn("a.example", 30)
	for at, want := range map[flow.Time]string{5: "a.example", 10: "a.example", 15: "a.example", 20: "b.example", 25: "b.example", 30: "a.example", 99: "a.example"} {
		if got := s.NameOf(client, server, at); got != want {
			t.Errorf("at %d: %s; %s is wanted", at, got, want)
		}
		if got := s.NameOf(other, server, at); got != want {
			t.Errorf("at %d, by another: %s; %s is wanted", at, got, want)
		}
	}
	s.learnName(other, classify.Name{Query: "c.example", Address: server}, flow.Frame{Time: 40})
	if got := s.NameOf(other, server, 50); got != "c.example" {
		t.Errorf("own answer: %s", got)
	}
	if got := s.NameOf(client, server, 50); got != "a.example" {
		t.Errorf("another's answer came between: %s", got)
	}
	if got := s.NameOf(client, addr("198.51.100.2"), 50); got != "" {
		t.Errorf("unknown server: %s", got)
	}
}

// An address with many names keeps the latest.
func TestNamesOfAServerMakeRoom(t *testing.T) {
	s := newSite(parse(t, site))
	client, server := addr("10.20.0.10"), addr("198.51.100.1")
	for i := range flow.Time(20) {
		s.learnName(client, classify.Name{Query: string('a'+rune(i)) + ".example", Address: server}, flow.Frame{Time: i + 1})
	}
	if got := s.NameOf(client, server, 100); got != "t.example" {
		t.Errorf("%s; the latest is wanted", got)
	}
}

func TestHostKeepsTheFirstMAC(t *testing.T) {
	s := newSite(parse(t, site))
	a := addr("10.20.0.50")
	first := flow.MAC{2, 0, 0, 0, 0, 1}
	s.learnHost(a, flow.MAC{})
	s.learnHost(a, first)
	s.learnHost(a, flow.MAC{2, 0, 0, 0, 0, 2})
	if got := s.host(a, flow.MAC{}).MAC; got != first.String() {
		t.Errorf("%s; %s is wanted", got, first)
	}
	s.learnHost(addr("203.0.113.1"), first)
	if _, ok := s.hosts[addr("203.0.113.1")]; ok {
		t.Error("a host of the internet is listed")
	}
}

func TestLinkLocalPeersAreOnTheSite(t *testing.T) {
	p, w := builtin(t, "edge-camera"), &wire{}
	for _, c := range []struct {
		client, server string
		want           Between
	}{
		{"10.0.0.1:40000", "10.0.0.2:80", Inside},
		{"10.0.0.1:40000", "203.0.113.1:80", Outbound},
		{"203.0.113.1:40000", "10.0.0.1:80", Inbound},
		{"203.0.113.1:40000", "203.0.113.2:80", Outside},
		{"[2001:db8::1]:40000", "[fe80::1]:80", Inside},
		{"[fe80::1]:40000", "[2001:db8::1]:80", Inside},
		{"169.254.1.1:40000", "203.0.113.1:80", Inside},
		{"[fe80::1]:40000", "[ff02::1]:80", Group},
		{"0.0.0.0:68", "255.255.255.255:67", Group},
	} {
		r := w.udp(c.client, c.server, ask)
		judged := newCase(r, p, newSite(p))
		if got := judged.Between(); got != c.want {
			t.Errorf("%s to %s: %d; %d is wanted", c.client, c.server, got, c.want)
		}
	}
}

func TestASessionIsKnownByEachOfItsKeys(t *testing.T) {
	s := newSite(parse(t, site))
	s.learnSessions(&classify.TLS{Resumed: classify.No, SessionKeys: [][32]byte{{1}, {2}}}, handshake{start: 10})
	s.learnSessions(&classify.TLS{Resumed: classify.Yes, ResumedKeys: [][32]byte{{2}}, SessionKeys: [][32]byte{{3}}}, handshake{start: 20})
	s.learnSessions(&classify.TLS{Resumed: classify.Yes, ResumedKeys: [][32]byte{{8}}, SessionKeys: [][32]byte{{9}}}, handshake{start: 30})
	for key, want := range map[byte]bool{1: true, 2: true, 3: true, 8: false, 9: false} {
		if got := s.knowsParent(&classify.TLS{Resumed: classify.Yes, ResumedKeys: [][32]byte{{7}, {key}}}); got != want {
			t.Errorf("key %d: known %v; %v is wanted", key, got, want)
		}
	}
}
