package capture

import (
	"io"
	"os"
	"slices"

	"spanaudit/flow"
)

// cursor stands at one frame of a run or of a stream.
type cursor struct {
	merge   *merge
	in      *input
	run     *run // nil of a stream
	r       reader
	closers []io.Closer
	window  window
	ended   bool
	ordered bool // a frame before its predecessor ends the reading
	head    frame
	stored  frame // read last, on its way into the window

	previous flow.Time // of a stream, of the frame read last
}

func (c *cursor) openRun(p pending) error {
	if c.in.file == nil {
		f, err := os.Open(c.in.Name)
		if err != nil {
			return err
		}
		c.in.file = f
	}
	size := min(int64(c.merge.block), p.run.end-p.run.offset)
	b := newBlocks(p.run.clip(c.in.file), int(size), &c.merge.source.spares, func(n int) { c.merge.source.done.Add(int64(n)) })
	b.off = p.run.offset
	c.r = p.r.resume(b, p.run.place)
	c.window.slack = p.run.slack
	return nil
}

// openStream opens what is read once and from its start: a compressed file, a
// pipe, standard input, and any file as long as files are taken to be in order.
func (c *cursor) openStream() error {
	raw := c.in.stream
	if raw == nil {
		f, err := os.Open(c.in.Name)
		if err != nil {
			return err
		}
		c.closers = append(c.closers, f)
		raw = f
	} else {
		raw = c.merge.source.hashes.tee(c.in, raw)
	}
	b, closer, err := c.in.content(&counter{r: raw, read: func(n int) { c.merge.source.done.Add(2 * int64(n)) }}, c.merge.block, &c.merge.source.spares)
	c.closers = append(c.closers, closer)
	if err != nil {
		return err
	}
	if c.ordered = c.merge.once && c.in.Compression == ""; !c.ordered {
		c.window.slack = windowTime
	}
	c.r, err = newReader(c.in.Format, b)
	return err
}

// advance moves to the next frame in time order; false at the end.
func (c *cursor) advance() bool {
	if c.window.slack == 0 { // known to be in order
		return c.read(&c.head)
	}
	for !c.ended && !c.window.ready() {
		if !c.read(&c.stored) {
			c.ended = true
			break
		}
		if c.window.push(&c.stored) {
			c.merge.source.decoder.stats.Late++
		}
	}
	c.head.slab.release()
	c.head = frame{}
	return c.window.pop(&c.head)
}

// read reads the next frame of the file.
func (c *cursor) read(f *frame) bool {
	if err := c.r.next(f); err != nil {
		if err != io.EOF && c.in.Err == nil {
			c.in.Err = err
		}
		if c.run == nil {
			c.merge.losses(c.r)
		}
		return false
	}
	f.input = c.in.index
	if c.run == nil { // of a run, the scan has said so
		if c.in.Frames == 0 {
			c.in.before = f.time
		} else if f.time < c.previous && c.ordered {
			c.merge.disorder = true
			return false
		} else if f.time < c.previous {
			c.merge.source.decoder.stats.Inversions++
		}
		c.previous = f.time
	}
	c.in.note(f)
	return true
}

// close ends the cursor, and with its last run the file.
func (c *cursor) close() {
	for _, closer := range slices.Backward(c.closers) {
		closer.Close()
	}
	if c.run == nil {
		return
	}
	if c.in.runs--; c.in.runs == 0 && c.in.file != nil {
		c.in.file.Close()
		c.in.file = nil
	}
}

// counter tells of every read from r.
type counter struct {
	r    io.Reader
	read func(n int)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read(n)
	return n, err
}
