package classify

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:generate go run ./gen groups ../../shared/reference/tls_groups.csv group_table.go

// Group is the code point of a named group for key exchange (RFC 8446, section
// 4.2.7; RFC 8422; RFC 7919).
type Group uint16

// The code points by which a ServerKeyExchange with explicit curve parameters
// is reported (RFC 8422, section 5.1.1).
const (
	explicitPrimeCurve Group = 0xFF01
	explicitChar2Curve Group = 0xFF02
)

type group struct {
	id      Group
	name    string
	kind    string
	bits    int
	class   Class
	reasons string
	fips    bool
	bsi     bool
}

// row returns what the table says of g; the zero row when it does not know it.
func (g Group) row() group {
	i, found := slices.BinarySearchFunc(groups[:], g, func(r group, g Group) int { return cmp.Compare(r.id, g) })
	if !found {
		return group{}
	}
	return groups[i]
}

// String returns the IANA name, or the code point as "0xABCD" when g is not
// registered.
func (g Group) String() string {
	if name := g.row().name; name != "" {
		return name
	}
	return fmt.Sprintf("0x%04X", uint16(g))
}

// Kind returns what the group is made of: "ec", "ffdhe", "kem", "hybrid",
// "grease", or empty when it is unknown.
func (g Group) Kind() string { return g.row().kind }

// Bits returns the group's security strength in bits, which is not the length
// of its keys: 128 for secp256r1. 0 is unknown.
func (g Group) Bits() int { return g.row().bits }

// Prime returns the length of a finite-field group's prime in bits, 0 of any
// other: RFC 7919 names its groups by it.
func (g Group) Prime() int {
	bits, err := strconv.Atoi(strings.TrimPrefix(g.row().name, "ffdhe"))
	if err != nil {
		return 0
	}
	return bits
}

// FIPS reports whether NIST approves of the group for key agreement (SP
// 800-56A, SP 800-186, FIPS 203); of a hybrid, of one of its parts.
func (g Group) FIPS() bool { return g.row().fips }

// BSI reports whether TR-02102-2 recommends the group.
func (g Group) BSI() bool { return g.row().bsi }

// Explicit reports whether the parameters were the server's own and not those
// of a named group (RFC 8422, section 5.1.1).
func (g Group) Explicit() bool { return g == explicitPrimeCurve || g == explicitChar2Curve }

// Class says how the group stands by the practice of today.
func (g Group) Class() Class { return g.row().class }

// Reasons returns why the group has its class, as short fixed words.
func (g Group) Reasons() []string { return reasons(g.row().reasons) }
