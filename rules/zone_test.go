package rules

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

func TestZonesWithoutSiteData(t *testing.T) {
	p, _ := Builtin("edge-camera")
	for addr, want := range map[string]Zone{
		"10.1.2.3":               {"local", Local},
		"172.16.0.1":             {"local", Local},
		"172.31.255.254":         {"local", Local},
		"172.32.0.1":             {"internet", Internet},
		"192.168.1.1":            {"local", Local},
		"::ffff:192.168.1.1":     {"local", Local},
		"fd00::1":                {"local", Local},
		"fc00::1":                {"local", Local},
		"169.254.1.1":            {"link-local", Local},
		"fe80::1":                {"link-local", Local},
		"fe80::1%eth0":           {"link-local", Local},
		"127.0.0.1":              {"loopback", Local},
		"::1":                    {"loopback", Local},
		"224.0.0.251":            {"multicast", Special},
		"239.255.255.250":        {"multicast", Special},
		"ff02::1":                {"multicast", Special},
		"::ffff:224.0.0.1":       {"multicast", Special},
		"255.255.255.255":        {"broadcast", Special},
		"::ffff:255.255.255.255": {"broadcast", Special},
		"0.0.0.0":                {"unspecified", Special},
		"0.1.2.3":                {"unspecified", Special},
		"::":                     {"unspecified", Special},
		"8.8.8.8":                {"internet", Internet},
		"::ffff:8.8.8.8":         {"internet", Internet},
		"100.64.0.1":             {"internet", Internet},
		"192.0.2.1":              {"internet", Internet},
		"198.51.100.1":           {"internet", Internet},
		"203.0.113.1":            {"internet", Internet},
		"2001:db8::1":            {"internet", Internet},
		"2606:4700::1111":        {"internet", Internet},
		"64:ff9b::a00:1":         {"internet", Internet},
		"240.0.0.1":              {"internet", Internet},
	} {
		a := netip.MustParseAddr(addr)
		if got := p.ZoneOf(a); got != want {
			t.Errorf("%s is in %v, want %v", addr, got, want)
		}
		if got := p.InScope(a); got != (want.Trust == Local) {
			t.Errorf("%s in scope: %v", addr, got)
		}
	}
	if z := p.ZoneOf(netip.Addr{}); z.Trust != Special {
		t.Errorf("no address is in %v", z)
	}
}

func TestDeclaredZonesLongestPrefixWins(t *testing.T) {
	p := mustParse(t, `zones:
  site:    { trust: local, cidrs: ["10.0.0.0/8", "2001:db8::/32"] }
  cloud:   { trust: external, cidrs: ["10.9.0.0/16"] }
  cameras: { trust: local, cidrs: ["10.9.1.0/24", "169.254.9.0/24"] }
  dmz:     { trust: internet, cidrs: ["10.9.1.128/25"] }
  world:   { rest: true }
`)
	for addr, want := range map[string]Zone{
		"10.1.1.1":        {"site", Local},
		"2001:db8::1":     {"site", Local},
		"10.9.9.9":        {"cloud", External},
		"10.9.1.1":        {"cameras", Local},
		"10.9.1.200":      {"dmz", Internet},
		"169.254.9.1":     {"cameras", Local},
		"169.254.1.1":     {"link-local", Local},
		"127.0.0.1":       {"loopback", Local},
		"fe80::1":         {"link-local", Local},
		"192.168.1.1":     {"world", Internet},
		"fd00::1":         {"world", Internet},
		"8.8.8.8":         {"world", Internet},
		"224.0.0.1":       {"multicast", Special},
		"255.255.255.255": {"broadcast", Special},
		"0.0.0.0":         {"unspecified", Special},
	} {
		if got := p.ZoneOf(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is in %v, want %v", addr, got, want)
		}
	}
}

func TestMasksHoldWhatTheirPrefixesDo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	addr := func() netip.Addr {
		var b [16]byte
		for i := range b {
			b[i] = byte(random.IntN(2) * 255)
		}
		if random.IntN(2) == 0 {
			return netip.AddrFrom4([4]byte(b[:4]))
		}
		return netip.AddrFrom16(b).Unmap()
	}
	held := 0
	for range 100_000 {
		a, p := addr(), addr()
		prefix, _ := p.Prefix(random.IntN(p.BitLen() + 1))
		hi, lo := halves(a)
		m := maskOf(prefix)
		if got := m.holds(a.Is4(), hi, lo); got != prefix.Contains(a) {
			t.Fatalf("%v in %v: %v", a, prefix, got)
		} else if got {
			held++
		}
	}
	if held < 1000 {
		t.Errorf("only %d addresses were in their prefix", held)
	}
}
