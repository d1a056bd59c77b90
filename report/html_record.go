package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// maxRecord bounds what is shown of a record, in bytes. Those that are made here
// take a tenth of it.
const maxRecord = 16 << 10

// flowFacts writes a flow record as lines, "" where there is none: the path of
// each value, and it; of a list, all in one line.
func flowFacts(record json.RawMessage) string {
	if len(record) == 0 {
		return ""
	}
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	f := facts{from: d}
	f.value("")
	if f.full() {
		return strings.ToValidUTF8(f.text.String()[:maxRecord], "") + " … and more"
	}
	return strings.TrimSuffix(f.text.String(), "\n")
}

// facts are read off one JSON text, which is as it should be: an audit with
// another is not read. What it says is written as by Line.
type facts struct {
	from *json.Decoder
	text strings.Builder
}

func (f *facts) full() bool { return f.text.Len() > maxRecord }

// value writes what stands at a path.
func (f *facts) value(path string) {
	token, err := f.from.Token()
	switch {
	case err != nil, f.full():
		return
	case token == json.Delim('{'):
		f.object(path)
	case token == json.Delim('['):
		f.line(path, strings.Join(f.list(nil), ", "))
	default:
		f.line(path, plainFact(token))
	}
}

func (f *facts) object(path string) {
	for f.from.More() && !f.full() {
		key, err := f.from.Token()
		if err != nil {
			return
		}
		name := Line(fmt.Sprint(key))
		if path != "" {
			name = path + "." + name
		}
		if len(name) > maxRecord {
			f.text.WriteString(name) // too much: it is the end
			return
		}
		f.value(name)
	}
	_, _ = f.from.Token() // the end of it
}

// list returns the values of a list; those of lists in it, among them.
func (f *facts) list(values []string) []string {
	for f.from.More() {
		token, err := f.from.Token()
		switch {
		case err != nil:
			return values
		case token == json.Delim('['), token == json.Delim('{'):
			values = f.list(values)
		default:
			values = append(values, plainFact(token))
		}
	}
	_, _ = f.from.Token()
	return values
}

func (f *facts) line(path, value string) {
	fmt.Fprintf(&f.text, "%-30s %s\n", path, value)
}

func plainFact(token json.Token) string {
	if token == nil {
		return "none"
	}
	return Line(fmt.Sprint(token))
}
