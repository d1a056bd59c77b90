package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spanaudit/rules"
)

// said is what an audit comes to, as a reader of one form of it counts.
type said struct{ findings, waived, unlisted, passed, failed, undecided int }

// Whatever the form, the same audit says the same.
func TestFormsSayTheSame(t *testing.T) {
	crowded := siteAudit() // has a waived finding, one that is undecided, and violations that are not listed
	crowded.Findings[1].Waiver = crowded.Findings[2].Waiver
	crowded.Findings = append(crowded.Findings, crowded.Findings[0])
	crowded.Findings[3].ID, crowded.Findings[3].Rule, crowded.Findings[3].Verdict = "f-4", "egress-allow-list", rules.Indeterminate
	crowded.Requirements[2].Unlisted = 41
	for name, a := range map[string]*Audit{"site": siteAudit(), "quiet": quietAudit(), "empty": emptyAudit(), "long": longAudit(), "nasty": nastyAudit(), "crowded": crowded} {
		var want said
		for _, f := range a.Findings {
			want.findings++
			if f.Waiver != nil {
				want.waived++
			}
		}
		for _, q := range a.Requirements {
			want.unlisted += q.Unlisted
		}
		n := countVerdicts(a.Requirements)
		want.passed, want.failed, want.undecided = n[rules.Pass], n[rules.Fail], n[rules.Indeterminate]
		for form, got := range map[string]said{
			"table": saidByHead(t, a, want), "csv": saidByCSV(t, a, want), "junit": saidByJUnit(t, a, want),
			"sarif": saidBySARIF(t, a, want), "ocsf": saidByOCSF(t, a), "oscal": saidByOSCAL(t, a, want),
		} {
			if got != want {
				t.Errorf("%s of %s says %+v, wanted %+v", form, name, got, want)
			}
		}
	}
}

// Of what a form has no place for, want is taken.

func saidByHead(t *testing.T, a *Audit, want said) said {
	got := said{waived: want.waived, unlisted: want.unlisted}
	text := strings.Join(strings.Fields(tableOf(t, a, Screen{Width: 200})), " ")
	head := text[:strings.Index(text, ".")]
	for words, n := range map[string]*int{"passed": &got.passed, "failed": &got.failed, "undecided": &got.undecided} {
		if m := regexp.MustCompile(`([0-9]+) ` + words).FindString(head); m != "" {
			fmt.Sscan(m, n)
		}
	}
	text = (form{"md", Markdown}).of(t, a)
	_, text, _ = strings.Cut(text, "\n## Findings\n")
	text, _, _ = strings.Cut(text, "\n## ")
	got.findings = strings.Count(text, "\n| ") - strings.Count(text, "\n| What was seen")
	return got
}

func saidByCSV(t *testing.T, a *Audit, want said) said {
	got := want
	got.findings, got.waived, got.unlisted = 0, 0, 0
	_, rows := readCSV(t, (form{"csv", CSV}).of(t, a))
	for _, row := range rows {
		n := 0
		fmt.Sscan(row["count"], &n)
		switch {
		case row["id"] == "":
			got.unlisted += n
			continue
		case row["waiver"] != "":
			got.waived++
		}
		got.findings++
	}
	return got
}

func saidByJUnit(t *testing.T, a *Audit, want said) said {
	got := said{unlisted: want.unlisted}
	for _, s := range readJUnit(t, (form{"junit", JUnit}).of(t, a)).Suites {
		for _, c := range s.Cases {
			outcome := c.Failure
			switch {
			case c.Failure != nil:
				got.failed++
			case c.Error != nil:
				got.undecided++
				outcome = c.Error
			case c.Skipped != nil:
				outcome = c.Skipped
				if outcome.Type == "waived" {
					got.failed++
				}
			default:
				got.passed++
				outcome = &junitOutcome{}
			}
			got.findings += strings.Count(outcome.Text, "\n  finding ")
			got.waived += strings.Count(outcome.Text, "\n  waived ")
		}
	}
	return got
}

func saidBySARIF(t *testing.T, a *Audit, want said) said {
	got := said{unlisted: want.unlisted, undecided: want.undecided}
	failed := map[string]bool{}
	for _, r := range readSARIF(t, (form{"sarif", SARIF}).of(t, a)).Results {
		if _, finding := r.Fingerprints["findingId/v1"]; finding {
			got.findings++
			got.waived += len(r.Suppressions)
		}
		failed[r.RuleID] = failed[r.RuleID] || r.Kind == "fail"
		if r.Kind == "pass" {
			got.passed++
		}
	}
	for _, of := range failed {
		if of {
			got.failed++
		}
	}
	return got
}

func saidByOCSF(t *testing.T, a *Audit) (got said) {
	failed := map[string]bool{}
	for _, e := range ocsfEvents(t, ocsfText(t, a)) {
		unmapped := e["unmapped"].(map[string]any)
		rule, verdict := unmapped["rule"].(string), unmapped["verdict"].(string)
		failed[rule] = failed[rule] || verdict == "fail"
		q, requirement := unmapped["requirement"].(map[string]any)
		switch {
		case !requirement:
			got.findings++
			if e["status"] == "Suppressed" {
				got.waived++
			}
		case verdict == "pass":
			got.passed++
		case verdict == "indeterminate":
			got.undecided++
		}
		if n, ok := q["unlisted"]; ok {
			got.unlisted += int(asNumber(n))
		}
	}
	for _, of := range failed {
		if of {
			got.failed++
		}
	}
	return got
}

func saidByOSCAL(t *testing.T, a *Audit, want said) said {
	got := said{undecided: want.undecided, waived: want.waived}
	r := oscalOf(t, a)
	for _, o := range r.Observations {
		if slices.Contains(o.Types, "finding") {
			got.findings++
		}
		for _, p := range o.Props {
			n := 0
			if p.Name == "not-listed" {
				fmt.Sscan(p.Value, &n)
			}
			got.unlisted += n
		}
	}
	for _, f := range r.Findings {
		if f.Target.Status.State == "satisfied" {
			got.passed++
		} else {
			got.failed++
		}
	}
	return got
}
