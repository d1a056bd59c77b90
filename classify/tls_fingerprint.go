package classify

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
)

// ja3 returns the JA3 fingerprint of a ClientHello: the MD5 digest of its
// version, suites, extensions, groups and point formats, as they stand and in
// decimal, without GREASE.
func (hello *clientHello) ja3() string {
	b := make([]byte, 0, 512)
	b = strconv.AppendUint(b, uint64(hello.legacyVersion), 10)
	b = appendDecimals(append(b, ','), hello.suites)
	b = appendExtensionTypes(append(b, ','), hello.extensions)
	b = appendDecimals(append(b, ','), hello.groups)
	b = append(b, ',')
	for i, format := range hello.pointFormats {
		if i > 0 {
			b = append(b, '-')
		}
		b = strconv.AppendUint(b, uint64(format), 10)
	}
	return digest(b)
}

// appendJA3S appends what the JA3S fingerprint of a ServerHello is the MD5 digest
// of: its legacy_version, suite and extensions.
func (hello *serverHello) appendJA3S(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(hello.legacyVersion), 10)
	b = strconv.AppendUint(append(b, ','), uint64(hello.suite), 10)
	return appendExtensionTypes(append(b, ','), hello.extensions)
}

// appendKey appends what JA3S is made of.
func (hello *serverHello) appendKey(b []byte) []byte {
	b = append(b, byte(hello.legacyVersion>>8), byte(hello.legacyVersion), byte(hello.suite>>8), byte(hello.suite))
	return appendTypes(b, hello.extensions)
}

func digest(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func appendDecimals(b []byte, list cryptobyte.String) []byte {
	separator := false
	for v := uint16(0); list.ReadUint16(&v); {
		if isGREASE(v) {
			continue
		}
		if separator {
			b = append(b, '-')
		}
		b, separator = strconv.AppendUint(b, uint64(v), 10), true
	}
	return b
}

func appendExtensionTypes(b []byte, extensions cryptobyte.String) []byte {
	separator := false
	eachExtension(extensions, func(extension uint16, _ cryptobyte.String) bool {
		if !isGREASE(extension) {
			if separator {
				b = append(b, '-')
			}
			b, separator = strconv.AppendUint(b, uint64(extension), 10), true
		}
		return true
	})
	return b
}

// ja4 returns the JA4 fingerprint of a ClientHello that came over transport:
// 't' TCP, 'q' QUIC, 'd' DTLS.
func (hello *clientHello) ja4(transport byte) string {
	suites := sorted(hello.suites)
	extensions := make([]uint16, 0, 32)
	count := 0
	eachExtension(hello.extensions, func(extension uint16, _ cryptobyte.String) bool {
		if isGREASE(extension) {
			return true
		}
		count++
		if extension != extServerName && extension != extALPN {
			extensions = append(extensions, extension)
		}
		return true
	})
	slices.Sort(extensions)

	b := append(make([]byte, 0, 40), transport)
	b = append(b, hello.ja4Version()...)
	if hello.hasServerName {
		b = append(b, 'd')
	} else {
		b = append(b, 'i')
	}
	b = appendCount(appendCount(b, len(suites)), count)
	b = appendALPN(b, hello.alpn)
	b = appendTruncated(append(b, '_'), appendHex(nil, suites))
	list := appendHex(nil, extensions)
	if signatures := withoutGREASE(hello.signatures); len(list) > 0 && len(signatures) > 0 {
		list = appendHex(append(list, '_'), signatures)
	}
	return string(appendTruncated(append(b, '_'), list))
}

// ja4Version returns the newest version offered, in two characters.
func (hello *clientHello) ja4Version() string {
	version := hello.legacyVersion
	if versions := withoutGREASE(hello.versions); len(versions) > 0 {
		version = slices.MaxFunc(versions, func(a, b uint16) int { return cmp.Compare(TLSVersion(a).TLS(), TLSVersion(b).TLS()) })
	}
	switch TLSVersion(version) {
	case TLS13:
		return "13"
	case TLS12:
		return "12"
	case TLS11:
		return "11"
	case TLS10:
		return "10"
	case SSL3:
		return "s3"
	case SSL2:
		return "s2"
	case DTLS10:
		return "d1"
	case DTLS12:
		return "d2"
	case DTLS13:
		return "d3"
	}
	return "00"
}

func withoutGREASE(list cryptobyte.String) []uint16 {
	values := make([]uint16, 0, len(list)/2)
	for v := uint16(0); list.ReadUint16(&v); {
		if !isGREASE(v) {
			values = append(values, v)
		}
	}
	return values
}

func sorted(list cryptobyte.String) []uint16 {
	values := withoutGREASE(list)
	slices.Sort(values)
	return values
}

func appendCount(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, '0'+byte(n/10), '0'+byte(n%10))
}

// appendALPN appends the first and last character of the first protocol name,
// or of its hexadecimal form where either is not alphanumeric.
func appendALPN(b []byte, list cryptobyte.String) []byte {
	var name cryptobyte.String
	if !list.ReadUint8LengthPrefixed(&name) || len(name) == 0 {
		return append(b, "00"...)
	}
	first, last := name[0], name[len(name)-1]
	if alphanumeric(first) && alphanumeric(last) {
		return append(b, first, last)
	}
	const digits = "0123456789abcdef"
	return append(b, digits[first>>4], digits[last&0xF])
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// appendHex appends values as four hexadecimal digits each, with commas between.
func appendHex(b []byte, values []uint16) []byte {
	b = slices.Grow(b, 5*len(values))
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
	}
	return b
}

// appendTruncated appends the first twelve digits of list's SHA-256 digest, or
// zeros for an empty list.
func appendTruncated(b, list []byte) []byte {
	if len(list) == 0 {
		return append(b, "000000000000"...)
	}
	sum := sha256.Sum256(list)
	return hex.AppendEncode(b, sum[:6])
}
