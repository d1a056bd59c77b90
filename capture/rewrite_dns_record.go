package capture

import (
	"encoding/binary"
)

// record maps a resource record (RFC 1035, section 4.1.3).
func (m *message) record() bool {
	if !m.name() || len(m.old)-m.at < 10 {
		return false
	}
	kind, length := binary.BigEndian.Uint16(m.old[m.at:]), int(binary.BigEndian.Uint16(m.old[m.at+8:]))
	m.at += 10
	if length > len(m.old)-m.at {
		return false
	}
	end := m.at + length
	m.data(kind, end)
	m.at = end
	return true
}

// names returns how many bytes stand before the names of a type, and how many
// names there are; of TXT and whatever is not known none.
func names(kind uint16) (before, count int) {
	switch kind {
	case 2, 5, 12, 39: // NS, CNAME, PTR, DNAME
		return 0, 1
	case 6, 17: // SOA, RP
		return 0, 2
	case 15: // MX
		return 2, 1
	case 33: // SRV
		return 6, 1
	}
	return 0, 0
}

// data maps the addresses in a record's data.
func (m *message) data(kind uint16, end int) {
	v := m.new[m.at:end]
	before, count := names(kind)
	switch {
	case kind == typeA && len(v) == 4:
		m.r.IPv4(v)
	case kind == typeAAAA && len(v) == 16:
		m.r.IPv6(v)
	case kind == typeNB && len(v)%6 == 0:
		for ; len(v) >= 6; v = v[6:] {
			m.r.IPv4(v[2:6])
		}
	case kind == typeNBSTA && len(v) > 0 && len(v) >= 1+18*int(v[0])+6:
		m.r.Hardware(v[1+18*int(v[0]):][:6])
	case kind == typeOPT:
		m.options(v)
	case kind == typeSVCB || kind == typeHTTPS:
		m.service(end)
	case count > 0 && m.skip(before):
		for range count {
			if m.at < end && !m.name() {
				clear(v)
				return
			}
		}
	default:
		m.r.Text(v)
	}
}

// options maps the client's subnet (RFC 7871, section 6), of whose address so
// many bytes are there as its prefix needs, and the MACs of the host that mDNS
// answers for (draft-cheshire-edns0-owner-option-01, section 3.1).
func (m *message) options(v []byte) {
	const owner, subnet = 4, 8
	for len(v) >= 4 {
		n := min(4+int(binary.BigEndian.Uint16(v[2:4])), len(v))
		o, code := v[4:n], binary.BigEndian.Uint16(v)
		if code == owner && len(o) >= 8 {
			m.r.macs(o[2 : len(o)-(len(o)-2)%6])
		}
		if code == subnet && len(o) > 4 {
			var ip [16]byte
			size := 4
			if o[1] == 2 {
				size = 16
			}
			copy(ip[:size], o[4:])
			m.r.address(ip[:size])
			copy(o[4:], ip[:size])
		}
		v = v[n:]
	}
}

// service maps the hints of RFC 9460, section 7.3.
func (m *message) service(end int) {
	const hint4, hint6 = 4, 6
	if m.at+2 > end || !m.skip(2) || !m.name() || m.at > end {
		clear(m.new[min(m.at, end):end])
		return
	}
	for v := m.new[m.at:end]; len(v) >= 4; {
		n := min(4+int(binary.BigEndian.Uint16(v[2:4])), len(v))
		switch binary.BigEndian.Uint16(v) {
		case hint4:
			m.r.addresses(v[4:n], 4)
		case hint6:
			m.r.addresses(v[4:n], 16)
		default:
			m.r.Text(v[4:n])
		}
		v = v[n:]
	}
}
