package classify

import "golang.org/x/crypto/cryptobyte"

// Bounds of what is put together of one side. A handshake has at most five
// messages in which something stands.
const (
	maxDTLSMessages = 8
	maxDTLSHeld     = 2 * maxPieceBytes
)

const helloVerifyRequestType = 3 // RFC 6347, section 4.2.1

// dtlsFragment is a handshake message or a part of one.
type dtlsFragment struct {
	messageType    uint8
	length, offset uint32 // of the message, in the message
	sequence       uint16 // of the message
	body           cryptobyte.String
}

// readDTLSFragment eats one fragment off a record, of whose datagram missing
// bytes at the end were not kept.
func readDTLSFragment(s *cryptobyte.String, missing int) (f dtlsFragment, ok bool) {
	// RFC 6347, section 4.2.2: HandshakeType msg_type; uint24 length; uint16
	// message_seq; uint24 fragment_offset; uint24 fragment_length
	var length uint32
	if !s.ReadUint8(&f.messageType) || !s.ReadUint24(&f.length) || !s.ReadUint16(&f.sequence) ||
		!s.ReadUint24(&f.offset) || !s.ReadUint24(&length) ||
		f.offset+length > f.length || f.length > maxHello || int(length) > len(*s)+missing {
		return f, false
	}
	return f, s.ReadBytes((*[]byte)(&f.body), min(int(length), len(*s)))
}

// known reports whether the message is one that DTLS sends in clear.
func (f dtlsFragment) known() bool {
	return f.messageType <= newSessionTicketType || f.messageType >= certificateType && f.messageType <= finishedType ||
		f.messageType >= certificateURLType && f.messageType <= supplementalDataType
}

// ends reports whether the fragment is the last of its message.
func (f dtlsFragment) ends() bool { return f.offset+uint32(len(f.body)) == f.length }

// dtlsMessage is a message that is being put together.
type dtlsMessage struct {
	messageType uint8
	sequence    uint16
	length      int
	pieces
	read bool // and nothing of it is kept
}

// message returns the message to which f belongs, nil when there are too many,
// or when f contradicts those before it.
func (s *dtlsSide) message(f dtlsFragment) *dtlsMessage {
	for i := range s.messages {
		if m := &s.messages[i]; m.sequence == f.sequence {
			if m.messageType != f.messageType || m.length != int(f.length) {
				return nil
			}
			return m
		}
	}
	if len(s.messages) == maxDTLSMessages {
		return nil
	}
	s.messages = append(s.messages, dtlsMessage{messageType: f.messageType, sequence: f.sequence, length: int(f.length)})
	return &s.messages[len(s.messages)-1]
}

// held returns how many bytes are kept of messages that are not whole.
func (s *dtlsSide) held() (n int) {
	for i := range s.messages {
		n += s.messages[i].size
	}
	return n
}
