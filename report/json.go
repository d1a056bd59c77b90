package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON writes the audit as one document, the same bytes for the same audit; Read
// reads it.
// Times are RFC 3339 with nanoseconds in UTC. Text from the wire stands there
// in full; characters that a terminal would not show as they are, are written
// as \u escapes.
func JSON(w io.Writer, a *Audit) error {
	text, err := Document(a)
	return write(w, text, err)
}

// write writes a text, unless making it failed.
func write(w io.Writer, text []byte, err error) error {
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// Document returns a value as JSON writes an audit.
func Document(v any) ([]byte, error) { return encode(v, "  ") }

// DocumentLine returns a value as one line of JSON, in which text is escaped as JSON
// escapes it.
func DocumentLine(v any) ([]byte, error) { return encode(v, "") }

func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeInvisible(b.Bytes()), nil
}

// escapeInvisible writes the characters of a JSON text that are not visible as
// \u escapes. Beyond ASCII they can only stand in strings. The replacement
// character is written as encoding/json writes it for what is not UTF-8, so that
// an audit that was read gives the bytes that the fresh one gave.
func escapeInvisible(text []byte) []byte {
	other := func(c byte) bool { return (c < ' ' || c > '~') && c != '\n' }
	plain := slices.IndexFunc(text, other)
	if plain < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/4)
	for ; plain >= 0; plain = slices.IndexFunc(text, other) {
		out = append(out, text[:plain]...)
		text = text[plain:]
		r, n := utf8.DecodeRune(text)
		switch {
		case visible(r) && r != utf8.RuneError:
			out = append(out, text[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[n:]
	}
	return append(out, text...)
}
