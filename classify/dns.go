package classify

import (
	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

const (
	dnsPort     = 53
	netbiosPort = 137
	mdnsPort    = 5353
	llmnrPort   = 5355

	maxQueryNames = 512
)

// dnsDatagram reads DNS, mDNS (RFC 6762) and LLMNR (RFC 4795), the last two told
// by their ports. On a port of theirs a message may be cut off or carry more
// than it says; on any other it must be a whole one with a single question.
func dnsDatagram(d Datagram, f *Facts, l *Learned) (Answer, bool) {
	protocol := dnsByPort(d)
	if d.Src.Port() == netbiosPort || d.Dst.Port() == netbiosPort {
		return NoMatch, false // NetBIOS names have the same format
	}
	m, ok := readDNS(d.Payload, protocol == ProtoMDNS, l.shared())
	if !ok {
		return NoMatch, false
	}
	whole := m.whole()
	switch {
	case protocol == "" && (!whole || !m.simple()):
		return NoMatch, false
	case protocol == "":
		protocol = ProtoDNS
	case m.parsed[0] < int(m.counts[0]) && d.Missing == 0:
		return NoMatch, false
	}
	if f.DNS == nil {
		f.DNS = &DNS{}
		f.Protocol = protocol
	}
	f.Malformed = f.Malformed || !whole && !m.truncated && d.Missing == 0
	if m.cut && d.Missing > 0 {
		m.parsed[1] = int(m.counts[1]) // the header counts those that the capture did not keep
	}
	f.noteDNS(m, l)
	return Matched, protocol == ProtoDNS && m.response != d.FromServer
}

// dnsByPort names the protocol of the ports, "" for others.
func dnsByPort(d Datagram) Protocol {
	for _, port := range []uint16{d.Dst.Port(), d.Src.Port()} {
		switch port {
		case dnsPort:
			return ProtoDNS
		case mdnsPort:
			return ProtoMDNS
		case llmnrPort:
			return ProtoLLMNR
		}
	}
	return ""
}

// whole reports whether the sections fill the message exactly.
func (m *dnsMessage) whole() bool { return !m.cut && !m.invalid && m.rest == 0 }

// simple reports whether the message looks like what resolvers exchange: one
// question, and of a query neither answers nor an error, unless it is an update
// (RFC 2136).
func (m *dnsMessage) simple() bool {
	return m.counts[0] == 1 && (m.response || m.rcode == 0 && m.counts[1] == 0 || m.opcode == 5)
}

// noteDNS takes a message in.
func (f *Facts) noteDNS(m dnsMessage, l *Learned) {
	f.DNS.note(m)
	names := m.names()
	l.Names = append(l.Names, names...)
	f.Clipped = f.Clipped || len(f.DNS.Names) == maxQueryNames || len(names) == maxNames
}

// note counts the message.
func (f *DNS) note(m dnsMessage) {
	if m.response {
		f.Responses++
	} else {
		f.Queries++
	}
	f.Answers += m.parsed[1]
	f.fail(m)
	for _, q := range m.questions {
		f.Names = addOnce(f.Names, q.name, maxQueryNames)
	}
}

// settled reports whether a flow is that of a resolver's client whose questions are
// answered: it asks the next from another port (RFC 5452, section 9.2).
func (d *DNS) settled(f *flow.Flow) bool {
	return d != nil && d.Queries > 0 && d.Queries == d.Responses && f.Server.Addr.Port() == dnsPort && f.Client.Addr.Port() >= 1024
}

// dnsStream reads DNS over TCP: messages behind a length of two bytes (RFC 1035,
// section 4.2.2), queries from the client and responses from the server.
func dnsStream(s Stream, l *Learned) (Facts, Answer) {
	f := Facts{Protocol: ProtoDNS, DNS: &DNS{}}
	client := f.readDNSHalf(s.Client, false, l)
	server := f.readDNSHalf(s.Server, true, l)
	switch {
	case client == refused && !s.ClientJoined, server == refused && !s.ServerJoined:
		return Facts{}, NoMatch
	case (client == recognised || server == recognised) && s.Final:
		return f, Matched
	case client == recognised || server == recognised:
		return f, NeedMore
	case s.Final:
		return Facts{}, NoMatch
	}
	return Facts{}, NeedMore
}

// readDNSHalf reads the messages of one half until its bytes end.
func (f *Facts) readDNSHalf(b []byte, server bool, l *Learned) verdict {
	answer := unsure
	for s := cryptobyte.String(b); !s.Empty(); {
		offset := len(b) - len(s)
		var body cryptobyte.String
		ahead := s
		whole := s.ReadUint16LengthPrefixed(&body)
		if !whole {
			if answer == unsure && !mayBeDNS(ahead, server) {
				return refused
			}
			return answer
		}
		m, ok := readDNS(body, false, l.shared())
		switch {
		case ok && m.response == server && m.whole() && (answer == recognised || m.simple()):
		case answer == recognised:
			f.Malformed = true
			return answer
		default:
			return refused
		}
		if answer == unsure {
			f.Marks = append(f.Marks, Mark{What: "DNS", Server: server, Offset: offset})
		}
		answer = recognised
		f.noteDNS(m, l)
	}
	return answer
}

// mayBeDNS reports whether a length and a header, as far as they are there, do
// not contradict DNS.
func mayBeDNS(s cryptobyte.String, server bool) bool {
	var length, flags, questions uint16
	if !s.ReadUint16(&length) {
		return true
	}
	if length < 17 {
		return false
	}
	if !s.Skip(2) || !s.ReadUint16(&flags) {
		return true
	}
	if response := flags&0x8000 != 0; response != server || !response && flags&0xf != 0 || flags>>11&0xf > 6 || flags&0x40 != 0 {
		return false
	}
	return !s.ReadUint16(&questions) || questions <= 1
}
