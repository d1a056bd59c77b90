package classify

import (
	"golang.org/x/crypto/cryptobyte"
)

// Extensions that are read (IANA "TLS ExtensionType Values").
const (
	extServerName          = 0
	extSupportedGroups     = 10
	extPointFormats        = 11
	extSignatureAlgorithms = 13
	extALPN                = 16
	extEncryptThenMAC      = 22
	extSessionTicket       = 35
	extDraftKeyShare       = 40 // of TLS 1.3 before draft 23
	extPreSharedKey        = 41
	extEarlyData           = 42
	extSupportedVersions   = 43
	extPSKModes            = 45
	extKeyShare            = 51
	extConnectionID        = 54
	extECH                 = 0xFE0D
)

// Bounds of what is kept of a hello; real ones stay far below.
const (
	maxOffered    = 512 // code points a list
	maxALPN       = 32
	maxServerName = 255 // RFC 1035, section 2.3.4
)

// clientHello is a ClientHello's parts (RFC 8446, section 4.1.2), as views of
// its bytes: lists without their length, empty when absent.
type clientHello struct {
	legacyVersion uint16
	sessionID     cryptobyte.String
	suites        cryptobyte.String
	extensions    cryptobyte.String

	versions, groups, signatures, alpn cryptobyte.String
	pointFormats, pskModes             cryptobyte.String
	serverName, ticket                 cryptobyte.String
	hasServerName, psk, earlyData, ech bool
	connectionID                       cryptobyte.String // in the server's records
}

// parseClientHello reads a ClientHello's body, without its handshake header. It
// is false when the body breaks its syntax; hello then holds what stood before.
func parseClientHello(body cryptobyte.String) (hello clientHello, ok bool) {
	// RFC 8446, section 4.1.2: ProtocolVersion legacy_version; Random random;
	// opaque legacy_session_id<0..32>; CipherSuite cipher_suites<2..2^16-2>;
	// opaque legacy_compression_methods<1..2^8-1>; Extension extensions. After
	// the session identifier DTLS has opaque cookie<0..2^8-1> (RFC 6347, section
	// 4.2.1).
	var cookie, compression cryptobyte.String
	if !body.ReadUint16(&hello.legacyVersion) || !body.Skip(32) ||
		!body.ReadUint8LengthPrefixed(&hello.sessionID) || len(hello.sessionID) > 32 ||
		tlsVersion(hello.legacyVersion).Protocol() == "dtls" && !body.ReadUint8LengthPrefixed(&cookie) ||
		!body.ReadUint16LengthPrefixed(&hello.suites) || len(hello.suites)%2 != 0 ||
		!body.ReadUint8LengthPrefixed(&compression) {
		return hello, false
	}
	if body.Empty() { // before TLS 1.2 there may be none
		return hello, true
	}
	if !body.ReadUint16LengthPrefixed(&hello.extensions) || !body.Empty() {
		return hello, false
	}
	ok = eachExtension(hello.extensions, hello.extension)
	return hello, ok
}

// eachExtension hands every extension to read, and reports whether the list
// and, by read, all in it kept their syntax.
func eachExtension(list cryptobyte.String, read func(extension uint16, data cryptobyte.String) bool) bool {
	ok := true
	for !list.Empty() {
		extension, data, whole := readExtension(&list)
		if !whole {
			return false
		}
		ok = read(extension, data) && ok
	}
	return ok
}

// readExtension eats ExtensionType extension_type and opaque
// extension_data<0..2^16-1> (RFC 8446, section 4.2). It does so a dozen times
// for each hello, and so by hand.
func readExtension(list *cryptobyte.String) (extension uint16, data cryptobyte.String, whole bool) {
	b := *list
	if len(b) < 4 {
		return 0, nil, false
	}
	end := 4 + (int(b[2])<<8 | int(b[3]))
	if len(b) < end {
		return 0, nil, false
	}
	*list = b[end:]
	return uint16(b[0])<<8 | uint16(b[1]), b[4:end], true
}

func (hello *clientHello) extension(extension uint16, data cryptobyte.String) bool {
	switch extension {
	case extServerName: // RFC 6066, section 3
		hello.hasServerName = true
		hello.serverName = nil
		return readServerName(data, &hello.serverName)
	case extSupportedVersions: // RFC 8446, section 4.2.1
		return data.ReadUint8LengthPrefixed(&hello.versions)
	case extSupportedGroups: // RFC 8446, section 4.2.7
		return data.ReadUint16LengthPrefixed(&hello.groups)
	case extSignatureAlgorithms: // RFC 8446, section 4.2.3
		return data.ReadUint16LengthPrefixed(&hello.signatures)
	case extPointFormats: // RFC 8422, section 5.1.2
		return data.ReadUint8LengthPrefixed(&hello.pointFormats)
	case extALPN: // RFC 7301, section 3.1
		return data.ReadUint16LengthPrefixed(&hello.alpn)
	case extPSKModes: // RFC 8446, section 4.2.9
		return data.ReadUint8LengthPrefixed(&hello.pskModes)
	case extSessionTicket: // RFC 5077, section 3.2
		hello.ticket = data
	case extConnectionID: // RFC 9146, section 3
		return data.ReadUint8LengthPrefixed(&hello.connectionID)
	case extPreSharedKey:
		hello.psk = true
	case extEarlyData:
		hello.earlyData = true
	case extECH: // RFC 9849, section 5: ECHClientHelloType type, 0 is outer
		hello.ech = len(data) > 0 && data[0] == 0
	}
	return true
}

// readServerName reads the first host_name of a server_name extension.
func readServerName(data cryptobyte.String, name *cryptobyte.String) bool {
	// RFC 6066, section 3: ServerName server_name_list<1..2^16-1>, of NameType
	// name_type; opaque HostName<1..2^16-1>
	var list cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var nameType uint8
		var value cryptobyte.String
		if !list.ReadUint8(&nameType) || !list.ReadUint16LengthPrefixed(&value) {
			return false
		}
		if nameType == 0 {
			*name = value
			return true
		}
	}
	return true
}

// offer notes what the client offers.
func (h *handshake) offer() {
	t, hello := h.tls, &h.client
	o := h.memory.offer(hello, h.transport)
	t.ClientHello = true
	t.OfferedVersions, t.OfferedSuites, t.OfferedGroups = o.versions, o.suites, o.groups
	t.OfferedSignatures, t.OfferedALPN, t.PSKModes = o.signatures, o.alpn, o.pskModes
	t.SupportedVersions = len(hello.versions) > 0
	t.JA3, t.JA4 = o.ja3, o.ja4
	t.OfferedPSK, t.EarlyData, t.ECH = hello.psk, hello.earlyData, hello.ech
	t.ServerName = h.memory.name(hello.serverName[:min(len(hello.serverName), maxServerName)])
}

// read makes an offer of the hello's lists.
func (hello *clientHello) read(transport byte) *offer {
	o := &offer{
		versions:   offeredVersions(hello),
		suites:     codePoints[CipherSuite](hello.suites),
		groups:     codePoints[Group](hello.groups),
		alpn:       readALPN(hello.alpn),
		signatures: codePoints[SignatureScheme](hello.signatures),
		ja3:        hello.ja3(), ja4: hello.ja4(transport),
	}
	for _, mode := range hello.pskModes {
		if (int(mode)-0x0B)%0x1F != 0 { // RFC 8701: 0x0B, 0x2A … 0xE4 are GREASE
			o.pskModes = append(o.pskModes, mode)
		}
	}
	return o
}

// appendKey appends all that read reads, each part with its length.
func (hello *clientHello) appendKey(b []byte) []byte {
	b = append(b, byte(hello.legacyVersion>>8), byte(hello.legacyVersion), 0)
	if hello.hasServerName {
		b[len(b)-1] = 1
	}
	for _, part := range [...]cryptobyte.String{
		hello.suites, hello.versions, hello.groups, hello.signatures, hello.alpn, hello.pointFormats, hello.pskModes,
	} {
		b = append(append(b, byte(len(part)>>8), byte(len(part))), part...)
	}
	return appendTypes(b, hello.extensions)
}

// appendTypes appends the types of the extensions, in their order.
func appendTypes(b []byte, extensions cryptobyte.String) []byte {
	eachExtension(extensions, func(extension uint16, _ cryptobyte.String) bool {
		b = append(b, byte(extension>>8), byte(extension))
		return true
	})
	return b
}

// offeredVersions returns supported_versions or, without that extension,
// legacy_version alone: a client that speaks it may or may not speak older
// ones, and its hello does not say.
func offeredVersions(hello *clientHello) []TLSVersion {
	if len(hello.versions) == 0 {
		return []TLSVersion{tlsVersion(hello.legacyVersion)}
	}
	versions := codePoints[TLSVersion](hello.versions)
	for i, v := range versions {
		versions[i] = tlsVersion(uint16(v))
	}
	return versions
}

// codePoints returns a list of 16-bit code points in its order, GREASE left out
// and cut after maxOffered.
func codePoints[T ~uint16](list cryptobyte.String) []T {
	points := make([]T, 0, min(len(list)/2, maxOffered))
	for v := uint16(0); len(points) < maxOffered && list.ReadUint16(&v); {
		if !isGREASE(v) {
			points = append(points, T(v))
		}
	}
	return points
}

// readALPN returns the protocol names of an ALPN list (RFC 7301, section 3.1),
// GREASE left out.
func readALPN(list cryptobyte.String) (names []string) {
	var name cryptobyte.String
	for len(names) < maxALPN && list.ReadUint8LengthPrefixed(&name) {
		if len(name) != 2 || !isGREASE(uint16(name[0])<<8|uint16(name[1])) {
			names = append(names, string(name))
		}
	}
	return names
}
