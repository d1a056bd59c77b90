package flow

import (
	"encoding/binary"
	"hash/maphash"
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
	seed maphash.Seed
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

func newDuplicates() *duplicates { return &duplicates{seed: maphash.MakeSeed()} }

// seen reports whether p was seen within the window, and remembers it.
func (d *duplicates) seen(p *Packet) bool {
	h := d.hash(p)
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

func (d *duplicates) hash(p *Packet) uint64 {
	var b [52 + comparedFirst + comparedLast]byte
	src, dst := p.Src.Addr().As16(), p.Dst.Addr().As16()
	copy(b[0:], src[:])
	copy(b[16:], dst[:])
	binary.LittleEndian.PutUint16(b[32:], p.Src.Port())
	binary.LittleEndian.PutUint16(b[34:], p.Dst.Port())
	binary.LittleEndian.PutUint16(b[36:], p.IPID)
	b[38], b[39] = p.Protocol, p.Flags
	binary.LittleEndian.PutUint32(b[40:], p.Seq)
	binary.LittleEndian.PutUint32(b[44:], p.Ack)
	binary.LittleEndian.PutUint32(b[48:], uint32(p.Length))
	n := 52 + copy(b[52:52+comparedFirst], p.Payload)
	n += copy(b[n:], p.Payload[min(len(p.Payload), max(comparedFirst, len(p.Payload)-comparedLast)):])
	return maphash.Bytes(d.seed, b[:n])
}
