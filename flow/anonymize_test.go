package flow

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

func prefixes(list ...string) (ps []netip.Prefix) {
	for _, s := range list {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}

func anonymizerOf(seed byte, list ...string) *Anonymizer {
	return NewAnonymizer([32]byte{seed}, prefixes(list...))
}

// samples are addresses of all kinds, the same ones each time.
func samples(n int) (list []netip.Addr) {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := special()
	for range n {
		var v4 [4]byte
		var v6 [16]byte
		for i := range v4 {
			v4[i] = byte(r.Uint32())
		}
		for i := range v6 {
			v6[i] = byte(r.Uint32())
		}
		for g := range 8 { // groups of zeros and short ones
			switch r.IntN(4) {
			case 0:
				v6[2*g], v6[2*g+1] = 0, 0
			case 1:
				v6[2*g] = 0
			}
		}
		list = append(list, netip.AddrFrom4(v4), netip.AddrFrom16(v6))
		p := kinds[r.IntN(len(kinds))]
		b := p.Addr().AsSlice()
		for i := range b {
			free := byte(r.Uint32())
			if bits := p.Bits() - 8*i; bits >= 8 {
				free = 0
			} else if bits > 0 {
				free &= 0xff >> bits
			}
			b[i] |= free
		}
		a, _ := netip.AddrFromSlice(b)
		list = append(list, a)
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

func TestAnonymizerMapsNoTwoToOneAndKeepsTheLength(t *testing.T) {
	a := anonymizerOf(1, "10.20.0.64/26", "2001:db8:40::/44")
	from := map[netip.Addr]netip.Addr{}
	for _, ip := range samples(4000) {
		to := a.Addr(ip)
		if other, taken := from[to]; taken {
			t.Fatalf("%s and %s both become %s", ip, other, to)
		}
		from[to] = ip
		if to.Is4() != ip.Is4() || len(to.String()) != len(ip.String()) {
			t.Fatalf("%s becomes %s, which is not as long", ip, to)
		}
	}
	seen := map[netip.Addr]bool{}
	for ip := netip.MustParseAddr("10.20.0.0"); ip.Compare(netip.MustParseAddr("10.20.255.255")) <= 0; ip = ip.Next() {
		seen[a.Addr(ip)] = true
	}
	if len(seen) != 1<<16 {
		t.Errorf("65536 addresses become %d", len(seen))
	}
}

// common is how many bits two addresses share at their beginning.
func common(a, b netip.Addr) int {
	n := 0
	for p := a.BitLen(); n < p && netip.PrefixFrom(a, n+1).Masked() == netip.PrefixFrom(b, n+1).Masked(); n++ {
	}
	return n
}

func TestAnonymizerKeepsCommonOctetsAndDigits(t *testing.T) {
	a := anonymizerOf(2)
	list := samples(3000)
	for i := 1; i < len(list); i++ {
		x, y := list[i-1], list[i]
		if x.Is4() != y.Is4() || x.IsMulticast() || y.IsMulticast() || x.Is4In6() || y.Is4In6() {
			continue // of a group the scope alone stays
		}
		digit := 4
		if x.Is4() {
			digit = 8
		}
		if before, after := common(x, y)/digit, common(a.Addr(x), a.Addr(y))/digit; before != after {
			t.Fatalf("%s and %s share %d, %s and %s %d", x, y, before, a.Addr(x), a.Addr(y), after)
		}
	}
}

func TestAnonymizerKeepsPrefixes(t *testing.T) {
	texts := []string{"10.20.0.0/16", "10.20.0.64/26", "10.20.0.96/28", "10.20.0.16/29", "10.20.4.0/23", "10.0.0.0/9", "57.0.0.0/10", "8.8.8.8/32", "10.21.0.0/16",
		"fd00:20::/64", "fd00:21::/57", "2001:db8:40::/44", "2a00:1450::/29", "fd00:20::21/128", "0.0.0.0/0", "::/0"}
	a := anonymizerOf(3, texts...)
	addrs := samples(3000)
	for _, p := range prefixes(texts...) {
		for ip := p.Addr().Prev(); len(addrs)%4096 != 0; ip = ip.Next() { // about its edges
			if ip.IsValid() {
				addrs = append(addrs, ip)
			} else {
				ip = p.Addr()
				addrs = append(addrs, ip)
			}
		}
		q := a.Prefix(p)
		if q != q.Masked() || q.Bits() != p.Bits() {
			t.Errorf("%s becomes %s, which has host bits", p, q)
		}
		for _, ip := range addrs {
			if p.Contains(ip) != q.Contains(a.Addr(ip)) {
				t.Fatalf("%s is in %s: %v; %s is in %s: %v", ip, p, p.Contains(ip), a.Addr(ip), q, q.Contains(a.Addr(ip)))
			}
		}
		addrs = addrs[:len(addrs)-1]
	}
	for _, edge := range []string{"10.20.0.64", "10.20.0.127"} { // network and broadcast of a /26
		if to := a.Addr(netip.MustParseAddr(edge)).As4(); to[3] != netip.MustParseAddr(edge).As4()[3] {
			t.Errorf("%s becomes one that ends in %d", edge, to[3])
		}
	}
}

func TestAnonymizerKeepsWhatAnAddressMeans(t *testing.T) {
	a, ranges := anonymizerOf(4), special()
	for _, ip := range samples(4000) {
		to := a.Addr(ip)
		meaning := func(ip netip.Addr) string {
			s := fmt.Sprint(ip.IsPrivate(), ip.IsLoopback(), ip.IsMulticast(), ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast(), ip.IsInterfaceLocalMulticast(),
				ip.IsUnspecified(), ip.IsGlobalUnicast(), ip.Is4In6())
			for i, p := range ranges {
				if p.Contains(ip) {
					s += fmt.Sprint(" ", i)
				}
			}
			return s
		}
		if meaning(ip) != meaning(to) {
			t.Fatalf("%s becomes %s, which means something else", ip, to)
		}
	}
}

func TestAnonymizerLeavesWhatIsNobodys(t *testing.T) {
	a := anonymizerOf(5)
	for _, s := range []string{
		"0.0.0.0", "255.255.255.255", "127.0.0.1", "127.0.0.53", "224.0.0.1", "224.0.0.251", "224.0.1.1", "239.255.255.250", "10.0.0.0", "169.254.169.254",
		"::", "::1", "ff02::1", "ff02::fb", "ff02::1:2", "ff05::1:3", "ff02::c", "ff02::101", "::ffff:127.0.0.1",
	} {
		if to := a.Addr(netip.MustParseAddr(s)); to.String() != s {
			t.Errorf("%s becomes %s", s, to)
		}
	}
	for _, m := range []MAC{{}, {255, 255, 255, 255, 255, 255}, {0x01, 0x80, 0xc2, 0, 0, 0}, {0x01, 0, 0x5e, 0, 0, 0xfb}, {0x33, 0x33, 0, 0, 0, 0xfb}, {0, 0, 0x5e, 0, 1, 7}, {0, 0, 0x0c, 7, 0xac, 1}} {
		if to := a.MAC(m); to != m {
			t.Errorf("%s becomes %s", m, to)
		}
	}
}

func TestAnonymizerLeavesNoHostItsAddress(t *testing.T) {
	for seed := range byte(20) {
		a := anonymizerOf(seed, "10.20.0.0/24")
		for _, s := range []string{"10.20.0.1", "10.20.0.10", "192.168.1.254", "8.8.8.8", "100.64.0.9", "239.1.2.3", "fd00:20::21", "fe80::1", "2001:db8::1", "ff02::1:ff00:21", "64:ff9b::a00:1", "::ffff:10.0.0.5"} {
			if to := a.Addr(netip.MustParseAddr(s)); to.String() == s {
				t.Errorf("key %d: %s stays", seed, s)
			}
		}
		for _, m := range []MAC{{0x02, 0, 0x5e, 0, 0x53, 0x10}, {0xac, 0xcc, 0x8e, 1, 2, 3}, {0, 0, 0, 0, 0, 1}} {
			if a.MAC(m) == m {
				t.Errorf("key %d: %s stays", seed, m)
			}
		}
	}
}

// The MAC that a group's packets go to belongs to the mapped group as it did to
// the group.
func TestAnonymizerMapsGroupsAsTheirMACs(t *testing.T) {
	a := anonymizerOf(6)
	for _, s := range []string{"239.1.2.3", "232.7.8.9", "239.255.10.20", "224.0.0.251", "239.192.0.1", "ff02::1:ff00:21", "ff05::aaaa:1", "ff0e::7:8"} {
		ip := netip.MustParseAddr(s)
		mac := func(ip netip.Addr) MAC {
			b := ip.AsSlice()
			if ip.Is4() {
				return MAC{0x01, 0, 0x5e, b[1] & 0x7f, b[2], b[3]}
			}
			return MAC{0x33, 0x33, b[12], b[13], b[14], b[15]}
		}
		if got, want := a.MAC(mac(ip)), mac(a.Addr(ip)); got != want {
			t.Errorf("%s: %s becomes %s, its group has %s", s, mac(ip), got, want)
		}
	}
}

func TestAnonymizerMapsMACs(t *testing.T) {
	a := anonymizerOf(7)
	from := map[MAC]MAC{}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		var m MAC
		for i := range m {
			m[i] = byte(r.Uint32())
		}
		switch r.IntN(4) {
		case 0:
			copy(m[:], []byte{0, 0, 0x0c, 7})
		case 1:
			copy(m[:], []byte{0, 0, 0x5e, 0})
		}
		to := a.MAC(m)
		if other, taken := from[to]; taken && other != m {
			t.Fatalf("%s and %s both become %s", m, other, to)
		}
		from[to] = m
		if m[0]&3 != to[0]&3 || m.Virtual() != to.Virtual() || m[0]&2 == 0 && [3]byte(m[:3]) != [3]byte(to[:3]) {
			t.Fatalf("%s becomes %s", m, to)
		}
	}
}

func TestAnonymizerIsItsKey(t *testing.T) {
	ip := netip.MustParseAddr("10.20.30.40")
	if x, y := anonymizerOf(8).Addr(ip), anonymizerOf(8).Addr(ip); x != y {
		t.Errorf("one key maps to %s and %s", x, y)
	}
	others := map[netip.Addr]bool{}
	for seed := range byte(50) {
		others[anonymizerOf(seed).Addr(ip)] = true
	}
	if len(others) < 45 {
		t.Errorf("50 keys map to %d addresses", len(others))
	}
	a := anonymizerOf(8)
	want := a.Addr(ip)
	for i := range maxTables + maxKnown { // more than is remembered
		a.Addr(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if got := a.Addr(ip); got != want {
		t.Errorf("later it is %s, before %s", got, want)
	}
}

func TestTextMapsAddresses(t *testing.T) {
	a := anonymizerOf(9)
	ip := func(s string) string { return a.Addr(netip.MustParseAddr(s)).String() }
	v4, v6 := ip("10.20.0.21"), ip("fd00:20::21")
	mac := a.MAC(MAC{0x02, 0, 0x5e, 0xab, 0x53, 0x21})
	dashes := func(s string) string { return string(bytes.ReplaceAll([]byte(s), []byte("."), []byte("-"))) }
	b := netip.MustParseAddr(v4).As4()
	for _, c := range []struct{ text, want string }{
		{"10.20.0.21", v4},
		{"DESCRIBE rtsp://10.20.0.21:554/a RTSP/1.0\r\n", "DESCRIBE rtsp://" + v4 + ":554/a RTSP/1.0\r\n"},
		{"c=IN IP4 239.1.2.3/127", "c=IN IP4 " + ip("239.1.2.3") + "/127"},
		{"destination=10.20.0.21;source=10.20.0.21;x", "destination=" + v4 + ";source=" + v4 + ";x"},
		{"http://[fd00:20::21]:8080/", "http://[" + v6 + "]:8080/"},
		{"81f9f8c8192.168.1.2;", "81f9f8c8" + ip("192.168.1.2") + ";"},
		{"seen by 10.20.0.21.", "seen by " + v4 + "."},
		{"FD00:20::AB1", string(bytes.ToUpper([]byte(ip("fd00:20::ab1"))))},
		{"fd00:0020:0000:0000:0000:0000:0000:0021", a.Addr(netip.MustParseAddr("fd00:20::21")).StringExpanded()},
		{"::ffff:10.20.0.21", "::ffff:" + v4},
		{"user@10.20.0.21>", "user@" + v4 + ">"},
		{"ip-10-20-0-21.ec2.internal", "ip-" + dashes(v4) + ".ec2.internal"},
		{"227 Entering Passive Mode (10,20,0,21,8,1).", fmt.Sprintf("227 Entering Passive Mode (%d,%d,%d,%d,8,1).", b[0], b[1], b[2], b[3])},
		{"21.0.20.10.in-addr.arpa", fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0])},
		{"mac 02:00:5e:ab:53:21,", "mac " + mac.String() + ","},
		{"02-00-5E-AB-53-21", string(bytes.ToUpper([]byte(fmt.Sprintf("%x-%x-%x-%x-%x-%x", mac[0:1], mac[1:2], mac[2:3], mac[3:4], mac[4:5], mac[5:6]))))},
		{"axis-02005eab5321.local", fmt.Sprintf("axis-%x.local", mac[:])},
		{"cisco-0200.5eab.5321-Vl1", fmt.Sprintf("cisco-%x.%x.%x-Vl1", mac[0:2], mac[2:4], mac[4:6])},
		{"SEP02005EAB5321.cnf.xml", fmt.Sprintf("SEP%X.cnf.xml", mac[:])},
		{"uuid:2fac1234-31f8-11b4-a222-02005eab5321", fmt.Sprintf("uuid:2fac1234-31f8-11b4-a222-%x", mac[:])},
	} {
		if got := a.TextOf(c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

func TestTextLeavesTheRest(t *testing.T) {
	a := anonymizerOf(10)
	for _, s := range []string{
		"", ".", "::", "1.2.3", "RTSP/1.0", "12:34:56.789", "2026-11-25T20:41:48Z", "1.3.6.1.4.1.311", "256.1.1.1", "10.020.0.1", "a,1,2,3,4", "1,2,3,4", "1,2,3,4,5",
		"012345678901.s3", "d111111abcdef8", "std::string", "0.0.0.0", "127.0.0.1:80", "npt=0.000-1.250", "TLS_RSA_WITH", "x1.2.3.4567",
		"boundary=----abc", "10-20-30", "range 8000-9000", "0200.5eab.53219", "SEP02005EAB53210",
	} {
		if got := a.TextOf(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
	var none *Anonymizer
	if got := none.TextOf("10.20.0.21"); got != "10.20.0.21" {
		t.Errorf("without an anonymizer %q", got)
	}
}

// An address that is parted by segments is not left as it was, as far as two of
// its dots are in one.
func TestEdgesMapPartsOfAddresses(t *testing.T) {
	a := anonymizerOf(11)
	for _, c := range []struct{ before, same string }{
		{"rtsp://10.20.30.", "rtsp://10."}, {"x 10.20.3", "x 10."}, {".20.31:554/", ""}, {"20.30.21 x", ""},
	} {
		b := []byte(c.before)
		a.Edges(b)
		if string(b) == c.before || len(b) != len(c.before) || !bytes.HasPrefix(b, []byte(c.same)) {
			t.Errorf("%q becomes %q", c.before, b)
		}
	}
	for _, s := range []string{"RTSP/1.0", "21.5", "1.1 200 OK", "10.", "12:10:11.5"} {
		b := []byte(s)
		if a.Edges(b); string(b) != s {
			t.Errorf("%q becomes %q", s, b)
		}
	}
	whole := []byte("rtsp://10.20.30.4")
	a.Text(whole)
	part := []byte("rtsp://10.20.30.")
	if a.Edges(part); !bytes.HasPrefix(whole, part) {
		t.Errorf("in one %q, in parts %q", whole, part)
	}
}

// An address whose last four octets are written as those of IPv4 are keeps none of
// them, whatever digits they need.
func TestFourOctetsBehindAnIPv6PrefixAreMapped(t *testing.T) {
	a, kept := anonymizerOf(12, "10.0.0.0/9"), 0
	for i := range 200 {
		before := fmt.Sprintf("2001:db8::%d.%d.%d.%d", 20+i, 7*i%256, 255-i, i%10)
		after := []byte(before)
		if a.Text(after); bytes.HasSuffix(after, []byte(before[len("2001:db8:"):])) {
			kept++
		}
		for j := range after {
			if (after[j] == '.') != (before[j] == '.') {
				t.Fatalf("%s becomes %s", before, after)
			}
		}
	}
	if kept > 10 {
		t.Errorf("%d of 200 are as they were", kept)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"10.20.0.21", "[fd00::1]:5", "::ffff:1.2.3.4", "02:00:5e:00:53:21", "1-2-3-4", "1,2,3,4,5,6", "4.3.2.1.in-addr.arpa", "1.0.ip6.arpa.", "2fac1234-31f8-11b4-a222-02005eab5321", "1.2.3.4.5.6.7.8", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1.2.3.4:5", "1:2:3:4:5:6:7:8.9"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 300 {
			return
		}
		a := anonymizerOf(12, "10.0.0.0/9")
		first, second := bytes.Clone(text), bytes.Clone(text)
		a.Text(first)
		anonymizerOf(12, "10.0.0.0/9").Text(second)
		if !bytes.Equal(first, second) {
			t.Fatalf("%q becomes %q and %q", text, first, second)
		}
		for i := range text { // what is no digit stays
			if class[text[i]]&hexadecimal == 0 && first[i] != text[i] {
				t.Fatalf("%q becomes %q", text, first)
			}
		}
		a.Edges(first)
	})
}

func FuzzAddr(f *testing.F) {
	f.Add([]byte{10, 0, 0, 1}, []byte{10, 0, 0, 2})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		a, okA := netip.AddrFromSlice(x)
		b, okB := netip.AddrFromSlice(y)
		if !okA || !okB {
			return
		}
		m := anonymizerOf(13, "10.20.0.64/26", "fd00::/57")
		if (a == b) != (m.Addr(a) == m.Addr(b)) || len(m.Addr(a).String()) != len(a.String()) {
			t.Fatalf("%s and %s become %s and %s", a, b, m.Addr(a), m.Addr(b))
		}
	})
}
