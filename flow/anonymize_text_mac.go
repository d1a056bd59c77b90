package flow

import (
	"bytes"
)

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

// dottedMAC maps a MAC of three groups of four digits, as Cisco writes them, and
// returns how long it is.
func (a *Anonymizer) dottedMAC(b []byte) int {
	const length = 14
	var m MAC
	if len(b) < length || b[4] != '.' || b[9] != '.' || len(b) > length && class[b[length]]&alphanumeric != 0 ||
		!pairs(m[0:2], b[0:4]) || !pairs(m[2:4], b[5:9]) || !pairs(m[4:6], b[10:length]) {
		return 0
	}
	m = a.MAC(m)
	digits := digitsOf(b[:length])
	for i := range 3 {
		over(b[5*i:5*i+4], m[2*i:2*i+2], digits)
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

// bare maps a MAC that stands for itself, or behind a word as in SEP001B54AABBCC,
// with nothing between its digits, of which one is a letter: else it may be a
// number.
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
