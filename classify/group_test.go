package classify

import (
	"reflect"
	"strconv"
	"testing"
)

func TestEveryGroupIsAsRegistered(t *testing.T) {
	rows := referenceTable(t, "tls_groups.csv")
	if len(rows) != len(groups) {
		t.Errorf("the table has %d groups, the reference %d", len(groups), len(rows))
	}
	for _, row := range rows {
		g := Group(codePoint(t, row["value"]))
		bits, _ := strconv.Atoi(row["security_bits"])
		if g.String() != row["name"] || g.Kind() != row["type"] || g.Bits() != bits ||
			g.Class().String() != row["class"] || !reflect.DeepEqual(g.Reasons(), wantReasons(row["reasons"])) {
			t.Errorf("%s: got %s %s %d %s %v, want %v", row["hex"], g, g.Kind(), g.Bits(), g.Class(), g.Reasons(), row)
		}
		if isGREASE(uint16(g)) != (row["type"] == "grease") {
			t.Errorf("%s: GREASE is %t", g, isGREASE(uint16(g)))
		}
	}
	if g := Group(0xABCD); g.String() != "0xABCD" || g.Class() != ClassUnknown || g.Bits() != 0 {
		t.Errorf("an unknown group is %s %s %d", g, g.Class(), g.Bits())
	}
}

func TestEverySignatureSchemeIsAsRegistered(t *testing.T) {
	rows := referenceTable(t, "tls_sigalgs.csv")
	if len(rows) != len(signatureSchemes) {
		t.Errorf("the table has %d schemes, the reference %d", len(signatureSchemes), len(rows))
	}
	for _, row := range rows {
		s := SignatureScheme(codePoint(t, row["value"]))
		if s.String() != row["name"] || s.Hash() != row["hash"] || s.Class().String() != row["class"] || !reflect.DeepEqual(s.Reasons(), wantReasons(row["reasons"])) {
			t.Errorf("%s: got %s %s %s %v, want %v", row["value"], s, s.Hash(), s.Class(), s.Reasons(), row)
		}
	}
	if s := SignatureScheme(0xABCD); s.String() != "0xABCD" || s.Class() != ClassUnknown {
		t.Errorf("an unknown scheme is %s %s", s, s.Class())
	}
}

func TestVersionNames(t *testing.T) {
	for wire, want := range map[uint16]string{
		0x0002: "ssl 2.0", 0x0300: "ssl 3.0", 0x0301: "tls 1.0", 0x0302: "tls 1.1", 0x0303: "tls 1.2", 0x0304: "tls 1.3",
		0xFEFF: "dtls 1.0", 0xFEFD: "dtls 1.2", 0xFEFC: "dtls 1.3",
		0x7F13: "tls 1.3", 0x7F1C: "tls 1.3", 0x7E02: "tls 1.3", 0xFB1A: "tls 1.3", 0x0305: "tls 0x0305",
	} {
		v := tlsVersion(wire)
		if got := v.Protocol() + " " + v.String(); got != want {
			t.Errorf("0x%04X is %q, want %q", wire, got, want)
		}
	}
	if DTLS10.TLS() != TLS11 || DTLS12.TLS() != TLS12 || DTLS13.TLS() != TLS13 || SSL3.TLS() != SSL3 {
		t.Error("DTLS versions do not compare as the TLS versions that they were made from")
	}
}

func TestGroupsByDocument(t *testing.T) {
	for group, want := range map[Group]struct {
		prime     int
		fips, bsi bool
	}{
		0x0017: {0, true, true}, 0x001D: {0, false, false}, 0x001A: {0, false, true}, 0x0100: {2048, true, false},
		0x0104: {8192, true, true}, 0x11EC: {0, true, true}, 0x0013: {0, false, false}, 0xEEEE: {0, false, false},
	} {
		if group.Prime() != want.prime || group.FIPS() != want.fips || group.BSI() != want.bsi {
			t.Errorf("%s: prime of %d bits, FIPS %t, BSI %t", group, group.Prime(), group.FIPS(), group.BSI())
		}
	}
}
