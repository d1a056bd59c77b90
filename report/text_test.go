package report

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"plain text":           "plain text",
		`a "quoted" \x1b`:      `a "quoted" \x1b`,
		"é 漢 😀":                "é 漢 😀",
		"\x1b[31m":             `\x1b[31m`,
		"a\r\nb\tc\x00\x7f":    `a\r\nb\tc\x00\x7f`,
		"\u009b2J":             `\u009b2J`,
		"\u202eevil\u2066":     `\u202eevil\u2066`,
		"\u200b\u200d\ufeff":   `\u200b\u200d\ufeff`,
		"e\u0301":              `e\u0301`,
		"\u3164\u2800\u034f":   `\u3164\u2800\u034f`,
		"\u2028\u2029\u00a0":   `\u2028\u2029\u00a0`,
		"\U000e0041\U000f0000": `\U000e0041\U000f0000`,
		"\xff\xc3(":            `\xff\xc3(`,
		"\ufffd":               "\ufffd",
		"a\u05d0\u0627":        `a\u05d0\u0627`,
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %s, want %s", in, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add(nasty)
	f.Fuzz(func(t *testing.T, s string) {
		got := Line(s)
		if !utf8.ValidString(got) {
			t.Errorf("Line(%q) is not UTF-8", s)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return !visible(r) }); i >= 0 {
			t.Errorf("Line(%q) = %q", s, got)
		}
		if Line(got) != got {
			t.Errorf("Line(%q) is not its own Line", got)
		}
	})
}

func FuzzWrap(f *testing.F) {
	f.Add("a sentence with words", 10)
	f.Add("averylongname.with.joints.example.com 漢漢漢漢", 7)
	f.Fuzz(func(t *testing.T, s string, width int) {
		if width < 2 || width > 300 || len(s) > 2000 {
			t.Skip()
		}
		s = Line(s)
		lines := wrap(s, width)
		for _, l := range lines {
			if cells(l) > width {
				t.Errorf("wrap(%q, %d): %q is wider", s, width, l)
			}
		}
		if got, want := strings.Join(strings.Fields(strings.Join(lines, "")), ""), strings.Join(strings.Fields(s), ""); got != want {
			t.Errorf("wrap(%q, %d) lost text: %q", s, width, got)
		}
	})
}
