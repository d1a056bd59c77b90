package flow

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// Anonymizer maps IP addresses and MACs to others, the same one always to the
// same other, by a secret key. What may be read from an address stays:
//
//   - An IPv4 address is mapped octet by octet and each octet to one with as many
//     decimal digits, an IPv6 address digit by digit, zeros that are not written
//     staying zeros: their text keeps its length. How a digit is mapped depends
//     on those before it, so that addresses share as long a prefix as before.
//   - Of the ranges that mean something (private, link-local, documentation …) an
//     address stays in its own, and out of them stays out; so it does of the
//     prefixes that the Anonymizer was made with. Octets 0 and 255, loopback and
//     the well-known multicast groups stay as they are.
//   - Of a MAC the vendor stays (the first three bytes), of a locally administered
//     one the first byte, and all of one that is shared by routers or a group's.
//
// Apart from that no address is mapped to itself, and no two to the same one. It
// is not safe for concurrent use.
type Anonymizer struct {
	key      [32]byte
	prefixes []netip.Prefix
	special  []netip.Prefix
	tables   map[string][]byte
	known    map[netip.Addr]netip.Addr
}

// What is remembered so as not to be computed again.
const (
	maxTables = 1 << 15
	maxKnown  = 1 << 16
)

// NewAnonymizer makes the mapping of a key that keeps the prefixes whole. The
// same key with other prefixes is another mapping.
func NewAnonymizer(key [32]byte, prefixes []netip.Prefix) *Anonymizer {
	a := &Anonymizer{key: key, special: special(), tables: map[string][]byte{}, known: map[netip.Addr]netip.Addr{}}
	for _, p := range prefixes {
		if p = p.Masked(); p.IsValid() && !p.Addr().Is4In6() {
			a.prefixes = append(a.prefixes, p)
		}
	}
	return a
}

// Addr maps an address. The zero Addr, and an IPv6 zone, stay.
func (a *Anonymizer) Addr(ip netip.Addr) netip.Addr {
	if to, ok := a.known[ip]; ok {
		return to
	}
	to := ip
	switch {
	case ip.Is4():
		b := ip.As4()
		a.IPv4(b[:])
		to = netip.AddrFrom4(b)
	case ip.Is6():
		b := ip.As16()
		a.IPv6(b[:])
		to = netip.AddrFrom16(b).WithZone(ip.Zone())
	}
	if len(a.known) >= maxKnown {
		clear(a.known)
	}
	a.known[ip] = to
	return to
}

// Prefix maps a prefix, which must be one of those that a was made with, or one
// that ends between octets of IPv4 or between hexadecimal digits of IPv6.
func (a *Anonymizer) Prefix(p netip.Prefix) netip.Prefix {
	p = p.Masked()
	ip, bits := p.Addr(), p.Bits()
	digit := 4
	if ip.Is4() {
		digit = 8
	}
	to := a.Addr(ip).AsSlice()
	for i, b := range ip.AsSlice() { // the digit that the prefix ends in stays, and the zeros behind it
		if whole := bits / digit * digit; 8*i >= whole {
			to[i] = b
		} else if 8*i+4 == whole {
			to[i] = to[i]&0xf0 | b&0x0f
		}
	}
	addr, _ := netip.AddrFromSlice(to)
	return netip.PrefixFrom(addr, bits)
}

// IPv4 maps the four bytes of an address in place.
func (a *Anonymizer) IPv4(b []byte) {
	switch {
	case b[0] == 0 || b[0] == 127 || b[0] == 169 && b[1] == 254 && b[2] == 169: // the last are a cloud's own services
		return
	case b[0]&0xf0 == 0xe0:
		a.group4(b[1:4])
		return
	}
	old := [4]byte(b)
	for i := range old {
		b[i] = a.octets(old[:i])[old[i]]
	}
}

// group4 maps what the MAC of a multicast group holds of it (RFC 1112, section
// 6.4), so that both stay the same group: the last two octets, by the low seven
// bits of the one before. Those that are administered for everybody (224.0.0.0
// and 224.0.1.0, RFC 5771) and 239.255.255.0 stay.
func (a *Anonymizer) group4(b []byte) {
	scope := b[0] & 0x7f
	if scope == 0 && b[1] <= 1 || scope == 0x7f && b[1] == 255 {
		return
	}
	fixed := func(v int) bool { return scope == 0 && v <= 1 || scope == 0x7f && v == 255 }
	third, fourth := b[1], b[2]
	b[1] = a.table("group4", []byte{scope}, 256, func(v int) uint32 { return label4(v, fixed(v)) })[third]
	b[2] = a.table("group4", []byte{scope, third}, 256, func(v int) uint32 { return label4(v, false) })[fourth]
}

// octets returns the permutation of the octet behind those given.
func (a *Anonymizer) octets(before []byte) []byte {
	return a.table("ipv4", before, 256, func(v int) uint32 { return label4(v, false) }, a.marks(before, 8, true)...)
}

// label4 tells octets apart that must not be exchanged: by their length as
// text, and those that stay.
func label4(v int, fixed bool) uint32 {
	switch {
	case fixed || v == 0 || v == 255:
		return uint32(1000 + v)
	case v < 10:
		return 1
	case v < 100:
		return 2
	}
	return 3
}

// IPv6 maps the sixteen bytes of an address in place. Of an IPv4 address mapped
// into IPv6 the IPv4 address is mapped.
func (a *Anonymizer) IPv6(b []byte) {
	ip := netip.AddrFrom16([16]byte(b))
	switch {
	case ip.Is4In6():
		a.IPv4(b[12:16])
		return
	case ip.IsUnspecified() || ip.IsLoopback():
		return
	}
	var old, to [32]byte
	for i, v := range b[:16] {
		old[2*i], old[2*i+1] = v>>4, v&0x0f
	}
	first, end := 0, 32
	if b[0] == 0xff { // flags and scope stay
		a.group6(b[12:16])
		first, end = 4, 24
	}
	for i := first; i < end; i++ {
		to[i] = a.digits(old[:i])[old[i]]
	}
	for i := first / 2; i < end/2; i++ {
		b[i] = to[2*i]<<4 | to[2*i+1]
	}
}

// group6 maps what the MAC of a multicast group holds of it (RFC 2464, section
// 7): its last 32 bits, unless they are few, as those of groups for everybody
// are. Of a solicited-node group (RFC 4291, section 2.7.1), which ends as the
// node's address does, the first eight stay.
func (a *Anonymizer) group6(b []byte) {
	if b[0] == 0 && b[1] <= 1 {
		return
	}
	var old [8]byte
	for i, v := range b[:4] {
		old[2*i], old[2*i+1] = v>>4, v&0x0f
	}
	solicited := b[0] == 0xff
	to := old
	for i := range old {
		if i < 2 && solicited {
			continue
		}
		leading := leads(old[:i], 4)
		few := i < 4 && leads(old[:i], 8) // else it would become one that stays
		to[i] = a.table("group6", old[:i], 16, func(v int) uint32 {
			return label6(v, leading, v == 0xf && i < 2 || few && i == 3 && v == 1)
		})[old[i]]
	}
	for i := range 4 {
		b[i] = to[2*i]<<4 | to[2*i+1]
	}
}

// digits returns the permutation of the hexadecimal digit behind those given.
func (a *Anonymizer) digits(before []byte) []byte {
	leading := leads(before, 4)
	return a.table("ipv6", before, 16, func(v int) uint32 { return label6(v, leading, false) }, a.marks(before, 4, false)...)
}

// leads reports whether of a group of n digits all so far are zeros.
func leads(before []byte, n int) bool {
	for _, v := range before[len(before)-len(before)%n:] {
		if v != 0 {
			return false
		}
	}
	return true
}

// label6 tells digits apart that must not be exchanged: those that stay, and
// zeros that are not written.
func label6(v int, leading, fixed bool) uint32 {
	if fixed || leading && v == 0 {
		return uint32(1000 + v)
	}
	return 1
}

// special returns the ranges out of and into which nothing is mapped (IANA
// "Special-Purpose Address Registry" of both versions), and 2000::/4 and 3000::/4
// since nothing else was given out.
func special() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "169.254.169.0/24", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "2000::/4", "2001::/32", "2001:db8::/32", "2002::/16", "3000::/4", "3fff::/20",
		"fc00::/8", "fd00::/8", "fe80::/16", "fe80::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// mark is a run of digits, in what follows those given, that stays one: of a
// single one that digit stays.
type mark struct {
	first, last int
	ends        bool // its first and last stay, too: a network's and its broadcast
}

// marks returns the marks of a digit of so many bits.
func (a *Anonymizer) marks(before []byte, bits int, v4 bool) []mark {
	var list []mark
	at := func(p netip.Prefix, mine bool) {
		if p.Addr().Is4() != v4 || p.Bits() <= len(before)*bits || !begins(p, before, bits) {
			return
		}
		v := digit(p, len(before), bits)
		free := (len(before)+1)*bits - p.Bits() // bits of the digit behind the prefix
		switch {
		case free > 0:
			list = append(list, mark{v, v | (1<<free - 1), mine && v4 && len(before) == 3})
		case !mine:
			list = append(list, mark{v, v, false})
		}
	}
	for _, p := range a.special {
		at(p, false)
	}
	for _, p := range a.prefixes {
		at(p, true)
	}
	return list
}

// begins reports whether p begins with the digits.
func begins(p netip.Prefix, digits []byte, bits int) bool {
	for i, v := range digits {
		if digit(p, i, bits) != int(v) {
			return false
		}
	}
	return true
}

func digit(p netip.Prefix, i, bits int) int {
	b := p.Addr().As16()
	if p.Addr().Is4() {
		i += 12
	}
	if bits == 8 {
		return int(b[i])
	}
	return int(b[i/2]>>(4*(1-i%2))) & 0x0f
}

// MAC maps a MAC.
func (a *Anonymizer) MAC(m MAC) MAC {
	const local, group = 0x02, 0x01
	to := m
	first := 3
	switch {
	case m == MAC{} || m.Virtual():
		return m
	case m[0] == 0x01 && m[1] == 0 && m[2] == 0x5e && m[3] < 0x80:
		a.group4(to[3:6])
		return to
	case m[0] == 0x33 && m[1] == 0x33:
		a.group6(to[2:6])
		return to
	case m[0]&group != 0:
		return m
	case m[0]&local != 0:
		first = 1
	}
	for i := first; i < len(m); i++ {
		before := m[:i]
		none, virtual := leads(before, len(m)), towardsVirtual(before)
		to[i] = a.table("mac", before, 256, func(v int) uint32 {
			if none && v == 0 || virtual && towardsVirtual(append(slices.Clone(before), byte(v))) {
				return uint32(1000 + v)
			}
			return 1
		})[m[i]]
	}
	return to
}

// Hardware maps a MAC in place.
func (a *Anonymizer) Hardware(b []byte) {
	m := a.MAC(MAC(b))
	copy(b, m[:])
}

// Opaque replaces an identifier, which may hold an address in part, by another
// of its length, in place.
func (a *Anonymizer) Opaque(b []byte) {
	r := a.random("opaque", b)
	for i := range b {
		b[i] = byte(r.Uint64())
	}
}

// table returns a permutation of n digits for what stands before them. Digits
// of different labels, or on different sides of a mark, are not exchanged; all
// others are, none with itself.
func (a *Anonymizer) table(kind string, before []byte, n int, label func(v int) uint32, marks ...mark) []byte {
	name := kind + string(before)
	if t, ok := a.tables[name]; ok {
		return t
	}
	labels := make([]uint64, n)
	for v := range labels {
		h := uint64(label(v))
		for _, m := range marks {
			side := uint64(0)
			if m.first <= v && v <= m.last {
				side = 1
			}
			if m.ends && (v == m.first || v == m.last) {
				side = uint64(2 + v)
			}
			h = h*1_000_003 + side + 7
		}
		labels[v] = h
	}
	t := make([]byte, n)
	r := a.random(kind, before)
	for v := range t {
		t[v] = byte(v)
	}
	for v := range labels {
		if slices.Index(labels, labels[v]) < v {
			continue // its cell is done
		}
		var cell []int
		for w := v; w < n; w++ {
			if labels[w] == labels[v] {
				cell = append(cell, w)
			}
		}
		for i := len(cell) - 1; i > 0; i-- { // Sattolo's algorithm: one cycle through all
			j := int(r.Uint64() % uint64(i))
			t[cell[i]], t[cell[j]] = t[cell[j]], t[cell[i]]
		}
	}
	if len(a.tables) >= maxTables {
		clear(a.tables)
	}
	a.tables[name] = t
	return t
}

// random returns the numbers that the key gives for a place.
func (a *Anonymizer) random(kind string, before []byte) *rand.ChaCha8 {
	h := sha256.New()
	h.Write(a.key[:])
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(kind))))
	h.Write([]byte(kind))
	h.Write(before)
	return rand.NewChaCha8([32]byte(h.Sum(nil)))
}
