package record

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"spanaudit/flow"
)

// maxBatch bounds the events of a batch, in bytes before they are compressed.
const maxBatch = 1 << 20

// maxBatchRead is how much a batch may unpack to. One event goes beyond maxBatch.
const maxBatchRead = 16 << 20

// batch is a run of events, with what else was noted beside them.
type batch struct {
	first, last   flow.Time
	events, flows int
	lost          uint64
	size          int    // of what data unpacks to
	data          []byte // packed; nil without events

	raw   flow.Codec // not yet packed
	seen  seen
	notes []note
}

// note is something else to be written with a batch, in its order.
type note func(*transaction) error

// empty reports that there is nothing to be written.
func (b *batch) empty() bool {
	return b.events == 0 && b.lost == 0 && len(b.notes) == 0 && b.seen.empty()
}

// add takes one event in.
func (b *batch) add(e *event) {
	b.reach(e.time())
	b.events++
	if e.kind == ended {
		b.flows++
	}
	e.code(&b.raw)
}

// lose counts an event for which there is no room.
func (b *batch) lose(e *event) {
	b.reach(e.time())
	b.lost++
}

func (b *batch) reach(at flow.Time) {
	if b.events == 0 && b.lost == 0 {
		b.first, b.last = at, at
	}
	b.first, b.last = min(b.first, at), max(b.last, at)
}

// pack compresses the events: parts, each with its length before it, of which a
// new batch has one. What it works in is memory that is used again: scratch, and
// that of the codec, which it returns.
func (b *batch) pack(z *zstd.Encoder, scratch *[]byte) flow.Codec {
	events := b.raw.Bytes()
	*scratch = append(binary.AppendUvarint((*scratch)[:0], uint64(len(events))), events...)
	b.data, b.size = z.EncodeAll(*scratch, nil), len(*scratch)
	spare := b.raw
	spare.Reset()
	b.raw = flow.Codec{}
	return spare
}

// unpack returns the parts of a batch that was written.
func unpack(z *zstd.Decoder, data []byte) (parts [][]byte, err error) {
	raw, err := z.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	for len(raw) > 0 {
		length, n := binary.Uvarint(raw)
		if n <= 0 || length > uint64(len(raw)-n) {
			return parts, errors.New("a part of it is missing")
		}
		parts = append(parts, raw[n:n+int(length)])
		raw = raw[n+int(length):]
	}
	return parts, nil
}

// events tells the events of one part in their order, up to the first that cannot
// be right. inputs is added to the inputs of their frames.
func events(part []byte, inputs int, tell func(*event) error) error {
	c, err := flow.NewDecoder(part)
	if err != nil {
		return err
	}
	c.InputsFrom = inputs
	var e event
	for c.Len() > 0 {
		if e.code(c); c.Err() != nil {
			return c.Err()
		}
		if err := tell(&e); err != nil {
			return err
		}
	}
	return nil
}

// packWindow is how far back a packer looks for what it has packed before: what
// flows repeat is near, and a packer takes twice as much memory.
const packWindow = 1 << 20

func newPacker(level zstd.EncoderLevel) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(true), zstd.WithWindowSize(packWindow))
}

func newUnpacker() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBatchRead))
}
