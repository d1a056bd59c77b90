package classify

import (
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// webSocket is what both halves of a connection carry after it went over from
// HTTP to WebSocket (RFC 6455): the payload of data frames, one after another,
// without regard to where frames and messages end.
type webSocket struct {
	protocol       string // the subprotocol, lower case; "" when none was agreed on
	client, server []byte
}

// readWebSocket reads the opening handshake and the frames after it (RFC 6455,
// section 4). It answers NeedMore while the handshake may still come about, and
// asks nothing of a half that was not seen.
func readWebSocket(s Stream) (ws webSocket, a Answer) {
	request, client, a := readUpgrade(s.Client, 0)
	if a == NoMatch {
		return ws, NoMatch
	}
	response, server, b := readUpgrade(s.Server, 101)
	if b == NoMatch || len(s.Client)+len(s.Server) == 0 {
		return ws, NoMatch
	}
	if a == NeedMore || b == NeedMore {
		return ws, NeedMore
	}
	agreed := response.get("Sec-WebSocket-Protocol")
	if len(s.Server) == 0 && s.Final {
		agreed = request.get("Sec-WebSocket-Protocol")
	}
	first, _, _ := strings.Cut(text(agreed), ",")
	ws.protocol = strings.ToLower(strings.TrimSpace(first))
	ws.client, ws.server = webSocketPayload(client), webSocketPayload(server)
	return ws, Matched
}

// readUpgrade reads the head of a half that goes over to WebSocket: a request,
// or a response of the status. An empty half matches.
func readUpgrade(b []byte, status int) (h head, rest []byte, a Answer) {
	if len(b) == 0 {
		return h, nil, Matched
	}
	h, rest = readHead(b)
	if h.start == nil && mayStart(b, httpSlash) {
		return h, nil, NeedMore
	}
	start, ok := parseStart(h.start, httpSlash)
	switch {
	case !ok || start.status != status:
		return h, nil, NoMatch
	case !h.whole:
		return h, nil, NeedMore
	case !isWebSocket(h):
		return h, nil, NoMatch
	}
	return h, rest, Matched
}

// isWebSocket reports whether a head asks for WebSocket, or agrees to it.
func isWebSocket(h head) bool { return strings.EqualFold(text(h.get("Upgrade")), "websocket") }

// webSocketPayload joins the payload of data frames, unmasked. It ends at a
// frame that is compressed or breaks the framing.
func webSocketPayload(b []byte) []byte {
	out := make([]byte, 0, len(b))
	s := cryptobyte.String(b)
	for {
		opcode, payload, whole, ok := readWebSocketFrame(&s)
		if !ok {
			return out
		}
		if opcode <= 2 { // continuation, text, binary; control frames may stand in between
			out = append(out, payload...)
		}
		if !whole {
			return out
		}
	}
}

// readWebSocketFrame reads one frame (RFC 6455, section 5.2). Of a frame whose
// end is missing it returns the payload that is there.
func readWebSocketFrame(s *cryptobyte.String) (opcode uint8, payload []byte, whole, ok bool) {
	var first, second uint8
	if !s.ReadUint8(&first) || !s.ReadUint8(&second) || first&0x70 != 0 {
		return 0, nil, false, false
	}
	length := uint64(second & 0x7f)
	var short uint16
	switch {
	case length == 126:
		if ok = s.ReadUint16(&short); !ok {
			return 0, nil, false, false
		}
		length = uint64(short)
	case length == 127:
		if ok = s.ReadUint64(&length); !ok {
			return 0, nil, false, false
		}
	}
	var key []byte
	if second&0x80 != 0 && !s.ReadBytes(&key, 4) {
		return 0, nil, false, false
	}
	whole = length <= uint64(len(*s))
	var masked []byte
	s.ReadBytes(&masked, int(min(length, uint64(len(*s)))))
	if key == nil {
		return first & 0xf, masked, whole, true
	}
	payload = make([]byte, len(masked))
	for i, c := range masked {
		payload[i] = c ^ key[i%4]
	}
	return first & 0xf, payload, whole, true
}
