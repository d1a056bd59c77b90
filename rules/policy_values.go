package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keyed begins a message with the key whose value it is about.
func (r *policyReader) keyed() string {
	if r.key == "" {
		return ""
	}
	return r.key + " "
}

// text reads a text. A number is refused although it could be taken as written,
// because YAML readers disagree about leading zeros and trailing ones.
func (r *policyReader) text(n *node) string {
	switch n.kind {
	case numberNode:
		r.problem(n, "%s%s is read as a number; quote it: \"%s\"", r.keyed(), n.text, n.text)
		return ""
	case boolNode:
		r.problem(n, "%s%s is read as true or false; quote it: \"%s\"", r.keyed(), n.text, n.text)
		return ""
	}
	if !r.is(n, textNode) {
		return ""
	}
	if strings.ContainsFunc(n.text, func(c rune) bool { return c < 0x20 && c != '\n' || c == 0x7f }) {
		r.problem(n, "text has a control character; remove it")
		return ""
	}
	return n.text
}

func (r *policyReader) into(s *string) func(*node) {
	return func(n *node) { *s = r.text(n) }
}

func (r *policyReader) constant(n *node, key, want string) {
	r.where = ""
	if s := r.text(n); s != "" && s != want {
		r.problem(n, "%s is %q; write %s", key, s, want)
	}
}

// oneOf reads a text out of a list.
func (r *policyReader) oneOf(s *string, what string, list ...string) func(*node) {
	return func(n *node) {
		text := r.text(n)
		if text == "" && n.kind != textNode {
			return
		}
		if !slices.Contains(list, text) {
			r.problem(n, "unknown %s %q; %s", what, text, suggest(text, list))
			return
		}
		*s = text
	}
}

func (r *policyReader) boolean(b *bool) func(*node) {
	return func(n *node) {
		if r.is(n, boolNode) {
			*b = strings.EqualFold(n.text, "true")
		}
	}
}

// integer reads a whole number between low and high.
func (r *policyReader) integer(i *int, low, high int) func(*node) {
	return func(n *node) {
		if !r.is(n, numberNode) {
			return
		}
		v, err := strconv.Atoi(n.text)
		if err != nil || v < low || v > high {
			r.problem(n, "%s%s is no whole number from %d to %d", r.keyed(), n.text, low, high)
			return
		}
		*i = v
	}
}

func (r *policyReader) percent(f *float64) func(*node) {
	return func(n *node) {
		if !r.is(n, numberNode) {
			return
		}
		v, err := strconv.ParseFloat(n.text, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > 100 {
			r.problem(n, "%s%s is no percentage from 0 to 100", r.keyed(), n.text)
			return
		}
		*f = v
	}
}

// duration reads a positive duration.
func (r *policyReader) duration(d *time.Duration) func(*node) {
	return func(n *node) {
		if n.kind == numberNode {
			r.problem(n, "%s%s has no unit; write a duration such as 250ms, 30s or 24h", r.keyed(), n.text)
			return
		}
		s := r.text(n)
		if n.kind != textNode {
			return
		}
		v, err := time.ParseDuration(s)
		if err != nil || v <= 0 {
			r.problem(n, "%s%q is no duration; write one such as 250ms, 30s or 24h", r.keyed(), s)
			return
		}
		*d = v
	}
}

// date reads a day as 00:00 UTC.
func (r *policyReader) date(t *time.Time) func(*node) {
	return func(n *node) {
		s := r.text(n)
		if s == "" && n.kind != textNode {
			return
		}
		v, err := time.Parse(time.DateOnly, s)
		if err != nil {
			r.problem(n, "%s%q is no date; write it as 2026-11-20", r.keyed(), s)
			return
		}
		*t = v
	}
}

func (r *policyReader) dateText(s *string) func(*node) {
	return func(n *node) {
		var t time.Time
		r.date(&t)(n)
		*s = n.text
	}
}

func (r *policyReader) texts(list *[]string) func(*node) {
	return func(n *node) {
		*list = []string{}
		r.each(n, func(item *node) {
			if s := r.text(item); s != "" {
				*list = append(*list, s)
			}
		})
	}
}

func (r *policyReader) severity(into **Severity) func(*node) {
	return func(n *node) {
		var name string
		r.oneOf(&name, "severity", severityNames[:]...)(n)
		if name != "" {
			s := Severity(slices.Index(severityNames[:], name))
			*into = &s
		}
	}
}
