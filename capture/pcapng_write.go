package capture

import (
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf8"

	"spanaudit/flow"
)

// Options that are only written (draft-ietf-opsawg-pcapng, sections 3.5, 4.1
// and 4.2).
const (
	optionComment       = 1
	optionApplication   = 4 // of a section
	optionInterfaceName = 2
)

// maxOption is how long the value of an option can be.
const maxOption = 1<<16 - 1

// PcapngOptions say how a pcapng file is written.
type PcapngOptions struct {
	Application string   // shb_userappl: what writes the file
	Inputs      []string // names of the inputs that frames come from, by Frame.Input, each then with interfaces of its own; may be nil
}

// PcapngWriter writes frames as one section of pcapng, little-endian, with
// timestamps in nanoseconds. What it writes depends on what it is given and on
// nothing else. It does not buffer.
type PcapngWriter struct {
	w          io.Writer
	inputs     []string
	interfaces map[pcapngInterface]uint32
	last       flow.Time // of the frames of the first interface
	block      []byte    // reused
}

// pcapngInterface is what has an Interface Description Block of its own.
type pcapngInterface struct {
	input int // −1 where inputs are not told apart
	link  uint16
	early bool // for frames from before 1970, for which timestamps are no numbers
}

// earlyOffset is the if_tsoffset of early interfaces, in seconds: no time is
// earlier, see netif.time.
const earlyOffset = -1 << 32

// NewPcapngWriter writes the section header.
func NewPcapngWriter(w io.Writer, opt PcapngOptions) (*PcapngWriter, error) {
	p := &PcapngWriter{w: w, inputs: opt.Inputs, interfaces: map[pcapngInterface]uint32{}}
	p.begin(blockSection)
	p.word(byteOrderMagic)
	p.word(1) // version 1.0
	p.word(^uint32(0))
	p.word(^uint32(0)) // a section length that is not given
	p.text(optionApplication, opt.Application)
	return p, p.end()
}

// Write writes one frame, with a comment unless that is empty. Comments are cut
// to 65,535 bytes. The frame's number is not written: a reader counts anew.
func (p *PcapngWriter) Write(f RawFrame, comment string) error {
	i, err := p.netif(f)
	if err != nil {
		return err
	}
	if i == 0 {
		p.last = f.Frame.Time
	}
	p.begin(blockEnhancedPacket)
	p.word(i)
	p.time(f.Frame.Time)
	p.word(uint32(len(f.Data)))
	p.word(uint32(max(f.Length, len(f.Data))))
	p.bytes(f.Data)
	p.text(optionComment, comment)
	return p.end()
}

// Losses writes how many packets the writer of the source received and how many
// of those it dropped, as Stats has it, so that a reader finds the same. Call it
// once, behind the last frame.
func (p *PcapngWriter) Losses(received, dropped uint64) error {
	if len(p.interfaces) == 0 { // of a file without frames
		if _, err := p.netif(RawFrame{Link: linkEthernet}); err != nil {
			return err
		}
	}
	p.begin(blockStatistics)
	p.word(0)
	p.time(p.last)
	p.long(optionReceived, received)
	p.long(optionDropped, dropped)
	p.word(optionEnd)
	return p.end()
}

// netif returns the interface of f, which it describes when it is new.
func (p *PcapngWriter) netif(f RawFrame) (uint32, error) {
	key := pcapngInterface{-1, f.Link, f.Frame.Time < 0}
	if f.Frame.Input < len(p.inputs) {
		key.input = f.Frame.Input
	}
	if i, ok := p.interfaces[key]; ok {
		return i, nil
	}
	i := uint32(len(p.interfaces))
	p.interfaces[key] = i
	p.begin(blockInterface)
	p.word(uint32(f.Link))
	p.word(0) // no snap length: frames are what the source kept of them
	p.option(optionTimeResolution, []byte{9})
	if key.early {
		offset := int64(earlyOffset)
		p.long(optionTimeOffset, uint64(offset))
	}
	name := ""
	if key.input >= 0 {
		name = p.inputs[key.input]
	}
	if name == "" {
		p.word(optionEnd)
	} else {
		p.text(optionInterfaceName, name)
	}
	return i, p.end()
}

// begin begins a block (section 3.1); its length is filled in at its end.
func (p *PcapngWriter) begin(kind uint32) {
	p.block = p.block[:0]
	p.word(kind)
	p.word(0)
}

func (p *PcapngWriter) end() error {
	length := uint32(len(p.block) + 4)
	p.word(length)
	binary.LittleEndian.PutUint32(p.block[4:], length)
	_, err := p.w.Write(p.block)
	return err
}

func (p *PcapngWriter) word(v uint32) { p.block = binary.LittleEndian.AppendUint32(p.block, v) }

// time writes a timestamp as the interface of its frame counts it, the upper
// half first (section 4.3).
func (p *PcapngWriter) time(t flow.Time) {
	if t < 0 {
		t -= earlyOffset * 1e9
	}
	p.word(uint32(uint64(t) >> 32))
	p.word(uint32(t))
}

// bytes writes b, padded to four bytes.
func (p *PcapngWriter) bytes(b []byte) {
	p.block = append(p.block, b...)
	p.block = append(p.block, make([]byte, -len(b)&3)...)
}

func (p *PcapngWriter) option(code uint16, value []byte) {
	p.word(uint32(code) | uint32(len(value))<<16)
	p.bytes(value)
}

func (p *PcapngWriter) long(code uint16, v uint64) {
	p.option(code, binary.LittleEndian.AppendUint64(nil, v))
}

// text writes an option of UTF-8 and the end of the options, or nothing of "".
func (p *PcapngWriter) text(code uint16, s string) {
	if s = strings.ToValidUTF8(s, "\ufffd"); s == "" {
		return
	}
	if len(s) > maxOption {
		n := maxOption
		for !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	p.option(code, []byte(s))
	p.word(optionEnd)
}
