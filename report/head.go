package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spanaudit/rules"
)

// verdictWords is a verdict and the words for it.
type verdictWords struct {
	verdict rules.Verdict
	words   string
}

// verdicts lists the verdicts in the order in which they are counted, gravest
// first.
func verdicts() []verdictWords {
	return []verdictWords{
		{rules.Fail, "failed"},
		{rules.Indeterminate, "undecided"},
		{rules.Pass, "passed"},
		{rules.NotObserved, "not observed"},
		{rules.NotObservable, "not observable"},
		{rules.NotApplicable, "not applicable"},
	}
}

// head says in a line what came out, by which policy, and of which time.
func head(a *Audit) string {
	n := countVerdicts(a.Requirements)
	excused := 0
	for _, q := range a.Requirements {
		if q.Excused {
			excused++
		}
	}
	var counts []string
	unknown := len(a.Requirements)
	for _, v := range verdicts() {
		unknown -= n[v.verdict]
		if n[v.verdict] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n[v.verdict], v.words))
			if v.verdict == rules.Fail && excused > 0 {
				counts[len(counts)-1] += fmt.Sprintf(" (%d waived)", excused)
			}
		}
	}
	if unknown > 0 { // which an audit of another version may have
		counts = append(counts, fmt.Sprintf("%d with a verdict that is not known here", unknown))
	}
	text := fmt.Sprintf("Of %s: %s.", count(len(a.Requirements), "requirement"), strings.Join(counts, ", "))
	if len(counts) == 0 {
		text = "No requirement was judged."
	}
	if a.Anonymized {
		text += " IP addresses and MACs were replaced by others."
	}
	return text + " " + policyLine(&a.Policy) + " " + periodLine(a.Period)
}

func countVerdicts(list []Requirement) map[rules.Verdict]int {
	n := map[rules.Verdict]int{}
	for _, q := range list {
		n[q.Verdict]++
	}
	return n
}

func policyLine(p *Policy) string {
	if p.Name == "" {
		return "Policy: none."
	}
	text := "Policy " + Line(p.Name)
	if p.Version != "" {
		text += " " + Line(p.Version)
	}
	return text + "."
}

func periodLine(p *Period) string {
	if p == nil {
		return "No packet was judged."
	}
	return fmt.Sprintf("%s to %s UTC (%s).", p.Start.UTC().Format(time.DateTime), p.End.UTC().Format(time.DateTime), duration(p.length()))
}

// duration writes a length of time no finer than a reader cares for.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	days := d / (24 * time.Hour)
	return fmt.Sprintf("%dd%s", days, (d - days*24*time.Hour).Round(time.Minute))
}

// count writes a number and its noun.
func count[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(uint64(n)) + " " + noun + "s"
}

// capital begins text with a capital letter.
func capital(text string) string {
	_, n := utf8.DecodeRuneInString(text)
	return strings.ToUpper(text[:n]) + text[n:]
}

// thousands writes a number with a comma between each three digits.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
