// Package capture says what is on the wire: it reads capture files and live
// interfaces, takes link, VLAN, tunnel, IP and transport headers off, and puts
// fragments together. It is the only package that imports gopacket, for
// libpcap; files are read without it and without cgo.
package capture

import (
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"spanaudit/flow"
)

// batchFrames is how many frames one Read takes at most.
const batchFrames = 1024

// Batch is a run of packets in time order, as one Read returned them. What it
// holds, payloads too, is valid until the next Read into the same Batch.
type Batch struct {
	Packets []flow.Packet
	ARPs    []flow.ARP
	ARPsAt  []int // of each of ARPs, how many of Packets came before it

	// With Options.Raw, in the order in which they were taken:
	Frames      []RawFrame    // all that the filter let through, also those that gave no packet
	Reassembled []Reassembled // of those that completed a packet

	slabs []*slab // held, that payloads lie in
}

// hold keeps s from being filled anew.
func (b *Batch) hold(s *slab) {
	if n := len(b.slabs); n == 0 || b.slabs[n-1] != s {
		b.slabs = append(b.slabs, s.hold())
	}
}

// reset makes the batch empty.
func (b *Batch) reset() {
	for _, s := range b.slabs {
		s.release()
	}
	b.Packets, b.ARPs, b.ARPsAt, b.slabs = b.Packets[:0], b.ARPs[:0], b.ARPsAt[:0], b.slabs[:0]
	clear(b.Reassembled)
	b.Frames, b.Reassembled = b.Frames[:0], b.Reassembled[:0]
}

// Options say how capture files are read.
type Options struct {
	Stdin  io.Reader // read for the path "-"
	Filter string    // BPF text, as for tcpdump; "" takes every frame; needs a cgo build
	Raw    bool      // fill Batch.Frames and Batch.Reassembled too
	Hash   int64     // compute the SHA-256 of streams, and of files that hold no more bytes than this all together; 0 of none

	// Anonymize maps the addresses in all frames, in place, before anything is
	// read of them but by Filter; nil leaves them. While the source is being
	// read nobody else may use it.
	Anonymize *flow.Anonymizer

	// Once has files read once, as if each were in order, as nearly all are. Of
	// one that is not Read tells with ErrDisorder. Without it files are looked
	// through first.
	Once bool
}

// ErrDisorder is returned by Read, with Options.Once, when a file has a frame
// that is earlier than the one before it. What was read is not in order; after
// Rewind it can be.
var ErrDisorder = errors.New("a file is not in the order of time")

// Source reads packets from files or from an interface. Except for Progress it
// is not safe for concurrent use.
type Source struct {
	inputs  []*input
	merge   *merge  // of files
	live    live    // of an interface
	finish  *finish // nil before Finish
	filter  *filter
	decoder decoder
	rewrite *rewriter // nil without Options.Anonymize
	spares  spares
	hashes  *hashes // nil without Options.Hash

	done  atomic.Int64 // half bytes: a file that is scanned is read twice
	total int64
}

// Open opens capture files for reading as one, in time order: files, of
// directories the captures directly in them, and "-" for Options.Stdin. A path
// that does not exist is an error; an input that cannot be read is not, see
// Input.Err. Frames of equal time come in the order of the first frames of
// their inputs, then of paths.
func Open(paths []string, opt Options) (*Source, error) {
	if len(paths) == 0 {
		return nil, errors.New("nothing to read: give a capture file, a directory of them, or - for standard input")
	}
	filter, err := newFilter(opt.Filter)
	if err != nil {
		return nil, err
	}
	inputs, err := expand(paths, opt)
	if err != nil {
		return nil, err
	}
	s := &Source{inputs: inputs, filter: filter, rewrite: newRewriter(opt.Anonymize)}
	s.decoder.init()
	s.decoder.raw = opt.Raw
	for _, in := range inputs {
		if in.stream != nil {
			s.total = -1
		} else if s.total >= 0 {
			s.total += in.size
		}
	}
	s.merge = &merge{source: s, unprepared: inputs, once: opt.Once && s.total >= 0} // a stream cannot be rewound
	if opt.Hash > 0 {
		s.hashes = newHashes(inputs, opt.Hash)
	}
	return s, nil
}

// Rewind has all inputs, which must be files, read once more, now looking
// through them first for the order of their frames. Batches read before stay
// valid as they were.
func (s *Source) Rewind() {
	s.merge.close()
	for _, in := range s.inputs {
		if in.Format != "" { // else it was refused for good
			in.Err = nil
		}
		in.Frames, in.First, in.Last, in.before, in.runs = 0, 0, 0, 0, 0
	}
	s.decoder = decoder{raw: s.decoder.raw}
	s.decoder.init()
	s.rewrite.again()
	s.done.Store(0)
	s.merge = &merge{source: s, unprepared: s.inputs}
}

// Read refills b with the packets of up to 512 frames, reusing its slices; with
// none while it looks through files for their order, or when all of the frames
// were something else. It returns io.EOF at the end of all inputs. Of a live
// source it returns within 200 ms, with nothing if nothing was seen or the
// interface is down, see Input.Outages, and io.EOF after Finish; its other errors
// say that the interface cannot be read any more, and b holds what came before.
func (s *Source) Read(b *Batch) error {
	b.reset()
	if s.live != nil {
		return s.readLive(b)
	}
	if !s.merge.prepare() {
		return nil
	}
	for n := range batchFrames {
		f := s.merge.next()
		if s.merge.disorder {
			return ErrDisorder
		}
		if f == nil && n == 0 {
			s.end()
			return io.EOF
		} else if f == nil {
			break
		}
		s.take(f, b)
	}
	return nil
}

func (s *Source) readLive(b *Batch) error {
	in, f := s.inputs[0], s.finish
	if f == nil {
		return s.live.read(s, b)
	}
	if f.over(in.Frames) {
		return io.EOF
	}
	n := in.Frames
	err := s.live.read(s, b)
	if in.Frames == n {
		f.silent++
	} else {
		f.silent = 0
	}
	return err
}

// finish is what is still to be read of an interface.
type finish struct {
	frames uint64 // as many as there were
	began  time.Time
	silent int // Reads in a row that brought none
}

// finishWithin bounds the time in which what came before Finish is read.
const finishWithin = 30 * time.Second

// over reports whether all of it was read, or cannot be: of what libpcap filters
// itself the kernel counts more than can be read.
func (f *finish) over(read uint64) bool {
	return read >= f.frames || f.silent > 1 || time.Since(f.began) > finishWithin
}

// Finish has Read take what an interface has brought by now, and perhaps a little
// more, and then return io.EOF. What could not be read within 30 seconds is counted
// in Stats.Dropped. Of files it has no effect.
func (s *Source) Finish() {
	if s.live != nil && s.finish == nil {
		s.finish = &finish{frames: s.live.arrived(), began: time.Now()}
	}
}

// Relieve is for a caller that has no time to Read an interface. Of a ring that is
// more than half full it copies the oldest frames to memory beside it, up to four
// times the ring's size, so that the kernel need not drop what comes next; Read
// returns them in their order. Otherwise it does nothing.
func (s *Source) Relieve() {
	if s.live != nil {
		s.live.relieve()
	}
}

// end settles what only the end of all inputs tells.
func (s *Source) end() {
	s.decoder.end()
	s.hashes.wait()
	if s.total >= 0 {
		s.done.Store(2 * s.total)
	}
}

// take counts, filters and decodes one frame.
func (s *Source) take(f *frame, b *Batch) {
	stats := &s.decoder.stats
	stats.Frames++
	stats.Bytes += uint64(f.length)
	if len(f.data) < f.length {
		stats.Cut++
	}
	if s.filter != nil {
		pass, err := s.filter.match(f)
		if err != nil {
			s.decoder.count(reason{whyFilter, uint32(f.link)})
			return
		}
		if !pass {
			stats.Filtered++
			return
		}
	}
	s.rewrite.frame(f)
	if s.decoder.raw {
		b.keepRaw(f)
	}
	n := len(b.Packets)
	if s.decoder.decode(f, b); len(b.Packets) > n {
		b.hold(f.slab)
	}
	for len(b.ARPsAt) < len(b.ARPs) {
		b.ARPsAt = append(b.ARPsAt, n)
	}
}

// Inputs returns the inputs in the order of their Frame.Input, as far as they
// have been read.
func (s *Source) Inputs() []Input {
	list := make([]Input, len(s.inputs))
	for i, in := range s.inputs {
		list[i] = in.Input
		list[i].Outages = slices.Clone(in.Outages)
		list[i].SHA256 = s.hashes.sum(i)
	}
	return list
}

// Stats returns what was counted so far.
func (s *Source) Stats() Stats {
	st := s.decoder.stats
	st.Undecoded = s.decoder.undecoded()
	if s.live != nil {
		s.live.count(&st)
		if f := s.finish; f != nil && time.Since(f.began) > finishWithin {
			st.Dropped += f.frames - min(f.frames, s.inputs[0].Frames)
		}
	}
	return st
}

// Progress returns how many bytes of the stored files have been read, and of
// how many; total is -1 when that cannot be known. It may be called while Read
// runs.
func (s *Source) Progress() (read, total int64) {
	return s.done.Load() / 2, s.total
}

// Close gives up what the source holds open. Packets already read stay valid.
func (s *Source) Close() error {
	s.decoder.end()
	if s.live != nil {
		return s.live.close()
	}
	s.hashes.stop()
	s.merge.close()
	return nil
}
