package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible reports whether a character shows as itself and leaves its
// neighbours alone. Control, format and private characters do not, nor do
// those that write from right to left, have no width, or combine with what
// stands before them.
func visible(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return ' ' <= r && r <= '~'
	case r == '\u2800': // a braille pattern without dots
		return false
	case '\u0590' <= r && r <= '\u08ff', '\ufb1d' <= r && r <= '\ufdff', '\ufe70' <= r && r <= '\ufeff',
		'\U00010800' <= r && r <= '\U00010fff', '\U0001e800' <= r && r <= '\U0001efff':
		return false // the blocks of right-to-left scripts
	}
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.M, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Line returns text that may come from the wire as one line that a terminal
// shows as it stands: every character that could move, hide, recolour or
// reorder what is printed is written as an escape sequence of Go, such as
// \x1b or \u202e.
func Line(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !visible(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteString(hexByte(s[0]))
		case visible(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(escaped(r))
		}
		s = s[n:]
	}
	return b.String()
}

func hexByte(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

func escaped(r rune) string {
	digits := strconv.FormatInt(int64(r), 16)
	if r > 0xffff {
		return `\U` + strings.Repeat("0", 8-len(digits)) + digits
	}
	return `\u` + strings.Repeat("0", 4-len(digits)) + digits
}
