package flow

import (
	"bytes"
	"net/netip"
	"strings"
)

// Text maps the addresses in b, which may be text or hold some, in place:
//
//   - IPv4 addresses, also with dashes (ip-10-0-0-5), with commas before a port
//     (RFC 959, section 4.1.2), and reversed before in-addr.arpa
//   - IPv6 addresses, also as the digits before ip6.arpa
//   - MACs with colons, dashes or, if a letter is among their digits, nothing
//     between them; and the end of a UUID, which may be one (RFC 9562, section 5.1)
//
// An address that goes on beyond b is not known for one.
func (a *Anonymizer) Text(b []byte) {
	for i := 0; i < len(b); i++ {
		switch c := class[b[i]]; {
		case c == 0:
			continue
		case c&alphanumeric == 0:
			if b[i] == ':' && i+2 < len(b) && b[i+1] == ':' && (i == 0 || class[b[i-1]] == 0) { // ::1
				i = a.word(b, i)
			}
			continue
		}
		i = a.word(b, i)
	}
}

// TextOf returns s with the addresses in it mapped as Text does. The nil
// Anonymizer leaves it.
func (a *Anonymizer) TextOf(s string) string {
	if a == nil {
		return s
	}
	b := []byte(s)
	a.Text(b)
	return string(b)
}

// Classes of bytes.
const (
	decimal = 1 << iota
	hexadecimal
	alphanumeric
	joint // what stands between the digits of addresses
)

// class tells of each byte its classes.
var class = classes()

func classes() (c [256]uint8) {
	for i := range c {
		b := byte(i)
		if b >= '0' && b <= '9' {
			c[i] |= decimal
		}
		if b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' {
			c[i] |= hexadecimal
		}
		if b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' {
			c[i] |= alphanumeric
		}
		if strings.IndexByte(".:-,", b) >= 0 {
			c[i] |= joint
		}
	}
	return c
}

// word maps the address in the run of letters, digits and what joins them that
// begins at i. It returns where the last byte of what was looked at is.
func (a *Anonymizer) word(b []byte, i int) int {
	end := i
	for end < len(b) && class[b[end]] != 0 {
		end++
	}
	run := b[i:end]
	if len(run) >= 3 {
		a.run(run)
	}
	return end - 1
}

// run maps the addresses in a run. What is an address in one way is none in
// another.
func (a *Anonymizer) run(b []byte) {
	if a.reverse(b) {
		return
	}
	for i := 0; i < len(b); {
		if i > 0 && behindWord(b, i) {
			if n := a.dotted(b[i:], true); n > 0 {
				i += n
				continue
			}
		}
		if i > 0 && class[b[i-1]]&alphanumeric != 0 {
			i++
			continue
		}
		n := a.hardware(b[i:])
		if n == 0 {
			n = a.ipv6(b[i:])
		}
		if n == 0 {
			n = a.dotted(b[i:], i == 0 || b[i-1] != '.')
		}
		if n == 0 {
			n = a.uuid(b[i:])
		}
		if n == 0 {
			n = a.bare(b[i:])
		}
		i += max(n, 1)
	}
}

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
// more of them than there are, those that have no room are left out.
func (a *Anonymizer) groups(b []byte, ip netip.Addr) {
	v := ip.As16()
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		at := bytes.LastIndexByte(b, ':') + 1
		quad := []byte(netip.AddrFrom4([4]byte(v[12:])).String())
		if len(quad) == len(b)-at {
			copy(b[at:], quad)
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

// hardware maps a MAC of six pairs of digits and returns how long it is.
func (a *Anonymizer) hardware(b []byte) int {
	const length = 17
	if len(b) < length || b[2] != ':' && b[2] != '-' || len(b) > length && (class[b[length]]&alphanumeric != 0 || b[length] == b[2] && len(b) > length+1 && class[b[length+1]]&hexadecimal != 0) {
		return 0
	}
	var m MAC
	for i := range m {
		if i > 0 && b[3*i-1] != b[2] || !pairs(m[i:i+1], b[3*i:3*i+2]) {
			return 0
		}
	}
	m = a.MAC(m)
	digits := digitsOf(b[:length])
	for i := range m {
		over(b[3*i:3*i+2], m[i:i+1], digits)
	}
	return length
}

// pairs reads two hexadecimal digits a byte.
func pairs(to, b []byte) bool {
	for i := range b {
		if class[b[i]]&hexadecimal == 0 {
			return false
		}
		v := b[i] | 0x20 // of a letter the lower case; a digit has the bit
		if v -= '0'; v > 9 {
			v -= 'a' - '0' - 10
		}
		to[i/2] = to[i/2]<<4 | v
	}
	return true
}

// bare maps a MAC that stands for itself with nothing between its digits, of
// which one is a letter: else it may be a number.
func (a *Anonymizer) bare(b []byte) int {
	const length = 12
	var m MAC
	if len(b) < length || len(b) > length && class[b[length]]&alphanumeric != 0 || !pairs(m[:], b[:length]) || len(bytes.Trim(b[:length], "0123456789")) == 0 {
		return 0
	}
	m = a.MAC(m)
	over(b[:length], m[:], digitsOf(b[:length]))
	return length
}

// uuid maps the last group of a UUID.
func (a *Anonymizer) uuid(b []byte) int {
	const length = 36
	var v [16]byte
	if len(b) < length || len(b) > length && class[b[length]]&alphanumeric != 0 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' ||
		!pairs(v[0:4], b[0:8]) || !pairs(v[4:6], b[9:13]) || !pairs(v[6:8], b[14:18]) || !pairs(v[8:10], b[19:23]) || !pairs(v[10:], b[24:length]) {
		return 0
	}
	m := a.MAC(MAC(v[10:]))
	over(b[24:length], m[:], digitsOf(b[:length]))
	return length
}

// reverse maps the name of an address (RFC 1035, section 3.5; RFC 3596, section
// 2.5), or of a zone of them, at the end of a run.
func (a *Anonymizer) reverse(b []byte) bool {
	name := bytes.TrimSuffix(b, []byte("."))
	if len(name) < 9 || !bytes.EqualFold(name[len(name)-5:], []byte(".arpa")) {
		return false
	}
	var labels [][]byte
	for len(name) > 0 {
		n := bytes.IndexByte(name, '.')
		if n < 0 {
			n = len(name)
		}
		labels = append(labels, name[:n])
		name = name[min(n+1, len(name)):]
	}
	return a.Labels(labels)
}

// Labels maps the labels of a name in place if it is that of an address or of
// a prefix, and reports whether it is.
func (a *Anonymizer) Labels(labels [][]byte) bool {
	n := len(labels) - 2
	if n < 1 || !bytes.EqualFold(labels[n+1], []byte("arpa")) {
		return false
	}
	switch {
	case bytes.EqualFold(labels[n], []byte("in-addr")):
		a.reverse4(labels[:n])
	case bytes.EqualFold(labels[n], []byte("ip6")):
		a.reverse6(labels[:n])
	default:
		return false
	}
	return true
}

func (a *Anonymizer) reverse4(labels [][]byte) {
	var ip [4]byte
	n := 0
	for ; n < 4 && n < len(labels); n++ {
		label := labels[len(labels)-1-n]
		v, digits := number(label)
		if digits == 0 || digits < len(label) {
			break
		}
		ip[n] = byte(v)
	}
	a.IPv4(ip[:])
	for i := range n {
		decimals(labels[len(labels)-1-i], ip[i])
	}
}

func (a *Anonymizer) reverse6(labels [][]byte) {
	var text [32]byte
	copy(text[:], bytes.Repeat([]byte("0"), 32))
	n := 0
	for ; n < 32 && n < len(labels); n++ {
		label := labels[len(labels)-1-n]
		if len(label) != 1 || class[label[0]]&hexadecimal == 0 {
			break
		}
		text[n] = label[0]
	}
	var ip [16]byte
	pairs(ip[:], text[:])
	a.IPv6(ip[:])
	for i := range n {
		over(labels[len(labels)-1-i], []byte{ip[i/2] >> (4 * (1 - i%2)) & 0x0f}, digitsOf(text[:]))
	}
}

// Edges maps what of an IPv4 address in text lies before or behind the end of
// b: what was parted by segments, as far as two of its dots are on this side.
// Before the end the octets that are there are mapped as Text does; behind it,
// where the others are not known, to any.
func (a *Anonymizer) Edges(b []byte) {
	n := 0
	for n < len(b) && n < 11 && (class[b[n]]&decimal != 0 || b[n] == '.') {
		n++
	}
	if n < len(b) && n < 11 && class[b[n]]&alphanumeric == 0 && partial(b[:n]) {
		a.octetsOf(b[:n], []byte{0})
	}
	n = len(b)
	for n > 0 && len(b)-n < 14 && (class[b[n-1]]&decimal != 0 || b[n-1] == '.') {
		n--
	}
	if n > 0 && len(b)-n < 14 && class[b[n-1]]&alphanumeric == 0 && partial(b[n:]) {
		a.octetsOf(b[n:], nil)
	}
}

// partial reports whether b is a part of an address with two or three dots.
func partial(b []byte) bool {
	dots := bytes.Count(b, []byte("."))
	if dots != 2 && dots != 3 {
		return false
	}
	octets := 0
	for i, part := range bytes.Split(b, []byte(".")) {
		if len(part) == 0 && i > 0 && i < dots {
			return false
		}
		if len(part) > 0 {
			octets++
		}
		if _, n := number(part); n < len(part) {
			return false
		}
	}
	return octets < 4 // else it is whole, and mapped
}

// octetsOf maps octets each by those before it, and by what else is given.
func (a *Anonymizer) octetsOf(b, before []byte) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '.')
		if n < 0 {
			n = len(b)
		}
		if n > 0 {
			v, _ := number(b[:n])
			decimals(b[:n], a.octets(before)[v])
			before = append(before, byte(v))
		}
		b = b[min(n+1, len(b)):]
	}
}
