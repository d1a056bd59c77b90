package panel

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// alerts are those that were told, the last few of them kept.
type alerts struct {
	run   string // names this run of the program in the ids of events
	bound int
	total uint64
	kept  []card
	sent  [][]byte // as messages, one of each of kept
}

// add keeps an alert and returns the message that tells it.
func (l *alerts) add(c card) []byte {
	if len(l.kept) == l.bound {
		l.kept, l.sent = slices.Delete(l.kept, 0, 1), slices.Delete(l.sent, 0, 1)
	}
	l.total++
	m := message("alert", l.run+"-"+strconv.FormatUint(l.total, 10), c)
	l.kept, l.sent = append(l.kept, c), append(l.sent, m)
	return m
}

// since returns the messages that came after the event with the id, all that are
// kept where it is of another run, or none.
func (l *alerts) since(id string) [][]byte {
	missed := l.total
	if run, n, ok := strings.Cut(id, "-"); ok && run == l.run {
		if last, err := strconv.ParseUint(n, 10, 64); err == nil && last <= l.total {
			missed = l.total - last
		}
	}
	from := len(l.sent) - int(min(missed, uint64(len(l.sent))))
	return slices.Clone(l.sent[from:])
}

// message writes a server-sent event (HTML, section 9.2.6). JSON has no line
// breaks of its own, so that the data is one line whatever text is in it.
func message(event, id string, data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		return nil // of a value that JSON has no words for, which there is none of here
	}
	var b bytes.Buffer
	b.WriteString("event: " + event + "\n")
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("data: ")
	b.Write(text)
	b.WriteString("\n\n")
	return b.Bytes()
}
