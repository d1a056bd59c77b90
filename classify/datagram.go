package classify

import (
	"net/netip"

	"spanaudit/flow"
)

// Datagram is one UDP datagram. Payload is borrowed and must not be kept or
// changed.
type Datagram struct {
	Time       flow.Time
	Src, Dst   netip.AddrPort
	FromServer bool // sent by the flow's answerer, as far as is known now
	Payload    []byte
	Missing    int // bytes of the payload's end that the capture did not keep
}

// Learned is what a message teaches beyond its own flow: the names and leases
// by which other flows are understood. Its lists are refilled by every call.
type Learned struct {
	Names  []Name // at most 256 a message
	Leases []Lease

	*memory // of the Analyzer; may be nil

	spent [2]span // of the client's and the server's bytes, those that will never say anything new
}

// span is a range of offsets.
type span struct{ from, to int }

func (s span) size() int { return s.to - s.from }

// A datagramClassifier reads one datagram and adds what it says to f, which
// holds what the flow's earlier datagrams said. It answers NoMatch, leaving f
// as it was, when the datagram is not its protocol, and Matched when it is. One
// datagram is never enough to end the reading: a flow of NTP or DNS lives for
// days on one 5-tuple. swap reports that the message shows its sender to be the
// server although the flow took it for the client, or the reverse.
type datagramClassifier func(d Datagram, f *Facts, l *Learned) (a Answer, swap bool)

// askDatagram asks the classifier that knows the flow, by its place in the list, or
// else, with -1, all of them. It returns which knows the flow now.
func askDatagram(classifiers []datagramClassifier, d Datagram, f *Facts, l *Learned, spoken int) (answer Answer, swap bool, now int) {
	if f.STUN {
		d, _ = relayed(d)
	}
	if spoken >= 0 {
		answer, swap = classifiers[spoken](d, f, l)
		if answer != NoMatch || f.Protocol != ProtoSTUN {
			return answer, swap, spoken
		}
		// What STUN opened the way for follows on its ports (RFC 7983).
	}
	for i, classifier := range classifiers {
		answer, swap = classifier(d, f, l)
		if answer == Matched {
			spoken = i
		}
		if answer != NoMatch {
			return answer, swap, spoken
		}
	}
	return NoMatch, false, spoken
}

// on reports whether one side uses the port.
func (d Datagram) on(port uint16) bool { return d.Src.Port() == port || d.Dst.Port() == port }

// size is the payload's length on the wire.
func (d Datagram) size() int { return len(d.Payload) + d.Missing }
