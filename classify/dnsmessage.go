package classify

import (
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
)

// Types and classes of resource records (RFC 1035, section 3.2; RFC 3596).
const (
	dnsA      = 1
	dnsCNAME  = 5
	dnsNIMLOC = 32 // in NetBIOS: NB
	dnsAAAA   = 28

	dnsIN = 1
)

const (
	maxDNSQuestions = 64
	maxDNSRecords   = 4096 // of one message, in all sections
	maxDNSPointers  = 32   // compression pointers followed in one name
)

// dnsMessage is one message (RFC 1035, section 4).
type dnsMessage struct {
	shared    *memory // that has the names; may be nil
	response  bool
	truncated bool
	opcode    uint8
	rcode     uint8
	counts    [4]uint16 // questions, answers, authorities, additional records

	questions []dnsQuestion
	addresses []dnsRecord // A and AAAA of the answers, of mDNS also of the additional records
	aliases   []dnsRecord // CNAME of the answers

	parsed  [4]int // how many of counts were whole
	rest    int    // bytes after the last record
	cut     bool   // a section ended before its count was reached
	invalid bool   // a name, a length or a class is not that of DNS
}

type dnsQuestion struct {
	name  string
	qtype uint16
	class uint16
}

type dnsRecord struct {
	owner   string
	target  string // of CNAME
	address netip.Addr
	ttl     uint32
}

// readDNS reads a message as far as it goes; ok is false when its header is not
// that of DNS. What m.cut and m.invalid mean is for the caller to say.
func readDNS(b []byte, additional bool, shared *memory) (m dnsMessage, ok bool) {
	m.shared = shared
	s := cryptobyte.String(b)
	var flags uint16
	if !s.Skip(2) || !s.ReadUint16(&flags) {
		return m, false
	}
	for i := range m.counts {
		if !s.ReadUint16(&m.counts[i]) {
			return m, false
		}
	}
	m.response, m.truncated = flags&0x8000 != 0, flags&0x0200 != 0
	m.opcode, m.rcode = uint8(flags>>11&0xf), uint8(flags&0xf)
	total := 0
	for _, n := range m.counts {
		total += int(n)
	}
	if m.opcode > 6 || m.opcode == 3 || flags&0x0040 != 0 || total == 0 || total > maxDNSRecords || m.counts[0] > maxDNSQuestions {
		return m, false
	}
	m.readSections(&s, b, additional)
	m.rest = len(s)
	return m, true
}

func (m *dnsMessage) readSections(s *cryptobyte.String, message []byte, additional bool) {
	for section, count := range m.counts {
		for range count {
			ok := false
			if section == 0 {
				ok = m.readQuestion(s, message)
			} else {
				ok = m.readRecord(s, message, section == 1 || section == 3 && additional)
			}
			if !ok {
				m.cut = true
				return
			}
			m.parsed[section]++
		}
	}
}

func (m *dnsMessage) readQuestion(s *cryptobyte.String, message []byte) bool {
	var q dnsQuestion
	var ok bool
	if q.name, ok = m.readName(s, message); !ok || !s.ReadUint16(&q.qtype) || !s.ReadUint16(&q.class) {
		return false
	}
	switch q.class &^ 0x8000 { // the bit is mDNS's (RFC 6762, section 5.4)
	case dnsIN, 3, 4, 254, 255:
	default:
		m.invalid = true
	}
	m.invalid = m.invalid || q.qtype == dnsNIMLOC && len(q.name) == 32 // NetBIOS
	m.questions = append(m.questions, q)
	return true
}

// readRecord reads a resource record (RFC 1035, section 4.1.3) and keeps what
// leads from names to addresses.
func (m *dnsMessage) readRecord(s *cryptobyte.String, message []byte, keep bool) bool {
	owner, ok := m.readName(s, message)
	var kind, class uint16
	var data cryptobyte.String
	r := dnsRecord{owner: owner}
	if !ok || !s.ReadUint16(&kind) || !s.ReadUint16(&class) || !s.ReadUint32(&r.ttl) || !s.ReadUint16LengthPrefixed(&data) {
		return false
	}
	if !keep || class&^0x8000 != dnsIN { // the bit is mDNS's (RFC 6762, section 10.2)
		return true
	}
	switch {
	case kind == dnsA && len(data) == 4, kind == dnsAAAA && len(data) == 16:
		r.address, _ = netip.AddrFromSlice(data)
		m.addresses = append(m.addresses, r)
	case kind == dnsCNAME:
		if r.target, ok = m.readName(&data, message); ok {
			m.aliases = append(m.aliases, r)
		}
	case kind == dnsA, kind == dnsAAAA:
		m.invalid = true
	}
	return true
}

// readName reads a name (RFC 1035, section 4.1.4): lower case, no dot at its
// end, a byte of a label that is not printable written as \DDD. A compression
// pointer must lead towards the message's beginning.
func (m *dnsMessage) readName(s *cryptobyte.String, message []byte) (string, bool) {
	var room [128]byte
	name := room[:0]
	here, before := s, len(message)-len(*s)
	for pointers, length := 0, 0; ; {
		var c, low uint8
		if !here.ReadUint8(&c) {
			return "", false
		}
		switch c >> 6 {
		case 0:
			if c == 0 {
				return m.shared.name(name), true
			}
			var label []byte
			if length += int(c) + 1; !here.ReadBytes(&label, int(c)) {
				return "", false
			}
			if length > 254 {
				m.invalid = true
				return "", false
			}
			name = appendLabel(name, label)
		case 3:
			if !here.ReadUint8(&low) {
				return "", false
			}
			at := int(c&0x3f)<<8 | int(low)
			if pointers++; at >= before || pointers > maxDNSPointers {
				m.invalid = true
				return "", false
			}
			jump := cryptobyte.String(message[at:])
			here, before = &jump, at
		default:
			m.invalid = true
			return "", false
		}
	}
}

func appendLabel(name, label []byte) []byte {
	if len(name) > 0 {
		name = append(name, '.')
	}
	for _, c := range label {
		switch {
		case 'A' <= c && c <= 'Z':
			name = append(name, c+'a'-'A')
		case c == '.' || c == '\\':
			name = append(name, '\\', c)
		case c < 0x21 || c > 0x7e:
			name = append(name, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			name = append(name, c)
		}
	}
	return name
}
