package flow

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// octets returns the permutation of the octet behind those given.
func (a *Anonymizer) octets(before []byte) []byte {
	return a.table("ipv4", before, 256, func(v int) uint32 { return label4(v, false) }, func() []mark { return a.marks(before, 8, true) })
}

// label4 tells octets apart that must not be exchanged: by their length as
// text, and those that stay.
func label4(v int, fixed bool) uint32 {
	switch {
	case fixed || v == 0 || v == 255:
		return uint32(1000 + v)
	case v < 10:
		return 1
	case v < 100:
		return 2
	}
	return 3
}

// digits returns the permutation of the hexadecimal digit behind those given.
func (a *Anonymizer) digits(before []byte) []byte {
	leading := leads(before, 4)
	return a.table("ipv6", before, 16, func(v int) uint32 { return label6(v, leading, false) }, func() []mark { return a.marks(before, 4, false) })
}

// leads reports whether of a group of n digits all so far are zeros.
func leads(before []byte, n int) bool {
	for _, v := range before[len(before)-len(before)%n:] {
		if v != 0 {
			return false
		}
	}
	return true
}

// label6 tells digits apart that must not be exchanged: those that stay, and
// zeros that are not written.
func label6(v int, leading, fixed bool) uint32 {
	if fixed || leading && v == 0 {
		return uint32(1000 + v)
	}
	return 1
}

// special returns the ranges out of and into which nothing is mapped (IANA
// "Special-Purpose Address Registry" of both versions), and 2000::/4 and 3000::/4
// since nothing else was given out.
func special() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "169.254.169.0/24", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "2000::/4", "2001::/32", "2001:db8::/32", "2002::/16", "3000::/4", "3fff::/20",
		"fc00::/8", "fd00::/8", "fe80::/16", "fe80::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// mark is a run of digits, in what follows those given, that stays one: of a
// single one that digit stays.
type mark struct {
	first, last int
	ends        bool // its first and last stay, too: a network's and its broadcast
}

// marks returns the marks of a digit of so many bits.
func (a *Anonymizer) marks(before []byte, bits int, v4 bool) []mark {
	var list []mark
	at := func(p netip.Prefix, mine bool) {
		if p.Addr().Is4() != v4 || p.Bits() <= len(before)*bits || !begins(p, before, bits) {
			return
		}
		v := digit(p, len(before), bits)
		free := (len(before)+1)*bits - p.Bits() // bits of the digit behind the prefix
		switch {
		case free > 0:
			list = append(list, mark{v, v | (1<<free - 1), mine && v4 && len(before) == 3})
		case !mine:
			list = append(list, mark{v, v, false})
		}
	}
	for _, p := range a.special {
		at(p, false)
	}
	for _, p := range a.prefixes {
		at(p, true)
	}
	return list
}

// begins reports whether p begins with the digits.
func begins(p netip.Prefix, digits []byte, bits int) bool {
	for i, v := range digits {
		if digit(p, i, bits) != int(v) {
			return false
		}
	}
	return true
}

func digit(p netip.Prefix, i, bits int) int {
	b := p.Addr().As16()
	if p.Addr().Is4() {
		i += 12
	}
	if bits == 8 {
		return int(b[i])
	}
	return int(b[i/2]>>(4*(1-i%2))) & 0x0f
}

// table returns a permutation of n digits for what stands before them. Digits
// of different labels, or on different sides of a mark, are not exchanged; all
// others are, none with itself.
func (a *Anonymizer) table(kind string, before []byte, n int, label func(v int) uint32, cut func() []mark) []byte {
	name := kind + string(before)
	if t, ok := a.tables[name]; ok {
		return t
	}
	var marks []mark
	if cut != nil {
		marks = cut()
	}
	labels := make([]uint64, n)
	for v := range labels {
		h := uint64(label(v))
		for _, m := range marks {
			side := uint64(0)
			if m.first <= v && v <= m.last {
				side = 1
			}
			if m.ends && (v == m.first || v == m.last) {
				side = uint64(2 + v)
			}
			h = h*1_000_003 + side + 7
		}
		labels[v] = h
	}
	t := make([]byte, n)
	r := a.random(kind, before)
	for v := range t {
		t[v] = byte(v)
	}
	for v := range labels {
		if slices.Index(labels, labels[v]) < v {
			continue // its cell is done
		}
		var cell []int
		for w := v; w < n; w++ {
			if labels[w] == labels[v] {
				cell = append(cell, w)
			}
		}
		for i := len(cell) - 1; i > 0; i-- { // Sattolo's algorithm: one cycle through all
			j := int(r.Uint64() % uint64(i))
			t[cell[i]], t[cell[j]] = t[cell[j]], t[cell[i]]
		}
	}
	if len(a.tables) >= maxTables {
		clear(a.tables)
	}
	a.tables[name] = t
	return t
}

// random returns the numbers that the key gives for a place.
func (a *Anonymizer) random(kind string, before []byte) *rand.ChaCha8 {
	h := sha256.New()
	h.Write(a.key[:])
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(kind))))
	h.Write([]byte(kind))
	h.Write(before)
	return rand.NewChaCha8([32]byte(h.Sum(nil)))
}
