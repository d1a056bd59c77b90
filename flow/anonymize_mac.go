package flow

import (
	"slices"
)

// MAC maps a MAC.
func (a *Anonymizer) MAC(m MAC) MAC {
	const local, group = 0x02, 0x01
	to := m
	first := 3
	switch {
	case m == MAC{} || m.Virtual():
		return m
	case m[0] == 0x01 && m[1] == 0 && m[2] == 0x5e && m[3] < 0x80:
		a.group4(to[3:6])
		return to
	case m[0] == 0x33 && m[1] == 0x33:
		a.group6(to[2:6])
		return to
	case m[0]&group != 0:
		return m
	case m[0]&local != 0:
		first = 1
	}
	for i := first; i < len(m); i++ {
		before := m[:i]
		none, virtual := leads(before, len(m)), towardsVirtual(before)
		to[i] = a.table("mac", before, 256, func(v int) uint32 {
			if none && v == 0 || virtual && towardsVirtual(append(slices.Clone(before), byte(v))) {
				return uint32(1000 + v)
			}
			return 1
		}, nil)[m[i]]
	}
	return to
}

// Hardware maps a MAC in place.
func (a *Anonymizer) Hardware(b []byte) {
	m := a.MAC(MAC(b))
	copy(b, m[:])
}

// Opaque replaces an identifier, which may hold an address in part, by another
// of its length, in place.
func (a *Anonymizer) Opaque(b []byte) {
	r := a.random("opaque", b)
	for i := range b {
		b[i] = byte(r.Uint64())
	}
}
