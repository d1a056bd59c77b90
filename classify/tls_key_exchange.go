package classify

import (
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
)

// readServerKeyExchange reads the parameters of a ServerKeyExchange into t, of
// which version and suite are known. It is false when the body breaks its
// syntax; of key exchanges other than (EC)DHE it reads nothing.
func readServerKeyExchange(body cryptobyte.String, t *TLS) bool {
	suite := t.CipherSuite.row()
	ok := true
	switch suite.keyExchange {
	case "ECDHE_PSK", "DHE_PSK": // RFC 4279, section 3: psk_identity_hint<0..2^16-1>
		var hint cryptobyte.String
		ok = body.ReadUint16LengthPrefixed(&hint)
	}
	switch suite.keyExchange {
	case "ECDHE", "ECDHE_anon", "ECDHE_PSK":
		ok = ok && readECParameters(&body, t)
	case "DHE", "DHE_anon", "DHE_PSK":
		ok = ok && readDHParameters(&body, t)
	default:
		return true
	}
	// RFC 5246, section 4.7: SignatureAndHashAlgorithm stands before the
	// signature from TLS 1.2 on.
	signed := suite.authentication != "none" && suite.authentication != "PSK"
	if ok && signed && t.Version.TLS() == TLS12 && t.Group != explicitPrimeCurve && t.Group != explicitChar2Curve {
		ok = body.ReadUint16((*uint16)(&t.SignatureScheme))
	}
	return ok
}

// readECParameters reads the curve (RFC 8422, section 5.4: ECCurveType
// curve_type; NamedCurve namedcurve; ECPoint public<1..2^8-1>). The parameters
// of explicit curves are not read further.
func readECParameters(body *cryptobyte.String, t *TLS) bool {
	var curveType uint8
	var public cryptobyte.String
	if !body.ReadUint8(&curveType) {
		return false
	}
	switch curveType {
	case 1:
		t.Group = explicitPrimeCurve
	case 2:
		t.Group = explicitChar2Curve
	case 3:
		return body.ReadUint16((*uint16)(&t.Group)) && body.ReadUint8LengthPrefixed(&public)
	default:
		return false
	}
	return true
}

// readDHParameters reads the length of the prime (RFC 5246, section 7.4.3:
// dh_p, dh_g, dh_Ys, each <1..2^16-1>).
func readDHParameters(body *cryptobyte.String, t *TLS) bool {
	var p, g, public cryptobyte.String
	if !body.ReadUint16LengthPrefixed(&p) || !body.ReadUint16LengthPrefixed(&g) || !body.ReadUint16LengthPrefixed(&public) {
		return false
	}
	for len(p) > 0 && p[0] == 0 {
		p = p[1:]
	}
	if len(p) > 0 {
		t.DHBits = (len(p)-1)*8 + bits.Len8(p[0])
	}
	return true
}
