package capture

import (
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"

	"spanaudit/flow"
)

// Radiotap (https://www.radiotap.org): what the radio said of a frame, in
// fields whose presence a bit mask tells. Of them we need the flags.
const (
	radiotapTSFT   = 1 << 0 // eight bytes, aligned to their size
	radiotapFlags  = 1 << 1 // one byte
	radiotapMore   = 1 << 31
	radiotapPadded = 0x20 // in the flags: the 802.11 header is padded to four bytes
)

func (d *decoder) radiotap(f *frame, p *flow.Packet, b *Batch) reason {
	d.reach(f.data, 8)
	data, ok := headed(f.data, 8)
	if !ok {
		return f.short(reason{why: whyLinkHeader})
	}
	s := cryptobyte.String(f.data[4 : len(f.data)-len(data)])
	first, word, flags := uint32(0), uint32(radiotapMore), uint8(0)
	for n := 0; word&radiotapMore != 0; n++ {
		var w []byte
		if !s.ReadBytes(&w, 4) {
			return reason{why: whyLinkHeader}
		}
		if word = binary.LittleEndian.Uint32(w); n == 0 {
			first = word
		}
	}
	if first&radiotapTSFT != 0 {
		at := len(f.data) - len(data) - len(s)
		s.Skip(-at & 7)
		s.Skip(8)
	}
	if first&radiotapFlags != 0 {
		s.ReadUint8(&flags)
	}
	return d.wlan(data, flags&radiotapPadded != 0, f, p, b)
}

// headed returns what follows a header that says its own length, at least
// least, as radiotap and PPI do.
func headed(data []byte, least int) (rest []byte, ok bool) {
	if len(data) < least {
		return nil, false
	}
	length := int(binary.LittleEndian.Uint16(data[2:4]))
	if length < least || length > len(data) {
		return nil, false
	}
	return data[length:], true
}
