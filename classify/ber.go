package classify

import "golang.org/x/crypto/cryptobyte"

// readBER eats one element of BER (X.690, section 8.1) with a tag of one byte
// and a definite length, which LDAP (RFC 4511, section 5.1) and SNMP use. Unlike
// DER it may spell a length longer than needed. Of an element whose end is
// missing the body is what is there, shorter than length.
func readBER(s *cryptobyte.String) (tag uint8, body cryptobyte.String, length int, ok bool) {
	var short uint8
	if !s.ReadUint8(&tag) || tag&0x1f == 0x1f || !s.ReadUint8(&short) {
		return 0, nil, 0, false
	}
	length = int(short)
	if short >= 0x80 {
		var octets []byte
		if short == 0x80 || short > 0x84 || !s.ReadBytes(&octets, int(short&0x7f)) {
			return 0, nil, 0, false
		}
		length = 0
		for _, o := range octets {
			length = length<<8 | int(o)
		}
		if length > 1<<24 {
			return 0, nil, 0, false
		}
	}
	s.ReadBytes((*[]byte)(&body), min(length, len(*s)))
	return tag, body, length, true
}

// readBERElement eats one element that is whole and has the tag.
func readBERElement(s *cryptobyte.String, tag uint8) (body cryptobyte.String, ok bool) {
	got, body, length, ok := readBER(s)
	return body, ok && got == tag && length == len(body)
}

// readBERInteger eats an INTEGER or ENUMERATED of at most four bytes.
func readBERInteger(s *cryptobyte.String, tag uint8) (n int, ok bool) {
	body, ok := readBERElement(s, tag)
	if !ok || len(body) == 0 || len(body) > 5 {
		return 0, false
	}
	for _, b := range body {
		n = n<<8 | int(b)
	}
	return n, true
}

// Tags of X.690 that are read.
const (
	berInteger     = 0x02
	berOctetString = 0x04
	berEnumerated  = 0x0a
	berSequence    = 0x30
)
