package report

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Measures of the picture of zones, in pixels; across, it takes what room there
// is.
const (
	zoneRow  = 30 // one arrow and the words above it
	zoneGap  = 10 // between boxes
	zoneRows = 60 // at most; the table has the rest
)

// htmlZones is the picture of the zones and what flows between them: each local
// zone once at the left, at the right the zones that it speaks with, an arrow for
// each protocol between them.
type htmlZones struct {
	Height int
	Homes  []htmlZoneBox
	Others []htmlZoneBox
	Arrows []htmlArrow
	Left   int // crossings that are not drawn
	Desc   string
	Flows  uint64
	Failed uint64
}

// htmlZoneBox is a zone's box.
type htmlZoneBox struct {
	Name, Trust, Class string
	Y, Height, Inner   int
}

// htmlArrow is what flowed by one protocol from the clients of a zone to the
// servers of one.
type htmlArrow struct {
	Words, Failed, Title string
	Y, TextY, Width      int
	Back                 bool // it points to the left
}

// zoneName is what tells a zone from others.
type zoneName struct{ Name, Trust string }

func (z Zone) name() zoneName { return zoneName{z.Name, z.Trust} }

// zonePair is what flows between two zones.
type zonePair struct {
	home, other zoneName
	crossings   []Crossing
	failed      uint64
	flows       uint64
}

// Zones returns the picture, nil where nothing flowed.
func (p *htmlPage) Zones() *htmlZones {
	pairs := zonePairs(p.Crossings)
	if len(pairs) == 0 {
		return nil
	}
	z := &htmlZones{}
	y, rows := 0, 0
	for i := 0; i < len(pairs); {
		home, top := pairs[i].home, y
		for ; i < len(pairs) && pairs[i].home == home; i++ {
			pair := &pairs[i]
			z.Flows, z.Failed = z.Flows+pair.flows, z.Failed+pair.failed
			draw := pair.crossings[:min(len(pair.crossings), zoneRows-rows)]
			z.Left += len(pair.crossings) - len(draw)
			if len(draw) == 0 {
				continue
			}
			rows += len(draw)
			z.Others = append(z.Others, newZoneBox(pair.other, y, len(draw)*zoneRow, pair.other == home))
			for _, x := range draw {
				z.Arrows = append(z.Arrows, newArrow(x, home, y))
				y += zoneRow
			}
			y += zoneGap
		}
		if y > top {
			z.Homes = append(z.Homes, newZoneBox(home, top, y-top-zoneGap, false))
		}
	}
	z.Height = y
	z.Desc = fmt.Sprintf("%s between %s of zones, of which %s broke a rule. The table below has the same.", count(z.Flows, "flow"), count(len(pairs), "pair"), thousands(z.Failed))
	return z
}

// zonePairs puts together what flows between the same two zones, in either
// direction, and the pairs of the same home; what failed comes first.
func zonePairs(crossings []Crossing) []zonePair {
	at := map[[2]zoneName]int{}
	var pairs []zonePair
	homes := map[zoneName]uint64{}
	for _, x := range crossings {
		home, other := x.From.name(), x.To.name()
		if farther(home, other) {
			home, other = other, home
		}
		i, known := at[[2]zoneName{home, other}]
		if !known {
			i = len(pairs)
			at[[2]zoneName{home, other}] = i
			pairs = append(pairs, zonePair{home: home, other: other})
		}
		pairs[i].crossings = append(pairs[i].crossings, x)
		pairs[i].failed += x.Failed
		pairs[i].flows += x.Flows
		homes[home] += x.Failed
	}
	for _, pair := range pairs {
		slices.SortStableFunc(pair.crossings, func(a, b Crossing) int {
			return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Flows, a.Flows))
		})
	}
	slices.SortStableFunc(pairs, func(a, b zonePair) int {
		return cmp.Or(
			cmp.Compare(homes[b.home], homes[a.home]), cmp.Compare(a.home.Name, b.home.Name), cmp.Compare(a.home.Trust, b.home.Trust),
			cmp.Compare(b.failed, a.failed), cmp.Compare(b.flows, a.flows), cmp.Compare(a.other.Name, b.other.Name),
		)
	})
	return pairs
}

// farther reports whether a zone is farther from the site than another.
func farther(a, b zoneName) bool {
	rank := func(z zoneName) int {
		return slices.Index([]string{"local", "external", "special", "internet"}, z.Trust)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name)) > 0
}

func newZoneBox(z zoneName, y, height int, within bool) htmlZoneBox {
	b := htmlZoneBox{Name: z.Name, Trust: z.Trust, Class: "special", Y: y, Height: height, Inner: height - 2}
	switch z.Trust {
	case "local", "external", "internet":
		b.Class = z.Trust
	}
	if within {
		b.Trust = "within the zone"
	}
	return b
}

func newArrow(x Crossing, home zoneName, y int) htmlArrow {
	a := htmlArrow{
		Words: x.Protocol + " " + thousands(x.Flows), Y: y + 21, TextY: y + 14, Back: x.From.name() != home,
		Width: 1 + bits.Len64(x.Flows)/3,
		Title: fmt.Sprintf("%s to %s, %s: %s in %s, %s", x.From.Name, x.To.Name, x.Protocol, count(x.Flows, "flow"), count(x.Packets, "packet"), byteCount(x.Bytes)),
	}
	a.Width = min(a.Width, 6)
	if x.Failed > 0 {
		a.Failed = thousands(x.Failed) + " failed"
		a.Title += ", " + a.Failed
	}
	return a
}

// byteCount writes a number of bytes as people say it.
func byteCount(n uint64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return count(n, "byte")
	}
	i := min(int(math.Log10(float64(n)))/3, len(units))
	return fmt.Sprintf("%.3g %cB", float64(n)/math.Pow10(3*i), units[i-1])
}

// ByteCount writes the bytes.
func (x Crossing) ByteCount() string { return byteCount(x.Bytes) }
