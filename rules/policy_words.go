package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// quote quotes a text for a message and bounds its length.
func quote(s string) string {
	return quoteUpTo(80, s)
}

// quoteUpTo quotes the first bytes of s, each of which may take four.
func quoteUpTo(limit int, s string) string {
	if len(s) <= limit {
		return strconv.Quote(s)
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strconv.Quote(s[:limit]) + "…"
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// suggest names the word that is meant by a misspelt one, or all that there are.
func suggest(word string, known []string) string {
	for _, k := range known {
		if nearlyEqual(word, k) {
			return fmt.Sprintf("did you mean %q?", k)
		}
	}
	return "known are " + strings.Join(known, ", ")
}

// declare says what is meant by a name that is not declared, or where to declare
// it.
func declare[V any](name, section string, known map[string]V) string {
	for _, k := range sortedKeys(known) {
		if nearlyEqual(name, k) {
			return fmt.Sprintf("did you mean %q?", k)
		}
	}
	return "declare it under " + section
}

// nearlyEqual reports whether one added, missing, changed or swapped character,
// case, or the choice of '-' or '_' is all that tells two words apart.
func nearlyEqual(a, b string) bool {
	plain := strings.NewReplacer("-", "", "_", "")
	a, b = strings.ToLower(plain.Replace(a)), strings.ToLower(plain.Replace(b))
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return len(a) <= 1 && len(b) <= 1 || swapped
}
