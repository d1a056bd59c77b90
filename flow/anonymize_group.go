package flow

// group4 maps what the MAC of a multicast group holds of it (RFC 1112, section
// 6.4), so that both stay the same group: the last two octets, by the low seven
// bits of the one before. Those that are administered for everybody (224.0.0.0
// and 224.0.1.0, RFC 5771) and 239.255.255.0 stay.
func (a *Anonymizer) group4(b []byte) {
	scope := b[0] & 0x7f
	if scope == 0 && b[1] <= 1 || scope == 0x7f && b[1] == 255 {
		return
	}
	fixed := func(v int) bool { return scope == 0 && v <= 1 || scope == 0x7f && v == 255 }
	third, fourth := b[1], b[2]
	b[1] = a.table("group4", []byte{scope}, 256, func(v int) uint32 { return label4(v, fixed(v)) }, nil)[third]
	b[2] = a.table("group4", []byte{scope, third}, 256, func(v int) uint32 { return label4(v, false) }, nil)[fourth]
}

// group6 maps what the MAC of a multicast group holds of it (RFC 2464, section
// 7): its last 32 bits, unless they are few, as those of groups for everybody
// are. Of a solicited-node group (RFC 4291, section 2.7.1), which ends as the
// node's address does, the first eight stay.
func (a *Anonymizer) group6(b []byte) {
	if b[0] == 0 && b[1] <= 1 {
		return
	}
	var old [8]byte
	for i, v := range b[:4] {
		old[2*i], old[2*i+1] = v>>4, v&0x0f
	}
	solicited := b[0] == 0xff
	to := old
	for i := range old {
		if i < 2 && solicited {
			continue
		}
		leading := leads(old[:i], 4)
		few := i < 4 && leads(old[:i], 8) // else it would become one that stays
		to[i] = a.table("group6", old[:i], 16, func(v int) uint32 {
			return label6(v, leading, v == 0xf && i < 2 || few && i == 3 && v == 1)
		}, nil)[old[i]]
	}
	for i := range 4 {
		b[i] = to[2*i]<<4 | to[2*i+1]
	}
}
