package classify

import "strings"

// Class says how a cipher suite, group or signature scheme stands by the
// practice of today (RFC 9325, RFC 9155, RFC 10015).
type Class uint8

// The classes, each worse than the one before it. ClassUnknown, the zero value,
// is a code point that no table knows: it is neither good nor bad.
const (
	ClassUnknown Class = iota
	ClassMeta          // a signalling or GREASE value, which is never negotiated
	ClassGood
	ClassLegacy // not current practice
	ClassWeak   // among others, everything without forward secrecy
	ClassBroken // no encryption, no authentication, or breakable today
)

func (c Class) String() string {
	return [...]string{"unknown", "meta", "good", "legacy", "weak", "broken"}[c]
}

// reasons splits a table's list of reasons.
func reasons(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ";")
}

// isGREASE reports whether v is one of the values that clients send to keep
// servers tolerant (RFC 8701): 0x0A0A, 0x1A1A … 0xFAFA.
func isGREASE(v uint16) bool { return v&0x0F0F == 0x0A0A && v>>8 == v&0xFF }
