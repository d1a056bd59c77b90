package flow

import (
	"bytes"
	"net/netip"
)

// behindWord reports whether a number that may begin an address, but nothing else
// that could, stands at i: behind a letter, or as the end of a longer number.
func behindWord(b []byte, i int) bool {
	switch c := class[b[i-1]]; {
	case class[b[i]]&decimal == 0 || c&alphanumeric == 0:
		return false
	case c&decimal == 0:
		return true
	}
	return i+3 < len(b) && class[b[i+1]]&class[b[i+2]]&decimal != 0 && b[i+3] == '.'
}

// number reads a decimal octet, without a zero before it, at the beginning of b.
func number(b []byte) (v, n int) {
	for n < len(b) && class[b[n]]&decimal != 0 {
		if v = v*10 + int(b[n]-'0'); n == 3 || n > 0 && b[0] == '0' {
			return 0, 0
		}
		n++
	}
	if v > 255 {
		return 0, 0
	}
	return v, n
}

// dotted maps four octets that are joined alike, and returns how long they are;
// 0 if b does not begin with them, or with more than four.
func (a *Anonymizer) dotted(b []byte, first bool) int {
	var ip [4]byte
	var at [5]int
	if !first || len(b) < 7 {
		return 0
	}
	sep := byte(0)
	for i := range ip {
		v, n := number(b[at[i]:])
		if n == 0 {
			return 0
		}
		ip[i], at[i+1] = byte(v), at[i]+n
		if i == 3 {
			break
		}
		if at[i+1] == len(b) || sep != 0 && b[at[i+1]] != sep {
			return 0
		}
		if sep = b[at[i+1]]; sep != '.' && sep != '-' && sep != ',' {
			return 0
		}
		at[i+1]++
	}
	rest := b[at[4]:]
	switch more := len(rest) > 1 && rest[0] == sep && class[rest[1]]&decimal != 0; {
	case sep == ',' && !(more && port(rest)):
		return 0
	case sep != ',' && more:
		return 0
	case sep != '.' && len(rest) > 0 && class[rest[0]]&alphanumeric != 0:
		return 0
	}
	a.IPv4(ip[:])
	for i := range ip {
		decimals(b[at[i]:], ip[i])
	}
	return at[4]
}

// port reports whether ,p1,p2 and nothing more follows an address.
func port(b []byte) bool {
	for range 2 {
		if len(b) == 0 || b[0] != ',' {
			return false
		}
		_, n := number(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	return len(b) == 0 || class[b[0]]&decimal == 0 && b[0] != ','
}

// decimals writes an octet over one of as many digits.
func decimals(b []byte, v byte) {
	switch {
	case v >= 100:
		b[0], b[1], b[2] = '0'+v/100, '0'+v/10%10, '0'+v%10
	case v >= 10:
		b[0], b[1] = '0'+v/10, '0'+v%10
	default:
		b[0] = '0' + v
	}
}

// ipv6 maps an IPv6 address and returns how long its text is.
func (a *Anonymizer) ipv6(b []byte) int {
	n, colons := 0, 0
	for n < len(b) && n < 45 && (class[b[n]]&hexadecimal != 0 || b[n] == ':' || b[n] == '.') {
		if b[n] == ':' {
			colons++
		}
		n++
	}
	if colons < 2 || n < len(b) && class[b[n]]&alphanumeric != 0 {
		return 0
	}
	for n > 0 && (b[n-1] == '.' || b[n-1] == ':' && (n < 2 || b[n-2] != ':')) { // the end of a sentence
		n--
	}
	// An address may be followed by a port that is joined alike, as in
	// 2001:db8::1.443; then it is what stands before.
	ip, err := netip.ParseAddr(string(b[:n]))
	for err != nil && bytes.IndexByte(b[:n], '.') > 0 {
		n = bytes.LastIndexByte(b[:n], '.')
		ip, err = netip.ParseAddr(string(b[:n]))
	}
	if err != nil || !ip.Is6() {
		return 0
	}
	to := a.Addr(ip)
	if to == ip {
		return n
	}
	a.groups(b[:n], to)
	return n
}

// groups writes an address over the text of another whose zeros are in the same
// places. Of an IPv4 address written in hexadecimal digits, which may need
// more of them than there are, those that have no room are left out. Four octets at
// the end whose digits have no room are mapped as an IPv4 address is.
func (a *Anonymizer) groups(b []byte, ip netip.Addr) {
	v := ip.As16()
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		at := bytes.LastIndexByte(b, ':') + 1
		quad := []byte(netip.AddrFrom4([4]byte(v[12:])).String())
		if alike(quad, b[at:]) {
			copy(b[at:], quad)
		} else {
			a.dotted(b[at:], true)
		}
		b = b[:at]
		if len(b) > 1 && b[len(b)-2] != ':' {
			b = b[:len(b)-1]
		}
		a.hextets(b, v[:12])
		return
	}
	a.hextets(b, v[:])
}

// alike reports whether two texts have their dots in the same places.
func alike(x, y []byte) bool {
	for i := range min(len(x), len(y)) {
		if (x[i] == '.') != (y[i] == '.') {
			return false
		}
	}
	return len(x) == len(y)
}

// hextets writes groups from both ends up to where zeros are left out.
func (a *Anonymizer) hextets(b []byte, v []byte) {
	digits := digitsOf(b)
	head, tail, gap := bytes.Cut(b, []byte("::"))
	write := func(text []byte, v []byte) {
		for len(text) > 0 && len(v) >= 2 {
			n := bytes.IndexByte(text, ':')
			if n < 0 {
				n = len(text)
			}
			over(text[:n], v[0:2], digits)
			text, v = text[min(n+1, len(text)):], v[2:]
		}
	}
	write(head, v)
	if gap && len(tail) > 0 {
		n := 2 * (bytes.Count(tail, []byte(":")) + 1)
		write(tail, v[len(v)-min(n, len(v)):])
	}
}

// digitsOf returns the hexadecimal digits in the case that a text has.
func digitsOf(text []byte) string {
	if bytes.ContainsAny(text, "ABCDEF") {
		return "0123456789ABCDEF"
	}
	return "0123456789abcdef"
}

// over writes the hexadecimal digits of v over others.
func over(text, v []byte, digits string) {
	for i := range text {
		at := 2*len(v) - len(text) + i
		text[i] = digits[v[at/2]>>(4*(1-at%2))&0x0f]
	}
}
