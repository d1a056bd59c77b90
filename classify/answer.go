// Package classify says what is spoken: bytes in, facts out. Each protocol has
// a file or a small folder of files of its own; protocols.go lists them in the
// order in which they are tried. Nothing here knows of policies or captures.
package classify

// Answer is what a classifier says of the bytes it has been given.
type Answer int

const (
	// NoMatch: these bytes are not the classifier's protocol, and no further
	// bytes can change that.
	NoMatch Answer = iota
	// NeedMore: the bytes are a prefix of the protocol, or the protocol is
	// recognised and facts are still missing. Facts returned with NeedMore hold
	// what is known so far; they are what stands when the flow ends here.
	NeedMore
	// Matched: the facts are complete and further bytes will not be looked at.
	Matched
)

// Stream is what a TCP classifier sees: the first ordered bytes of both
// halves, from the beginning of each, up to the flow table's depth. A
// classifier is a pure function of it and must not keep or change the bytes.
type Stream struct {
	Client, Server []byte

	// Final says that no more bytes of these halves will be ordered: the flow
	// ended, or both reached the depth.
	Final bool

	// Joined says that a half does not begin at the connection's first byte:
	// the capture began later, or segments before these were never seen.
	ClientJoined, ServerJoined bool

	// RolesKnown says that something told who is client: it is not asked about the
	// halves the other way round.
	RolesKnown bool
}

// Mark points at the first byte of a message that decides something, so that
// the frame carrying it can be named as evidence.
type Mark struct {
	What   string // "ClientHello", "SETUP", …: the message's own name
	Server bool   // in the server's half
	Offset int    // into that half
}
