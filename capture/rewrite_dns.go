package capture

import (
	"bytes"
	"encoding/binary"
)

// Types of resource records that hold addresses or names (IANA "DNS
// Parameters"; of NetBIOS RFC 1002, section 4.2.1.3).
const (
	typeA     = 1
	typeNB    = 32
	typeNBSTA = 33
	typeAAAA  = 28
	typeOPT   = 41
	typeSVCB  = 64
	typeHTTPS = 65
)

// message is a DNS message as it was, which is read, and as it will be.
type message struct {
	r        *rewriter
	old, new []byte
	at       int
}

// dns maps the addresses in a message, or in what of it was captured. It
// reports whether it is one; else nothing is changed.
func (r *rewriter) dns(b []byte, cut bool) bool {
	if len(b) < 12 {
		return false
	}
	m := r.message(b)
	questions := int(binary.BigEndian.Uint16(b[4:6]))
	records := int(binary.BigEndian.Uint16(b[6:8])) + int(binary.BigEndian.Uint16(b[8:10])) + int(binary.BigEndian.Uint16(b[10:12]))
	if questions == 0 && records == 0 || questions > 64 {
		return false
	}
	for n := range questions {
		if !m.name() || !m.skip(4) {
			if n == 0 && !cut {
				copy(b, m.old)
				return false
			}
			clear(b[m.at:])
			return true
		}
	}
	for n := range records {
		if !m.record() {
			if n == 0 && questions == 0 && !cut {
				copy(b, m.old)
				return false
			}
			clear(b[min(m.at, len(b)):])
			return true
		}
	}
	r.Text(b[m.at:])
	return true
}

func (r *rewriter) message(b []byte) message {
	r.copied = append(r.copied[:0], b...)
	return message{r: r, old: r.copied, new: b, at: 12}
}

// dnsWhole reports whether b, which came to no port of DNS, is one message and
// nothing more.
func (r *rewriter) dnsWhole(b []byte) bool {
	const opcode, reserved = 0x78, 0x40
	if len(b) < 17 || b[2]&opcode != 0 || b[3]&reserved != 0 || b[4] != 0 || b[5] != 1 || b[6]|b[8]|b[10] != 0 {
		return false
	}
	m := message{old: b, at: 12}
	if m.labels() == nil || !m.skip(4) {
		return false
	}
	for range int(b[7]) + int(b[9]) + int(b[11]) {
		if m.labels() == nil || len(b)-m.at < 10 {
			return false
		}
		length := int(binary.BigEndian.Uint16(b[m.at+8:]))
		if !m.skip(10 + length) {
			return false
		}
	}
	return m.at == len(b)
}

// dnsStream maps the messages in a segment of TCP, each behind its length (RFC
// 7766, section 8). The length may have come in a segment of its own.
func (r *rewriter) dnsStream(b []byte) bool {
	if len(b) <= 2 {
		return true
	}
	if int(binary.BigEndian.Uint16(b)) > len(b)-2 && r.dnsWhole(b) {
		return r.dns(b, false)
	}
	known := false
	for len(b) > 2 {
		n := int(binary.BigEndian.Uint16(b))
		body := b[2:min(2+n, len(b))]
		if !r.dns(body, len(body) < n) {
			r.sequence(b)
			return known
		}
		known = true
		b = b[2+len(body):]
	}
	return known
}

func (m *message) skip(n int) bool {
	if n > len(m.old)-m.at {
		return false
	}
	m.at += n
	return true
}

// maxLabels bounds the labels of a name: it has at most 255 bytes (RFC 1035,
// section 2.3.4).
const maxLabels = 128

// labels reads a name (RFC 1035, section 4.1.4), to the end also where that
// lies elsewhere, and returns where its labels are; nil if it is none.
func (m *message) labels() [][2]int {
	list := [][2]int{}
	at, jumped := m.at, false
	for range maxLabels {
		if at >= len(m.old) {
			return nil
		}
		n := int(m.old[at])
		switch {
		case n == 0:
			if !jumped {
				m.at = at + 1
			}
			return list
		case n >= 0xc0:
			if at+2 > len(m.old) {
				return nil
			}
			to := int(binary.BigEndian.Uint16(m.old[at:])) & 0x3fff
			if !jumped {
				m.at, jumped = at+2, true
			}
			if to >= at { // backwards only
				return nil
			}
			at = to
		case n >= 0x40 || at+1+n > len(m.old):
			return nil
		default:
			list = append(list, [2]int{at + 1, at + 1 + n})
			at += 1 + n
		}
	}
	return nil
}

// name maps a name that is an address's, and addresses in the labels of others.
func (m *message) name() bool {
	begin := m.at
	list := m.labels()
	if list == nil {
		return false
	}
	end := m.at
	labels := make([][]byte, len(list))
	for i, l := range list {
		labels[i] = bytes.Clone(m.old[l[0]:l[1]])
	}
	if !m.r.Labels(labels) {
		for _, l := range labels {
			m.r.Text(l)
		}
	}
	for i, l := range list {
		if l[0] > begin && l[1] <= end { // elsewhere it is done
			copy(m.new[l[0]:l[1]], labels[i])
		}
	}
	return true
}
