package flow

import (
	"bytes"
)

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
