package flow

import (
	"net/netip"
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
