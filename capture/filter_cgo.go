//go:build cgo

package capture

import (
	"fmt"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
)

// filter is a BPF text, compiled by libpcap for each link type that appears.
// The nil filter lets every frame pass.
type filter struct {
	text     string
	programs map[uint16]program
	scratch  []byte
}

type program struct {
	bpf *pcap.BPF
	err error
}

// newFilter refuses text that libpcap can compile neither for Ethernet nor for
// Linux cooked captures, which between them know every primitive we read.
func newFilter(text string) (*filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	f := &filter{text: text, programs: map[uint16]program{}}
	err := f.compile(linkEthernet)
	if err != nil && f.compile(linkSLL) != nil {
		return nil, filterError(text, err)
	}
	return f, nil
}

func filterError(text string, err error) error {
	return fmt.Errorf("filter %q: %w: write it as for tcpdump, see pcap-filter(7)", text, err)
}

func (f *filter) compile(link uint16) error {
	p := program{}
	p.bpf, p.err = pcap.NewBPF(dlt(link), maxFrame, f.text)
	f.programs[link] = p
	return p.err
}

// dlt is libpcap's own number of a link type, where it is another than in
// files. Cooked captures v2 have none that gopacket could pass on.
func dlt(link uint16) layers.LinkType {
	switch link {
	case linkRaw, linkRaw14:
		return linkRaw12
	case linkSLL2:
		return linkSLL
	}
	return layers.LinkType(link)
}

// match reports whether fr passes; an error says that the text means nothing
// on its link type.
func (f *filter) match(fr *frame) (bool, error) {
	p, ok := f.programs[fr.link]
	if !ok {
		p.err = fmt.Errorf("link type %d", fr.link)
		if fr.link <= 0xff || fr.link == linkSLL2 {
			_ = f.compile(fr.link)
			p = f.programs[fr.link]
		}
		f.programs[fr.link] = p
	}
	if p.err != nil {
		return false, p.err
	}
	data, length := fr.data, fr.length
	if fr.link == linkSLL2 {
		data, length = f.cooked(data), length-4
	}
	if len(data) == 0 {
		return false, nil
	}
	return p.bpf.Matches(gopacket.CaptureInfo{Length: length}, data), nil
}

// cooked rewrites a LINKTYPE_LINUX_SLL2 header as LINKTYPE_LINUX_SLL.
func (f *filter) cooked(data []byte) []byte {
	if len(data) < 20 {
		return nil
	}
	h := append(f.scratch[:0], 0, data[10]) // packet type
	h = append(h, data[8:10]...)            // hardware type
	h = append(h, 0, data[11])              // address length
	h = append(h, data[12:20]...)           // address
	h = append(h, data[0:2]...)             // protocol
	f.scratch = append(h, data[20:]...)
	return f.scratch
}
