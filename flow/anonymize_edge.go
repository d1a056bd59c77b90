package flow

import (
	"bytes"
)

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
