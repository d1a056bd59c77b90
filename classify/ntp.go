package classify

import (
	"encoding/hex"
	"math"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

const ntpPort = 123

// Modes of the NTP header (RFC 5905, figure 10).
const (
	ntpActive    = 1
	ntpPassive   = 2
	ntpClient    = 3
	ntpServer    = 4
	ntpBroadcast = 5
	ntpControl   = 6
	ntpPrivate   = 7
)

const maxNTPValues = 8 // of each list of NTP

// ntpDatagram reads NTP, versions 1 to 4 (RFC 5905 and those before it; control
// messages of RFC 9327). Between two ports 123 a malformed message is still one
// of NTP; with port 123 on one side it must be valid; on other ports it must also
// be convincing, because QUIC and much else begins with a byte that could be
// NTP's.
func ntpDatagram(d Datagram, f *Facts, _ *Learned) (Answer, bool) {
	m, ok := readNTP(d)
	if !ok {
		return NoMatch, false
	}
	port := d.Src.Port() == ntpPort || d.Dst.Port() == ntpPort
	if m.broken && (!port || d.Src.Port() != d.Dst.Port()) {
		return NoMatch, false
	}
	if !port && f.Protocol != ProtoNTP && (m.mode >= ntpControl || m.version < 3 || !m.convincing(d)) {
		return NoMatch, false
	}
	if f.NTP == nil {
		f.NTP = &NTP{}
	}
	f.Protocol = ProtoNTP
	f.Malformed = f.Malformed || m.broken
	m.note(f.NTP)
	m.pair(f.NTP, d.Time)
	fromServer := m.mode == ntpServer || m.mode == ntpBroadcast || m.response
	symmetric := m.mode == ntpActive || m.mode == ntpPassive
	return Matched, fromServer != d.FromServer && !symmetric
}

// ntpMessage is one message; the fields after mode are of modes 1 to 5 alone.
type ntpMessage struct {
	leap, version, mode uint8
	response            bool // of control and private messages
	broken              bool // a field or a length is none that the RFC allows

	stratum                             uint8
	poll, precision                     int8
	delay, dispersion                   uint32
	reference                           [4]byte
	updated, origin, received, transmit uint64
	nts                                 bool
}

// ntpRequest is the client's last request: what its answer repeats, and when it
// passed.
type ntpRequest struct {
	transmit uint64
	at       flow.Time
}

// pair joins an answer to its request and measures the server's clock against
// the capture's.
func (m *ntpMessage) pair(n *NTP, at flow.Time) {
	switch {
	case m.mode == ntpClient:
		n.asked = ntpRequest{m.transmit, at}
	case m.mode == ntpServer && m.stratum > 0 && m.origin == n.asked.transmit && m.origin != 0 && m.received != 0:
		received, transmit := ntpTime(m.received, at), ntpTime(m.transmit, at)
		n.Paired = true
		n.Offset = (received.Sub(n.asked.at) + transmit.Sub(at)) / 2
		n.Delay = at.Sub(n.asked.at) - transmit.Sub(received)
		n.asked = ntpRequest{}
	}
}

// ntpTime returns a timestamp in the era that lies nearest to now: its seconds
// wrap every 136 years.
func ntpTime(stamp uint64, now flow.Time) flow.Time {
	behind := uint32(int64(now)/1e9+ntpEpoch) - uint32(stamp>>32)
	seconds := int64(now)/1e9 - int64(int32(behind))
	return flow.Time(seconds*1e9 + int64(stamp&math.MaxUint32*1e9>>32))
}

// readNTP reads a message of a version and mode that exist.
func readNTP(d Datagram) (m ntpMessage, ok bool) {
	s := cryptobyte.String(d.Payload)
	var first uint8
	if !s.ReadUint8(&first) {
		return m, false
	}
	m.leap, m.version, m.mode = first>>6, first>>3&7, first&7
	if m.version < 1 || m.version > 4 {
		return m, false
	}
	switch m.mode {
	case 0:
		return m, false
	case ntpControl:
		return m, m.readControl(s, d.Missing)
	case ntpPrivate:
		m.leap, m.response = 0, first&0x80 != 0
		return m, m.readPrivate(s, d.Missing)
	}
	return m, m.readHeader(s, d.Missing)
}

// readHeader reads what follows the first byte (RFC 5905, section 7.3).
func (m *ntpMessage) readHeader(s cryptobyte.String, missing int) bool {
	var poll, precision uint8
	ok := s.ReadUint8(&m.stratum) && s.ReadUint8(&poll) && s.ReadUint8(&precision) &&
		s.ReadUint32(&m.delay) && s.ReadUint32(&m.dispersion) && s.CopyBytes(m.reference[:]) &&
		s.ReadUint64(&m.updated) && s.ReadUint64(&m.origin) && s.ReadUint64(&m.received) && s.ReadUint64(&m.transmit)
	m.poll, m.precision = int8(poll), int8(precision)
	whole, nts := readNTPTrailer(s)
	m.broken, m.nts = m.stratum > 16 || missing == 0 && !whole, nts
	return ok
}

// readNTPTrailer reports whether extension fields and a message authentication
// code fill what follows the header (RFC 7822, section 3): a code of 4 bytes
// (crypto-NAK) or of a key identifier with a digest; and whether a field is one
// of NTS (RFC 8915, section 7.5).
func readNTPTrailer(s cryptobyte.String) (whole, nts bool) {
	for {
		var kind, length uint16
		field := s
		ok := field.ReadUint16(&kind) && field.ReadUint16(&length) && length >= 16 && length%4 == 0 && field.Skip(int(length)-4)
		isNTS := ok && (kind == 0x0104 || kind == 0x0204 || kind == 0x0304 || kind == 0x0404)
		switch len(s) {
		case 0, 4, 12, 20, 24, 36, 52, 68:
			if !isNTS {
				return true, nts
			}
		}
		if !ok {
			return false, nts
		}
		s, nts = field, nts || isNTS
	}
}

// readControl checks a control message (RFC 9327, section 2).
func (m *ntpMessage) readControl(s cryptobyte.String, missing int) bool {
	var op uint8
	var count uint16
	ok := s.ReadUint8(&op) && s.Skip(8) && s.ReadUint16(&count)
	m.response = op&0x80 != 0
	return ok && count <= 468 && (missing > 0 || int(count) <= len(s))
}

// readPrivate checks a private message, which no RFC tells: ntpd's
// ntp_request.h has a header of 8 bytes and, in responses, items of one size.
func (m *ntpMessage) readPrivate(s cryptobyte.String, missing int) bool {
	var auth, implementation, code uint8
	var items, size uint16
	ok := s.ReadUint8(&auth) && s.ReadUint8(&implementation) && s.ReadUint8(&code) && s.ReadUint16(&items) && s.ReadUint16(&size)
	data := int(items&0xfff) * int(size&0xfff)
	return ok && data <= 500 && (missing > 0 || !m.response || data <= len(s))
}

// convincing reports whether a message that nothing but its content shows to be
// NTP is one. A client's says little: clients that mind their privacy leave all
// but the transmit timestamp empty. A server's timestamps lie close together,
// and a symmetric or broadcast one tells the time.
func (m *ntpMessage) convincing(d Datagram) bool {
	if m.poll < -6 || m.poll > 17 || m.transmit == 0 {
		return false
	}
	now := uint32(int64(d.Time)/1e9 + ntpEpoch)
	timely := absDiff(uint32(m.transmit>>32), now) < 366*24*3600
	switch m.mode {
	case ntpClient:
		empty := m.delay == 0 && m.dispersion == 0 && m.reference == [4]byte{} && m.updated == 0
		return empty && m.stratum == 0 || timely
	case ntpServer:
		return m.precision <= 0 && m.precision >= -40 && absDiff(uint32(m.transmit>>32), uint32(m.received>>32)) <= 1 && m.received != 0
	}
	return timely && m.precision <= 0 && m.precision >= -40
}

// ntpEpoch is how many seconds the era of NTP begins before 1970.
const ntpEpoch = 2208988800

// absDiff is the distance of two times that wrap every 136 years.
func absDiff(a, b uint32) uint32 {
	return min(a-b, b-a)
}

// note adds the message to the flow's facts.
func (m *ntpMessage) note(n *NTP) {
	n.Versions = addOnce(n.Versions, m.version, maxNTPValues)
	n.Modes = addOnce(n.Modes, m.mode, maxNTPValues)
	n.NTS = n.NTS || m.nts
	switch {
	case m.mode == ntpServer, m.mode == ntpBroadcast:
		n.Responses++
		n.LeapIndicator = m.leap
	case m.response:
		n.Responses++
	default:
		n.Requests++
	}
	if m.mode == ntpClient || m.mode >= ntpControl {
		return
	}
	n.Strata = addOnce(n.Strata, m.stratum, maxNTPValues)
	n.ReferenceIDs = addOnce(n.ReferenceIDs, hex.EncodeToString(m.reference[:]), maxNTPValues)
	if kiss := string(m.reference[:]); m.stratum == 0 && m.mode == ntpServer && isMethod(m.reference[:]) {
		n.KissCodes = addOnce(n.KissCodes, kiss, maxNTPValues)
	}
}
