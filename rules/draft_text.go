package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// draftText is the policy while it is written.
type draftText struct{ strings.Builder }

// line writes a line and behind it what was seen. What comes from the wire in a
// comment is quoted, so that it stays one.
func (t *draftText) line(text, seen string) {
	t.WriteString(text)
	if seen != "" {
		t.WriteString(" # " + seen)
	}
	t.WriteString("\n")
}

// listed writes a list, on as many lines as it needs.
func listed(words []string) string {
	var b strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i%perLine == 0:
			b.WriteString(",\n      ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(word)
	}
	return "[" + b.String() + "]"
}

// shorten says the first of many things.
func shorten(said []string) string {
	if n := len(said) - maxSaid; n > 0 {
		said = append(slices.Clone(said[:maxSaid]), fmt.Sprintf("and %d more", n))
	}
	return strings.Join(said, ", ")
}

// remark quotes what somebody wrote, for a comment.
func remark(s string) string { return quoteUpTo(400, s) }

// doubt writes a line that was not proven.
func (t *draftText) doubt(indent, text, why string) { t.line(indent+"# "+text, why) }

func (t *draftText) head(name string, r *Report) {
	t.line("# Drafted from a capture of "+plural(int(r.Coverage.Packets), "packet")+period(r)+".", "")
	t.line("# What a capture shows is what was done, not what was meant: read each line, correct it, and", "")
	t.line("# take the # off those that are right and were not proven. Then: spanaudit policy check "+fileName(name), "")
}

// fileName is a name that a shell takes as one word.
func fileName(name string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./-]+$`).MatchString(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}

func period(r *Report) string {
	if r.Start == 0 {
		return ""
	}
	return ", " + r.Start.UTC().Format(time.DateTime) + " to " + r.End.UTC().Format(time.DateTime) + " UTC"
}

// policyName makes a name of a file's.
func policyName(file string) string {
	base := file[strings.LastIndexByte(file, '/')+1:]
	base, _, _ = strings.Cut(base, ".")
	base = strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(base, "-"), "-")
	if base == "" {
		return "draft"
	}
	return base
}
