package classify

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// RedactDatagrams does for the datagrams of a UDP flow, in their order, what
// Connection.Redact does for a connection. FromServer is set, not read. It
// returns what the flow speaks.
func RedactDatagrams(list []Datagram) (p Protocol) {
	defer func() {
		if recover() != nil {
			for _, d := range list {
				clear(d.Payload)
			}
			p = Unknown
		}
	}()
	if len(list) == 0 {
		return Unknown
	}
	kinds := make([]Protocol, len(list))
	f := Facts{Protocol: Unknown}
	client, spoken := list[0].Src, -1
	for i := range list {
		list[i].FromServer = list[i].Src != client
		swap := false
		kinds[i], spoken, swap = recogniseDatagram(list[i], &f, spoken)
		if swap {
			client = list[i].Src
			if !list[i].FromServer {
				client = list[i].Dst
			}
		}
	}
	before := originals(list)
	for i, d := range list {
		redact := datagramRedactions()[kinds[i]]
		if kinds[i] == Unknown && (f.RTP != nil || f.STUN) {
			redact = redactMedia
		}
		if redact == nil {
			clear(d.Payload)
			continue
		}
		redact(d)
	}
	tellApart(list, before)
	return f.Protocol
}

// original tells a payload from others, and holds its last bytes.
type original struct {
	sum  [sha256.Size]byte
	tail [4]byte
}

func originals(list []Datagram) []original {
	all := make([]original, len(list))
	for i, d := range list {
		all[i].sum = sha256.Sum256(d.Payload)
		copy(all[i].tail[:], d.Payload[max(len(d.Payload)-4, 0):])
	}
	return all
}

// tellApart numbers, in their last bytes, datagrams that were not the same and
// now are: within a millisecond the second would be taken for a copy of the
// first, as a mirror port makes them.
func tellApart(list []Datagram, before []original) {
	first := map[[sha256.Size]byte][sha256.Size]byte{} // by what it is now, what the first was
	numbers := map[[sha256.Size]byte]uint32{}          // by what it was
	for i, d := range list {
		b := d.Payload
		now := sha256.Sum256(b)
		if was, ok := first[now]; !ok || was == before[i].sum {
			first[now] = before[i].sum
			continue
		}
		if len(b) < 8 || before[i].tail == [4]byte{} || !bytes.Equal(b[len(b)-4:], make([]byte, 4)) {
			continue // they are no bytes that were overwritten
		}
		n, ok := numbers[before[i].sum]
		if !ok {
			n = uint32(len(numbers) + 1)
			numbers[before[i].sum] = n
		}
		binary.BigEndian.PutUint32(b[len(b)-4:], n)
	}
}

// recogniseDatagram asks the classifiers as Analyzer.Datagram does. kind is
// Unknown of a datagram that none of them knows.
func recogniseDatagram(d Datagram, f *Facts, spoken int) (kind Protocol, now int, swap bool) {
	defer func() {
		if recover() != nil {
			kind, now, swap = Unknown, spoken, false
		}
	}()
	answer, swap, now := askDatagram(datagrams(), d, f, &Learned{}, spoken)
	if answer == NoMatch && f.Protocol != ProtoDTLS { // with which media shares the port
		return Unknown, now, swap
	}
	return f.Protocol, now, swap
}

// datagramRedactions lists how each protocol over UDP is redacted; of a protocol
// that is not listed, as of what no classifier knows, every byte is overwritten.
func datagramRedactions() map[Protocol]func(d Datagram) {
	return map[Protocol]func(d Datagram){
		ProtoQUIC:        redactQUIC,
		ProtoDTLS:        redactMedia,
		ProtoDHCP:        redactDHCP,
		ProtoDHCPv6:      redactDHCPv6,
		ProtoDNS:         redactDNS,
		ProtoMDNS:        redactDNS,
		ProtoLLMNR:       redactDNS,
		ProtoSTUN:        redactMedia,
		ProtoSSDP:        redactSSDP,
		ProtoWSDiscovery: redactWSDiscovery,
		ProtoSIP:         redactSIP,
		ProtoRTSP:        redactRTSPDatagram,
		ProtoNBNS:        keepDatagram,
		ProtoNBDS:        func(d Datagram) { keepFirst(d.Payload, 14) },
		ProtoNATPMP:      keepDatagram,
		ProtoPCP:         redactPCP,
		ProtoSNMP:        redactSNMP,
		ProtoIKE:         redactIKE,
		ProtoESP:         redactIKE,
		ProtoWireGuard:   redactWireGuard,
		ProtoOpenVPN:     redactOpenVPN,
		ProtoSRT:         redactSRT,
		ProtoTFTP:        redactTFTP,
		ProtoSyslog:      redactSyslog,
		ProtoCoAP:        redactCoAP,
		ProtoNTP:         redactNTP,
		ProtoRTP:         redactMedia,
		ProtoRTCP:        redactMedia,
	}
}

// keepDatagram keeps all: messages that name hosts and addresses, and hold no
// secret.
func keepDatagram(Datagram) {}
