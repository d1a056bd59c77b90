package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxSuites bounds the bars of a picture.
const maxSuites = 16

// htmlBars is a picture of how many flows are of each kind.
type htmlBars struct {
	Title, Desc string
	ID          string
	Bars        []htmlKind
	Height      int
}

// htmlKind is one bar with the words above it.
type htmlKind struct {
	Words, Class, Note, Width, Flows string
	Y, TextY                         int
}

// TLSPictures returns the pictures of the versions and of the suites in use; none
// where no TLS was seen.
func (p *htmlPage) TLSPictures() []htmlBars {
	if len(p.Inventory) == 0 {
		return nil
	}
	versions := p.kinds(func(u *TLSUse) (words, class string) {
		words = u.VersionName()
		switch u.Version {
		case "1.3", "1.2":
			return words, "good"
		case "1.1", "1.0", "3.0", "2.0":
			return words, "broken"
		}
		return words, "unknown"
	})
	suites := p.kinds(func(u *TLSUse) (words, class string) {
		words = cmp.Or(u.Cipher, "not seen")
		switch u.Class {
		case "good", "legacy", "weak", "broken":
			return words, u.Class
		}
		return words, "unknown"
	})
	return []htmlBars{
		drawKinds("tls-versions", "Versions in use, by flows", versions),
		drawKinds("tls-suites", "Cipher suites in use, by flows", suites),
	}
}

// VersionName names the version with its protocol.
func (u *TLSUse) VersionName() string {
	switch {
	case u.Protocol == "quic":
		return "QUIC with TLS " + u.Version
	case u.Version == "2.0" || u.Version == "3.0":
		return "SSL " + u.Version
	}
	return strings.ToUpper(u.Protocol) + " " + u.Version
}

// kind is a name with how many flows are of it.
type kind struct {
	words, class string
	flows        uint64
}

// kinds counts the flows of the inventory, most first.
func (p *htmlPage) kinds(of func(*TLSUse) (words, class string)) []kind {
	at := map[string]int{}
	var list []kind
	for i := range p.Inventory {
		u := &p.Inventory[i]
		words, class := of(u)
		j, known := at[words]
		if !known {
			j = len(list)
			at[words] = j
			list = append(list, kind{words: words, class: class})
		}
		list[j].flows += u.Flows
	}
	slices.SortStableFunc(list, func(a, b kind) int {
		return cmp.Or(cmp.Compare(b.flows, a.flows), cmp.Compare(a.words, b.words))
	})
	return list
}

func drawKinds(id, title string, list []kind) htmlBars {
	const row = 36
	b := htmlBars{ID: id, Title: title}
	if more := len(list) - maxSuites; more > 0 {
		rest := kind{words: fmt.Sprintf("%d others", more), class: "unknown"}
		for _, k := range list[maxSuites:] {
			rest.flows += k.flows
		}
		list = append(list[:maxSuites:maxSuites], rest)
	}
	var most uint64 = 1
	var said []string
	for _, k := range list {
		most = max(most, k.flows)
		said = append(said, fmt.Sprintf("%s: %s", k.words, count(k.flows, "flow")))
	}
	for i, k := range list {
		note := ""
		if k.class != "good" && k.class != "unknown" {
			note = k.class
		}
		b.Bars = append(b.Bars, htmlKind{k.words, k.class, note, percent(0.75 * max(0.005, float64(k.flows)/float64(most))), thousands(k.flows), i*row + 20, i*row + 14})
	}
	b.Height = len(list) * row
	b.Desc = strings.Join(said, "; ") + "."
	return b
}
