package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// sequence maps the addresses in bytes of which nothing is known: in text, also
// in the base64 that RTSP is sent in through HTTP, and in certificates.
func (r *rewriter) sequence(b []byte) {
	r.certificates(b)
	r.Text(b)
	r.base64(b)
}

// base64 maps the addresses in text that was encoded (RFC 4648, section 4) from
// the beginning of b or of a line on.
func (r *rewriter) base64(b []byte) {
	const least = 16
	for len(b) >= least {
		n := 0
		for n < len(b) && (alphabet(b[n]) || b[n] == '=') {
			n++
		}
		if whole := n &^ 3; whole >= least {
			r.decoded(b[:whole])
		}
		next := bytes.IndexByte(b[n:], '\n')
		if next < 0 {
			return
		}
		b = b[n+next+1:]
	}
}

func alphabet(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// decoded maps the addresses in what b encodes, if that is text.
func (r *rewriter) decoded(b []byte) {
	text := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Decode(text, b)
	if text = text[:n]; err != nil || !isText(text) {
		return
	}
	before := string(text)
	if r.Text(text); string(text) != before {
		base64.StdEncoding.Encode(b, text)
	}
}

// certificates maps the addresses among the subject alternative names of the
// X.509 certificates that lie in b (RFC 5280, section 4.2.1.6): iPAddress, with
// the context tag 7.
func (r *rewriter) certificates(b []byte) {
	const name, sequence, octets, boolean, address = "\x06\x03\x55\x1d\x11", 0x30, 0x04, 0x01, 0x87
	for {
		at := bytes.Index(b, []byte(name))
		if at < 0 {
			return
		}
		b = b[at+len(name):]
		v := b
		if len(v) > 3 && v[0] == boolean { // critical
			v = v[3:]
		}
		v = contents(contents(v, octets), sequence)
		for len(v) >= 2 {
			n, length := int(v[1]), 2
			switch {
			case n == 0x81 && len(v) >= 3:
				n, length = int(v[2]), 3
			case n == 0x82 && len(v) >= 4:
				n, length = int(binary.BigEndian.Uint16(v[2:4])), 4
			}
			value := v[length:min(length+n, len(v))]
			if v[0] == address && (n == 4 || n == 16) {
				r.address(value)
			}
			v = v[length+len(value):]
		}
	}
}

// contents returns what a DER element of the tag holds, as far as it is there.
func contents(b []byte, tag byte) []byte {
	if len(b) < 2 || b[0] != tag {
		return nil
	}
	n, length := int(b[1]), 2
	switch {
	case n == 0x81 && len(b) >= 3:
		n, length = int(b[2]), 3
	case n == 0x82 && len(b) >= 4:
		n, length = int(binary.BigEndian.Uint16(b[2:4])), 4
	case n >= 0x80:
		return nil
	}
	return b[length:min(length+n, len(b))]
}
