package capture

import (
	"fmt"
	"time"

	"github.com/google/gopacket/layers"
)

// Stats counts what became of the frames. Frames is the sum of Filtered,
// Decoded and all of Undecoded.
type Stats struct {
	Frames    uint64            // read from the inputs
	Bytes     uint64            // that they had on the wire
	Filtered  uint64            // left out by the filter
	Decoded   uint64            // gave a packet, a part of one or an ARP
	Undecoded map[string]uint64 // frames by the reason; at most 256 reasons, then "other"

	Cut uint64 // frames that the capture cut short (snaplen)

	Fragments     uint64 // IP fragments seen
	Reassembled   uint64 // packets put together from them
	FragmentsLost uint64 // fragments given up: the rest never came, or there were too many

	Inversions uint64 // frames earlier than the one stored before them
	Late       uint64 // frames delivered out of order: of a stream, beyond the window of 1 s or 8192 frames

	Received uint64 // packets seen by the capture's writer or by the kernel, where it says so
	Dropped  uint64 // packets it lost

	// Of an interface that is captured by WayRing:
	Frozen  uint64        // times the ring was full, each of which dropped packets or none
	Outages uint64        // times the interface was down or without carrier
	Blind   time.Duration // how long all of them were, one that lasts up to now
	Watched time.Duration // since it was opened, Blind included
}

// reason is why a frame gave no packet.
type reason struct {
	why   why
	value uint32
}

type why uint8

const (
	delivered why = iota // it did
	consumed             // it was understood and held: an ARP, a fragment
	whyCut
	whyLink
	whyFilter
	whyEtherType
	whyLLC
	whyLinkHeader
	whyIPVersion
	whyIPv4
	whyIPv6
	whyExtension
	whyFragment
	whyTransport
	whyARP
	whyLayers
	whyPPP
	whyARCNET
	whyNFLOG
	whyWLAN
	whyWLANEncrypted
	whyWLANFragment
	whyPanic
	whyOther // one of those beyond maxReasons
)

// maxReasons bounds how many reasons are told apart.
const maxReasons = 256

func (r reason) String() string {
	switch r.why {
	case whyCut:
		return "cut by snaplen"
	case whyLink:
		return fmt.Sprintf("link type %d (%s)", r.value, linkName(r.value))
	case whyFilter:
		return fmt.Sprintf("filter does not apply to link type %d (%s)", r.value, linkName(r.value))
	case whyEtherType:
		return fmt.Sprintf("ethertype %#04x", r.value)
	case whyLLC:
		return fmt.Sprintf("llc sap %#02x", r.value)
	case whyLinkHeader:
		return "malformed link header"
	case whyIPVersion:
		return fmt.Sprintf("ip version %d", r.value)
	case whyIPv4:
		return "malformed ipv4"
	case whyIPv6:
		return "malformed ipv6"
	case whyExtension:
		return "malformed ipv6 extension header"
	case whyFragment:
		return "malformed fragment"
	case whyTransport:
		return "malformed " + layers.IPProtocol(r.value).String()
	case whyARP:
		return "malformed arp"
	case whyLayers:
		return "too many layers"
	case whyPPP:
		return fmt.Sprintf("ppp protocol %#04x", r.value)
	case whyARCNET:
		return fmt.Sprintf("arcnet system code %d", r.value)
	case whyNFLOG:
		return fmt.Sprintf("nflog family %d", r.value)
	case whyWLAN:
		return "802.11 frame without data"
	case whyWLANEncrypted:
		return "802.11 data, encrypted"
	case whyWLANFragment:
		return "802.11 data, a fragment"
	case whyPanic:
		return "decoder failure"
	}
	return "other"
}

// linkName is what the registry of link types calls one.
func linkName(link uint32) string {
	if link > 0xff {
		return "unknown"
	}
	return layers.LinkType(link).String()
}
