package report

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"spanaudit/flow"
)

// jsonLine is one JSON object on its way into a line. encoding/json would take
// longer to write a flow than all the rest takes to judge it. A member whose
// value is empty is left out, save by put, number and flag.
type jsonLine []byte

// open begins a nested object, or with "" the line's own.
func (b *jsonLine) open(name string) {
	if name != "" {
		b.key(name)
	}
	*b = append(*b, '{')
}

func (b *jsonLine) close() { *b = append(*b, '}') }

// openOptional begins a nested object that closeOptional takes back where nothing
// was written into it.
func (b *jsonLine) openOptional(name string) (mark int) {
	mark = len(*b)
	b.open(name)
	return mark
}

func (b *jsonLine) closeOptional(mark int) {
	if (*b)[len(*b)-1] == '{' {
		*b = (*b)[:mark]
		return
	}
	b.close()
}

// key writes a member's name, which needs no escapes, apart from a member before
// it.
func (b *jsonLine) key(name string) {
	if (*b)[len(*b)-1] != '{' {
		*b = append(*b, ',')
	}
	*b = append(append(append(*b, '"'), name...), '"', ':')
}

// put writes a member that is not left out when it is empty.
func (b *jsonLine) put(name, value string) {
	b.key(name)
	*b = appendString(*b, value)
}

func (b *jsonLine) text(name, value string) {
	if value != "" {
		b.put(name, value)
	}
}

func (b *jsonLine) number(name string, n uint64) {
	b.key(name)
	*b = strconv.AppendUint(*b, n, 10)
}

func (b *jsonLine) flag(name string, value bool) {
	b.key(name)
	*b = strconv.AppendBool(*b, value)
}

func (b *jsonLine) instant(name string, t flow.Time) {
	b.key(name)
	*b = append(appendInstant(append(*b, '"'), t), '"')
}

// millis writes a time in milliseconds since 1970, rounded down.
func (b *jsonLine) millis(name string, t flow.Time) {
	b.key(name)
	*b = strconv.AppendInt(*b, millis(t), 10)
}

func millis(t flow.Time) int64 {
	const ms = int64(1e6)
	n := int64(t) / ms
	if int64(t)%ms < 0 {
		n--
	}
	return n
}

func (b *jsonLine) addr(name string, a netip.Addr) {
	b.key(name)
	if a.Zone() == "" {
		*b = append(a.AppendTo(append(*b, '"')), '"')
	} else {
		*b = appendString(*b, a.String())
	}
}

func (b *jsonLine) texts(name string, list []string) {
	if len(list) > 0 {
		b.key(name)
		*b = appendList(*b, list)
	}
}

func appendList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

func (b *jsonLine) octets(name string, list []uint8) {
	if len(list) == 0 {
		return
	}
	b.key(name)
	*b = append(*b, '[')
	for i, o := range list {
		if i > 0 {
			*b = append(*b, ',')
		}
		*b = strconv.AppendUint(*b, uint64(o), 10)
	}
	*b = append(*b, ']')
}

// appendString appends s in quotes. What is not visible, and what is not UTF-8,
// is escaped.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if ' ' <= c && c <= '~' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case r == utf8.RuneError && n == 1:
			b = append(b, `\ufffd`...)
		case visible(r):
			b = append(b, s[i:i+n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendEscape(appendEscape(b, high), low)
		default:
			b = appendEscape(b, r)
		}
		i += n
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscape(b []byte, r rune) []byte {
	return hex.AppendEncode(append(b, '\\', 'u'), []byte{byte(r >> 8), byte(r)})
}

// appendInstant appends a time as instant writes it; flow.Time has no years but
// those of four digits.
func appendInstant(b []byte, t flow.Time) []byte {
	utc := t.UTC()
	year, month, day := utc.Date()
	hour, minute, second := utc.Clock()
	b = strconv.AppendInt(b, int64(year), 10)
	b = appendDigits(append(b, '-'), int(month), 2)
	b = appendDigits(append(b, '-'), day, 2)
	b = appendDigits(append(b, 'T'), hour, 2)
	b = appendDigits(append(b, ':'), minute, 2)
	b = appendDigits(append(b, ':'), second, 2)
	return append(appendDigits(append(b, '.'), utc.Nanosecond(), 9), 'Z')
}

func appendDigits(b []byte, n, digits int) []byte {
	for range digits {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}
