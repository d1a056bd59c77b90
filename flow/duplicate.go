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
// packets of the same set came between, that is, never at real packet rates.
type duplicates struct {
	seed maphash.Seed
	sets [duplicateSets][duplicateWays]sighting
}

const (
	duplicateSets   = 1 << 9 // with their ways they fit into a processor's second-level cache
	duplicateWays   = 8
	duplicateWindow = Time(time.Millisecond)

	comparedFirst, comparedLast = 64, 32 // bytes of a payload
)

type sighting struct {
	hash uint64
	at   Time
}

func newDuplicates() *duplicates { return &duplicates{seed: maphash.MakeSeed()} }

// seen reports whether p was seen within the window, and remembers it.
func (d *duplicates) seen(p *Packet) bool {
	h := d.hash(p)
	set := &d.sets[h%duplicateSets]
	oldest := 0
	for i := range set {
		if set[i].hash == h && abs(p.Frame.Time-set[i].at) <= duplicateWindow {
			return true
		}
		if set[i].at < set[oldest].at {
			oldest = i
		}
	}
	set[oldest] = sighting{h, p.Frame.Time}
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

func abs(t Time) Time { return max(t, -t) }
