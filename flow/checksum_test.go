package flow

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// words is the checksum as RFC 1071, section 4.1, computes it.
func words(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

func TestSumIsThatOfRFC1071(t *testing.T) {
	data := make([]byte, 3000)
	for i := range data {
		data[i] = byte(i*i>>3) | byte(i>>4)
	}
	for n := range data {
		sealed := binary.BigEndian.AppendUint16(bytes.Clone(data[:n&^1]), words(data[:n&^1]))
		if !Sum(0).Add(sealed).Holds() {
			t.Fatalf("%d bytes: the checksum does not hold", n)
		}
		sealed[len(sealed)/2] ^= 0x10
		if Sum(0).Add(sealed).Holds() {
			t.Fatalf("%d bytes: a damaged checksum holds", n)
		}
	}
	if !(^Sum(0)).Add(bytes.Repeat([]byte{0xff}, 4096)).Holds() {
		t.Error("all ones: the carry is lost")
	}
}

// Whether checksums hold is known of the first packets of a half alone.
func TestFirstPacketsAreVerified(t *testing.T) {
	c := converse(1000, 9000).open()
	for range 2 * maxVerified {
		c.send(0, ACK, "x")
	}
	for i := range c.packets {
		c.packets[i].Checksum.BadHeader = true
	}
	r, _ := run(Config{}, c.packets)
	if f := r.ended[0]; f.Client.BadChecksums != maxVerified || f.Server.BadChecksums != 1 {
		t.Errorf("%d and %d packets, wanted %d and 1", f.Client.BadChecksums, f.Server.BadChecksums, maxVerified)
	}
}
