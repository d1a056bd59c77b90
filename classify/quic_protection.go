package classify

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
)

// quicKeys opens the Initial packets of one side. They are no secret: they are
// made from a connection identifier that stands in clear (RFC 9001, section 5.2).
type quicKeys struct {
	aead   cipher.AEAD
	iv     [12]byte
	header cipher.Block
	next   uint64 // packet number that is expected
}

// newQUICKeys returns the keys of both sides; nil when the version has no salt
// that is known.
func newQUICKeys(version uint32, connectionID []byte) (client, server *quicKeys) {
	salt := quicSalt(version)
	if salt == "" {
		return nil, nil
	}
	secret, err := hkdf.Extract(sha256.New, connectionID, []byte(salt))
	if err != nil {
		return nil, nil
	}
	prefix := "quic " // RFC 9001, section 5.1
	if version == quicV2 {
		prefix = "quicv2 " // RFC 9369, section 3.3.2
	}
	return newQUICSideKeys(secret, "client in", prefix), newQUICSideKeys(secret, "server in", prefix)
}

func newQUICSideKeys(initial []byte, label, prefix string) *quicKeys {
	secret := expandLabel(initial, label, sha256.Size)
	block, err := aes.NewCipher(expandLabel(secret, prefix+"key", 16))
	if err != nil {
		return nil
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	header, err := aes.NewCipher(expandLabel(secret, prefix+"hp", 16))
	if err != nil {
		return nil
	}
	return &quicKeys{aead: aead, iv: [12]byte(expandLabel(secret, prefix+"iv", 12)), header: header}
}

// expandLabel is HKDF-Expand-Label with an empty context (RFC 8446, section
// 7.1). What it is called with never fails.
func expandLabel(secret []byte, label string, length int) []byte {
	var b cryptobyte.Builder
	b.AddUint16(uint16(length))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("tls13 " + label)) })
	b.AddUint8(0)
	out, err := hkdf.Expand(sha256.New, secret, string(b.BytesOrPanic()), length)
	if err != nil {
		return make([]byte, length)
	}
	return out
}

// open returns a packet's frames. It is false when the packet is not one that
// these keys protect.
func (k *quicKeys) open(p quicPacket) (frames []byte, ok bool) {
	const sampled = 4 // RFC 9001, section 5.4.2: the sample begins as if the number had 4 bytes
	if !p.whole || len(p.body) < sampled+aes.BlockSize {
		return nil, false
	}
	var mask [aes.BlockSize]byte
	k.header.Encrypt(mask[:], p.body[sampled:sampled+aes.BlockSize])
	first := p.header[0] ^ mask[0]&0x0F
	size := int(first&3) + 1

	header := append(make([]byte, 0, len(p.header)+size), p.header...)
	header[0] = first
	var truncated uint64
	for i, b := range p.body[:size] {
		b ^= mask[1+i]
		header = append(header, b)
		truncated = truncated<<8 | uint64(b)
	}
	number := quicNumber(truncated, k.next, size)
	nonce := k.iv // RFC 9001, section 5.3
	for i := range 8 {
		nonce[len(nonce)-1-i] ^= byte(number >> (8 * i))
	}
	frames, err := k.aead.Open(nil, nonce[:], p.body[size:], header)
	if err != nil {
		return nil, false
	}
	k.next = max(k.next, number+1)
	return frames, true
}

// quicNumber returns the packet number nearest to what is expected of which
// size bytes were sent (RFC 9000, appendix A.3).
func quicNumber(truncated, expected uint64, size int) uint64 {
	window := uint64(1) << (8 * size)
	number := expected&^(window-1) | truncated
	switch {
	case number+window/2 <= expected:
		return number + window
	case number > expected+window/2 && number >= window:
		return number - window
	}
	return number
}
