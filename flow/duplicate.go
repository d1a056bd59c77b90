package flow

import (
	"encoding/binary"
	"time"
)

// duplicates recognises packets that a mirror port delivered twice: the same IP
// packet within a millisecond, whatever its link layer, VLAN tag, TTL and
// checksums, since a switch that mirrors before and after routing changes
// those. A retransmission is another packet: its IP identification, or where
// there is none (IPv6) at least its payload or its time, differs. Of a long
// payload the ends are compared, which hold the sequence numbers and counters
// that tell one datagram of a stream from the next.
//
// It is a set-associative cache. A duplicate is missed only when eight other
// packets of the same set came between, that is, never at real packet rates;
// 41 bits of a hash that nobody can foresee tell packets apart.
type duplicates struct {
	seed seed
	sets [duplicateSets][duplicateWays]sighting
}

const (
	duplicateSets   = 1 << 9
	duplicateWays   = 8 // which fill a line of the processor's cache
	duplicateWindow = 1000
	comparedFirst   = 64 // bytes of a payload
	comparedLast    = 32
)

// sighting is a packet that was seen.
type sighting struct {
	hash uint32
	at   uint32 // microseconds of the packets' clock, from any beginning
}

func newDuplicates(s seed) *duplicates { return &duplicates{seed: s} }

// seen reports whether p, the hashes of whose ends are given, was seen within
// the window, and remembers it.
func (d *duplicates) seen(p *Packet, src, dst uint64) bool {
	h := d.hash(p, src, dst)
	now := sighting{uint32(h >> 32), uint32(p.Frame.Time / Time(time.Microsecond))}
	set := &d.sets[h%duplicateSets]
	oldest, age := 0, uint32(0)
	for i := range set {
		past := now.at - set[i].at
		if ahead := -past; ahead <= duplicateWindow { // time runs back a little
			past = ahead
		}
		if set[i].hash == now.hash && past <= duplicateWindow {
			return true
		}
		if past >= age {
			oldest, age = i, past
		}
	}
	set[oldest] = now
	return false
}

// hash mixes what makes a packet the same one: its ends, their order too, its
// headers, and the ends of its payload.
func (d *duplicates) hash(p *Packet, src, dst uint64) uint64 {
	le := binary.LittleEndian
	h := mix(src^d.seed[3], dst)
	h = mix(h^uint64(p.Seq)^uint64(p.Ack)<<32, d.seed[0]^uint64(p.Length)^uint64(p.IPID)<<24^uint64(p.Protocol)<<40^uint64(p.Flags)<<48)
	b := p.Payload
	if len(b) > comparedFirst+comparedLast {
		last := b[len(b)-comparedLast:]
		h = mix(h^le.Uint64(last), d.seed[1]^le.Uint64(last[8:]))
		h = mix(h^le.Uint64(last[16:]), d.seed[2]^le.Uint64(last[24:]))
		b = b[:comparedFirst]
	}
	for len(b) >= 16 {
		h = mix(h^le.Uint64(b), d.seed[1]^le.Uint64(b[8:]))
		b = b[16:]
	}
	if len(b) == 0 {
		return h
	}
	var rest [16]byte
	copy(rest[:], b)
	return mix(h^le.Uint64(rest[:]), d.seed[2]^le.Uint64(rest[8:]))
}
