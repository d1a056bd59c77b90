package classify

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

const (
	maxMethods   = 32
	maxStatuses  = 32
	maxExternal  = 16
	maxMarks     = 32
	maxExchanges = 64

	// maxDatagramExchanges bounds those of a conversation by UDP, which are kept for
	// as long as it goes on.
	maxDatagramExchanges = 8
)

// rtspConn gathers what both halves of one connection say.
type rtspConn struct {
	rtsp                RTSP
	marks               []Mark
	seen                bool    // a message or a chain of frames was recognised
	asked, answered     [2]bool // the client's half and the server's held requests, responses
	media               [2]bool // and RTP in $ frames
	malformed, endless  bool    // endless: a head that goes on
	requests, responses []rtspExchange

	datagrams bool    // what is said comes by UDP
	joined    int     // of requests and responses, how many there were when they were joined
	spent     [2]span // the longest run of frames in each half that said nothing new
}

func (c *rtspConn) maxExchanges() int {
	if c.datagrams {
		return maxDatagramExchanges
	}
	return maxExchanges
}

// repeats reports whether a message by UDP is one that was sent before: it, or what
// answers it, may be lost on its way.
func (c *rtspConn) repeats(list []rtspExchange, x rtspExchange) bool {
	return c.datagrams && slices.ContainsFunc(list, func(o rtspExchange) bool {
		return o.server == x.server && o.cseq == x.cseq && o.status == x.status
	})
}

// rtspReader reads one half. Either half may hold requests and responses: a
// server asks too (RFC 2326, section 10.4), and of a connection joined in the
// middle nobody knows which side is the client.
type rtspReader struct {
	*rtspConn
	server bool
	offset int  // of what is read in the half
	fixed  bool // it is not bytes of the half, but decoded from there: every mark is at offset
	end    int  // its length
	text   int  // where the next start line is, as far as findStart was asked
	chain  int  // frames that follow one another and say nothing new
	run    span // of them, where they are spent
}

// read goes through messages and $ frames in b. Where they do not follow one
// another it goes on at the next place that looks like either: bytes are
// missing from captures, and cameras send bodies that they did not announce.
func (r *rtspReader) read(b []byte, synced bool) {
	r.end, r.text = len(b), -2
	for len(b) > 0 {
		if !synced {
			skip := r.sync(b)
			if skip < 0 {
				return
			}
			b = b[skip:]
		}
		if b[0] != '$' {
			r.chain = 0
		}
		b, synced = r.next(b, synced)
	}
}

// next reads one message or frame. A frame that leads to nothing known is not
// believed; ok is then false and one byte is gone.
func (r *rtspReader) next(b []byte, synced bool) (rest []byte, ok bool) {
	switch b[0] {
	case '\r', '\n':
		return b[1:], true
	case '$':
		return r.frame(b)
	}
	line, _, whole := cutLine(b)
	if !whole {
		if mayStart(b, rtspSlash) {
			return nil, true
		}
		return b[1:], false
	}
	start, ok := parseStart(line, rtspSlash)
	if !ok {
		return b[1:], false
	}
	h, rest := readHead(b)
	r.endless = r.endless || h.endless(b)
	if !synced && h.whole && h.get("CSeq") == nil {
		return rest, false // a text about RTSP, not a message
	}
	return r.message(start, h, rest, len(b)), true
}

// side is 0 in the client's half, 1 in the server's.
func (r *rtspReader) side() int {
	if r.server {
		return 1
	}
	return 0
}

// frame skips one interleaved frame (RFC 2326, section 10.12).
func (r *rtspReader) frame(b []byte) (rest []byte, ok bool) {
	payload, after, whole := cutFrame(b)
	if !whole {
		return nil, true
	}
	if len(after) > 0 && !mayFollow(after) {
		r.chain = 0
		return b[1:], false
	}
	_, _, rtp := readRTP(payload)
	media := rtp && !isRTCP(payload)
	if r.rtsp.Interleaved && (!media || r.media[r.side()]) {
		r.repeat(b, after)
		return after, true
	}
	if !r.rtsp.Interleaved {
		r.mark("interleaved frame", len(b))
	}
	r.rtsp.Interleaved, r.chain = true, 0
	r.media[r.side()] = r.media[r.side()] || media
	return after, true
}

// chainKept is how many frames of a chain are kept: by so many it is found again
// where the half begins with them.
const chainKept = 3

// repeat takes a frame that says nothing new, from b up to after. Those that
// follow others and that something follows are spent.
func (r *rtspReader) repeat(b, after []byte) {
	if r.chain++; r.chain <= chainKept || r.fixed || len(after) == 0 {
		return
	}
	if r.chain == chainKept+1 {
		r.run.from = r.offset + r.end - len(b)
	}
	r.run.to = r.offset + r.end - len(after)
	if longest := &r.spent[r.side()]; r.run.size() > longest.size() {
		*longest = r.run
	}
}

// cutFrame splits off a frame: a dollar sign, a channel, a length.
func cutFrame(b []byte) (payload, rest []byte, ok bool) {
	s := cryptobyte.String(b)
	ok = s.Skip(2) && s.ReadUint16LengthPrefixed((*cryptobyte.String)(&payload))
	return payload, s, ok
}

// mayFollow reports whether a frame or message can begin so.
func mayFollow(b []byte) bool {
	return b[0] == '$' || b[0] == '\r' || b[0] == '\n' || b[0] >= 'A' && b[0] <= 'Z' || b[0] == 'r'
}

func isRTPVersion(b []byte) bool { return len(b) >= 8 && b[0]>>6 == 2 }

// sync returns how many bytes lie before the next start line or chain of
// frames, or −1.
func (r *rtspReader) sync(b []byte) int {
	pos := r.end - len(b)
	if r.text != -1 && r.text < pos {
		if r.text = findStart(b, rtspSlash); r.text >= 0 {
			r.text += pos
		}
	}
	limit := len(b)
	if r.text >= 0 {
		limit = r.text - pos
	}
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:limit], '$')
		if n < 0 {
			break
		}
		if i += n; isFrameChain(b[i:]) {
			r.seen = true
			return i
		}
	}
	if r.text < 0 {
		return -1
	}
	return limit
}

// isFrameChain reports whether three frames that look like RTP or RTCP follow
// one another; the last may be cut off after its first bytes.
func isFrameChain(b []byte) bool {
	for range 2 {
		payload, rest, ok := cutFrame(b)
		if !ok || b[0] != '$' || !isRTPVersion(payload) || len(rest) == 0 {
			return false
		}
		b = rest
	}
	s := cryptobyte.String(b)
	var dollar, channel, first uint8
	var length uint16
	return s.ReadUint8(&dollar) && s.ReadUint8(&channel) && s.ReadUint16(&length) && s.ReadUint8(&first) &&
		dollar == '$' && length >= 8 && first>>6 == 2
}
