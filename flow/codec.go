package flow

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// CodecVersion is the version in which values are written. A field that is added
// to what is coded raises it, and is coded only where Since says so; a flag that is
// added at the end of others was not set in what is older.
const CodecVersion = 2

// Codec turns values into bytes or, made by NewDecoder, bytes back into values:
// the same calls in the same order do either, so that what is written and what is
// read cannot differ. Each is given where its value is, or is to be put.
//
// Numbers take as many bytes as they need; a time, a frame's number and a flow's
// order are written as what they differ by from those before. What is read may
// have been written by anybody: after the first thing that cannot be right, Err
// is set and all that follows is left zero. The zero Codec writes.
type Codec struct {
	// InputsFrom is added to Frame.Input of what is read, save of the zero Frame.
	InputsFrom int

	bytes   []byte // written so far, or still to be read
	reading bool
	version byte
	err     error

	time   Time
	number uint64
	order  uint64

	texts map[string]string // that were read, since most come again and again
}

// NewDecoder reads what Bytes gave. It keeps nothing of b once all is read.
func NewDecoder(b []byte) (*Codec, error) {
	if len(b) == 0 {
		return nil, errors.New("it is empty")
	}
	if b[0] == 0 || b[0] > CodecVersion {
		return nil, fmt.Errorf("it is of version %d, and this program knows those up to %d", b[0], CodecVersion)
	}
	return &Codec{bytes: b[1:], reading: true, version: b[0], texts: map[string]string{}}, nil
}

// Bytes returns what was written, in front of it the version. It is valid until
// the next call.
func (c *Codec) Bytes() []byte {
	c.begin()
	return c.bytes
}

// Len is how many bytes were written, or are still to be read.
func (c *Codec) Len() int { return len(c.bytes) }

// Reset has a Codec that writes begin anew, in the same memory.
func (c *Codec) Reset() { *c = Codec{bytes: c.bytes[:0]} }

func (c *Codec) begin() {
	if len(c.bytes) == 0 && !c.reading {
		c.bytes = append(c.bytes, CodecVersion)
	}
}

// Reading reports whether values are read.
func (c *Codec) Reading() bool { return c.reading }

// Since reports whether what is coded has the fields that the version added.
func (c *Codec) Since(version byte) bool { return !c.reading || c.version >= version }

// Err says why what was read cannot be right; nil if nothing speaks against it.
func (c *Codec) Err() error { return c.err }

// Check notes that a value which was read cannot be right unless ok.
func (c *Codec) Check(ok bool, what string) {
	if c.reading && !ok {
		c.fail(what)
	}
}

func (c *Codec) fail(what string) {
	if c.err == nil {
		c.err = fmt.Errorf("what is written there cannot be right: %s", what)
	}
	c.bytes = nil
}

// word codes 64 bits, small numbers in few bytes.
func (c *Codec) word(v uint64) uint64 {
	if !c.reading {
		if c.begin(); v < 0x80 {
			c.bytes = append(c.bytes, byte(v))
		} else {
			c.bytes = binary.AppendUvarint(c.bytes, v)
		}
		return v
	}
	if len(c.bytes) > 0 && c.bytes[0] < 0x80 {
		v = uint64(c.bytes[0])
		c.bytes = c.bytes[1:]
		return v
	}
	v, n := binary.Uvarint(c.bytes)
	if n <= 0 {
		c.fail("a number")
		return 0
	}
	c.bytes = c.bytes[n:]
	return v
}

// step codes what v differs by from last, which it replaces.
func (c *Codec) step(v uint64, last *uint64) uint64 {
	d := int64(v - *last)
	w := c.word(uint64(d)<<1 ^ uint64(d>>63))
	if c.reading {
		v = *last + (w>>1 ^ -(w & 1))
	}
	*last = v
	return v
}

// Uint codes a number that is seldom large.
func Uint[T ~uint8 | ~uint16 | ~uint32 | ~uint64](c *Codec, v *T) {
	w := c.word(uint64(*v))
	if c.reading {
		if *v = T(w); uint64(*v) != w {
			*v = 0
			c.fail("a number that is too large")
		}
	}
}

// Int codes a number that is seldom far from 0.
func Int[T ~int | ~int8 | ~int64](c *Codec, v *T) {
	d := int64(*v)
	w := c.word(uint64(d)<<1 ^ uint64(d>>63))
	if c.reading {
		d = int64(w>>1 ^ -(w & 1))
		if *v = T(d); int64(*v) != d {
			*v = 0
			c.fail("a number that is too large")
		}
	}
}

// Bools codes at most 63 of them together.
func (c *Codec) Bools(list ...*bool) {
	var w uint64
	for i, v := range list {
		if *v {
			w |= 1 << i
		}
	}
	w = c.word(w)
	if c.reading {
		for i, v := range list {
			*v = w>>i&1 != 0
		}
		c.Check(w>>len(list) == 0, "a flag that is not known")
	}
}

// Fixed codes the bytes of an array.
func (c *Codec) Fixed(b []byte) {
	switch {
	case !c.reading:
		c.begin()
		c.bytes = append(c.bytes, b...)
	case len(c.bytes) < len(b):
		c.fail("its end is missing")
	default:
		c.bytes = c.bytes[copy(b, c.bytes):]
	}
}

// What is remembered of the texts that were read.
const (
	maxTexts = 4096
	maxText  = 128 // bytes of one
)

// Text codes a text.
func Text[T ~string](c *Codec, v *T) {
	n := c.word(uint64(len(*v)))
	if !c.reading {
		c.bytes = append(c.bytes, *v...)
		return
	}
	if n > uint64(len(c.bytes)) {
		c.fail("a text that is too long")
		n = 0
	}
	*v = T(c.text(c.bytes[:n]))
	c.bytes = c.bytes[n:]
}

func (c *Codec) text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= maxText {
		if len(c.texts) >= maxTexts {
			clear(c.texts)
		}
		c.texts[s] = s
	}
	return s
}

// maxList is how long a list can be, more than what any flow's kept bytes give.
const maxList = 1 << 16

// List codes a list by what codes one of it. A list that is nil and one that is
// empty stay that; of more than 65,536 the first are written.
func List[T any](c *Codec, v *[]T, one func(*Codec, *T)) {
	if !c.reading {
		list := (*v)[:min(len(*v), maxList)]
		if list == nil {
			c.word(0)
			return
		}
		c.word(uint64(len(list)) + 1)
		for i := range list {
			one(c, &list[i])
		}
		return
	}
	n := c.word(0)
	if n == 0 {
		*v = nil
		return
	}
	n--
	if n > maxList || n > uint64(len(c.bytes)) {
		c.fail("a list that is too long")
		*v = nil
		return
	}
	list := make([]T, 0, min(n, 256)) // more when it is really there
	for range n {
		list = append(list, *new(T))
		if one(c, &list[len(list)-1]); c.err != nil {
			break
		}
	}
	*v = list
}

// Optional codes what a pointer leads to, if it is not nil, by what codes that.
func Optional[T any](c *Codec, v **T, one func(*Codec, *T)) {
	there := *v != nil
	c.Bools(&there)
	if c.reading {
		*v = nil
		if there {
			*v = new(T)
		}
	}
	if there {
		one(c, *v)
	}
}
