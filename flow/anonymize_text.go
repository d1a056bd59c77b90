package flow

import (
	"strings"
)

// Text maps the addresses in b, which may be text or hold some, in place:
//
//   - IPv4 addresses, also with dashes (ip-10-0-0-5), with commas before a port
//     (RFC 959, section 4.1.2), and reversed before in-addr.arpa
//   - IPv6 addresses, also as the digits before ip6.arpa
//   - MACs with colons, dashes, two dots or, if a letter is among their digits,
//     nothing between them, then behind a word too; and the end of a UUID, which may be one (RFC 9562, section 5.1)
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
			n := 0
			if class[b[i-1]]&hexadecimal == 0 {
				n = a.bare(b[i:])
			}
			i += max(n, 1)
			continue
		}
		n := a.hardware(b[i:])
		if n == 0 {
			n = a.dottedMAC(b[i:])
		}
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
