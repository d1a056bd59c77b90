package panel

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spanaudit/report"
	"spanaudit/rules"
)

// clip writes text as one line that is not too long for a page.
func clip(text string, most int) string {
	if len(text) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		return report.Line(text[:cut]) + " …"
	}
	return report.Line(text)
}

// number writes one with a comma between each three digits.
func number[N int | uint64](n N) string {
	s := strconv.FormatUint(uint64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted writes a number and its noun.
func counted[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// scaled writes a quantity with the prefix that keeps it short.
func scaled(x float64, unit string) string {
	for _, prefix := range []string{"", "k", "M", "G", "T"} {
		switch {
		case x < 10 && prefix != "":
			return strings.TrimSpace(fmt.Sprintf("%.1f %s%s", x, prefix, unit))
		case x < 1000 || prefix == "T":
			return strings.TrimSpace(fmt.Sprintf("%.0f %s%s", x, prefix, unit))
		}
		x /= 1000
	}
	return ""
}

// instant writes a time, and "–" of none.
func instant(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(time.DateTime)
}

// span writes a length of time, no finer than a second.
func span(d time.Duration) string {
	d = max(d, 0)
	if d > 0 && d < time.Second {
		return "under 1s"
	}
	if d < 48*time.Hour {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// verdictWords is a verdict and how the page shows it.
type verdictWords struct {
	verdict      rules.Verdict
	class, words string
}

// verdicts lists them, gravest first.
func verdicts() []verdictWords {
	return []verdictWords{
		{rules.Fail, "fail", "failed"},
		{rules.Indeterminate, "indeterminate", "undecided"},
		{rules.Pass, "pass", "passed"},
		{rules.NotObserved, "not-observed", "not observed"},
		{rules.NotObservable, "not-observable", "not observable"},
		{rules.NotApplicable, "not-applicable", "not applicable"},
	}
}

// verdictOf also takes what is no verdict; rank is its place in the list.
func verdictOf(v rules.Verdict) (rank int, w verdictWords) {
	list := verdicts()
	for i, known := range list {
		if known.verdict == v {
			return i, known
		}
	}
	return len(list), verdictWords{v, "unknown", clip(string(v), 40)}
}
