package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// md returns text that may come from the wire as Markdown that shows it and does
// nothing else. Words that could be anything but words (markup, HTML, a link, a
// mention, a reference to an issue or a commit) become code: backslashes would
// not do, because mentions and references are looked for in what Markdown has
// already been made of, and code is what they are not looked for in.
func md(s string) string {
	var b strings.Builder
	inCode := false
	for i, word := range strings.Fields(Line(s)) {
		before, code, after := "", "", word
		if !plainWord(word, i == 0) {
			before, code, after = bare(word)
		}
		if inCode && (code == "" || before != "") {
			b.WriteByte('`')
			inCode = false
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(before)
		if code != "" && !inCode {
			b.WriteByte('`')
			inCode = true
		}
		b.WriteString(unfenced(code))
		if inCode && after != "" {
			b.WriteByte('`')
			inCode = false
		}
		b.WriteString(after)
	}
	if inCode {
		b.WriteByte('`')
	}
	return b.String()
}

// bare divides a word from the punctuation around it.
func bare(word string) (before, core, after string) {
	core = strings.TrimLeft(word, `("'`)
	before = word[:len(word)-len(core)]
	n := len(strings.TrimRight(core, `.,;:)"'`))
	if n == 0 {
		return "", word, ""
	}
	return before, core[:n], core[n:]
}

// mdCode returns a name, a path or an id as code, and nothing of an empty one.
func mdCode(s string) string {
	if s == "" {
		return ""
	}
	return "`" + unfenced(Line(s)) + "`"
}

// unfenced writes what would end code, or the cell of a table around it, as Line
// writes what is not visible.
func unfenced(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "`", `\x60`), "|", `\x7c`)
}

// plainWord reports whether a word means nothing to Markdown, nor to GitHub and
// its like, wherever it stands, or at least where it is not the first.
func plainWord(word string, first bool) bool {
	letters, digits, hex := 0, 0, 0
	for i := range len(word) {
		switch c := word[i]; {
		case isLetter(c):
			letters++
		case isDigit(c):
			digits++
		case strings.IndexByte(`.,;'"()/-`, c) >= 0:
		case c == ':' && 0 < i && i < len(word)-1 && isDigit(word[i-1]) && isDigit(word[i+1]): // a time or a port
		case strings.IndexByte(`:!?%`, c) >= 0 && (i == len(word)-1 || strings.IndexByte(`.,;'")`, word[i+1]) >= 0): // before more they make links and references
		default:
			return false
		}
		if isDigit(word[i]) || 'a' <= word[i] && word[i] <= 'f' {
			hex++
		}
	}
	lower := strings.ToLower(word)
	switch {
	case first && letters == 0 && !isDigit(word[len(word)-1]): // what begins a list, a rule or a heading
		return false
	case hex == len(word) && hex >= 7: // a commit
		return false
	case strings.Contains(word, ":100:") || strings.Contains(word, ":1234:"): // an emoji
		return false
	}
	return !strings.Contains(lower, "www.") && !strings.Contains(lower, "gh-")
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c >= utf8.RuneSelf }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// mdTable writes a table; each cell is Markdown already.
func mdTable(b *strings.Builder, heads []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// mdList writes a list of lines that may have text from the wire in them.
func mdList(b *strings.Builder, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", md(line))
	}
}
