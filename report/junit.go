package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"spanaudit/rules"
)

// JUnit writes the requirements as the tests of one suite, in the XML that
// pipelines read: a fail is a failure with its findings, what could not be
// decided an error, and what was not observed, is not observable or does not
// apply is skipped with the reason, as is a fail of which every violation is
// waived. Only a pass passes. A failure is one whatever its severity, which is
// its type. What limits the verdicts stands in system-err.
func JUnit(w io.Writer, a *Audit) error {
	suite := junitSuite{Name: "spanaudit", Time: "0", Properties: junitProperties(a), Out: junitLines(head(a)), Err: junitLines(junitLimits(a)...)}
	if a.Policy.Name != "" {
		suite.Name += " " + Line(a.Policy.Name)
	}
	if a.Reported != 0 {
		suite.Timestamp = a.Reported.UTC().Format("2006-01-02T15:04:05")
	}
	byRule := map[string][]*Finding{}
	for i := range a.Findings {
		f := &a.Findings[i]
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	groups := groupsOf(rules.Catalogue())
	for _, q := range a.Requirements {
		suite.add(newJUnitCase(q, byRule[q.Rule], groups[q.Rule]))
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	doc := junitSuites{Name: suite.Name, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Time: "0", Suites: []junitSuite{suite}}
	if err := e.Encode(doc); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// junitSuites is the root element. Times are 0: no test has one of its own.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"` // in UTC, which the form has no place to say
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        *junitText      `xml:"system-out"`
	Err        *junitText      `xml:"system-err"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitOutcome `xml:"skipped"`
	Error   *junitOutcome `xml:"error"`
	Failure *junitOutcome `xml:"failure"`
	Out     *junitText    `xml:"system-out"`
}

// junitText is text of several lines, which in CDATA stay lines.
type junitText struct {
	Text string `xml:",cdata"`
}

func junitLines(lines ...string) *junitText {
	if len(lines) == 0 {
		return nil
	}
	return &junitText{strings.Join(lines, "\n")}
}

// junitOutcome is why a test did not pass.
type junitOutcome struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func newJUnitCase(q Requirement, findings []*Finding, group string) junitCase {
	if group == "" {
		group = "other"
	}
	c := junitCase{Class: "spanaudit." + group, Name: Line(q.Rule), Time: "0"}
	ground := restsOn(q)
	if q.Reason != "" {
		ground += "; " + Line(q.Reason)
	}
	outcome := &junitOutcome{Type: Line(string(q.Verdict)), Message: ground, Text: junitFindings(findings)}
	switch {
	case q.Verdict == rules.Pass:
		c.Out = junitLines(ground)
	case q.Verdict == rules.Fail && q.Excused:
		outcome.Type = "waived"
		c.Skipped = outcome
	case q.Verdict == rules.Fail:
		outcome.Type = q.Severity.String()
		if q.Title != "" {
			outcome.Message = Line(q.Title) + ": " + ground
		}
		c.Failure = outcome
	case q.Verdict == rules.NotObserved, q.Verdict == rules.NotObservable, q.Verdict == rules.NotApplicable:
		outcome.Message = strings.ReplaceAll(outcome.Type, "_", " ")
		if q.Reason != "" {
			outcome.Message += ": " + Line(q.Reason)
		}
		c.Skipped = outcome
	default: // indeterminate, and what a saved audit says that nobody knows
		c.Error = outcome
	}
	return c
}

// junitFindings writes findings one below the other, and at the end what to do.
func junitFindings(findings []*Finding) string {
	if len(findings) == 0 {
		return ""
	}
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "\n%s: %s\n", f.Severity, Line(f.Message))
		if f.Waiver != nil {
			fmt.Fprintf(&b, "  %s\n", waived(f.Waiver))
		}
		for i, seen := range seenLines(f, nil) {
			if i == 0 {
				seen.text = "seen " + seen.text + " UTC"
			}
			fmt.Fprintf(&b, "  %s\n", seen.text)
		}
		for _, part := range framesByFile(f.Evidence) {
			fmt.Fprintf(&b, "  frames of %s: %s\n", Line(part.file), part.list())
		}
		for _, part := range framesByFile(f.Context) {
			fmt.Fprintf(&b, "  rests on frames of %s: %s\n", Line(part.file), part.list())
		}
		fmt.Fprintf(&b, "  finding %s\n", Line(f.ID))
	}
	if r := findings[0].Remediation; r != "" {
		fmt.Fprintf(&b, "\nWhat to do: %s\n", Line(r))
	}
	return b.String()
}

func junitProperties(a *Audit) []junitProperty {
	list := []junitProperty{
		{"tool", a.Tool.Name}, {"tool.version", a.Tool.Version},
		{"policy", a.Policy.Name}, {"policy.version", a.Policy.Version}, {"policy.sha256", a.Policy.SHA256},
	}
	if a.Period != nil {
		list = append(list, junitProperty{"period.start", moment(a.Period.Start)}, junitProperty{"period.end", moment(a.Period.End)})
	}
	for i, in := range a.Inputs {
		key := fmt.Sprintf("input.%d", i+1)
		list = append(list, junitProperty{key, in.Name}, junitProperty{key + ".sha256", in.SHA256})
	}
	list = slices.DeleteFunc(list, func(p junitProperty) bool { return p.Value == "" })
	return mapped(list, func(p junitProperty) junitProperty { return junitProperty{p.Name, Line(p.Value)} })
}

// junitLimits says what limits the verdicts.
func junitLimits(a *Audit) []string {
	var lines []string
	for _, in := range a.Inputs {
		if in.Error != "" {
			lines = append(lines, Line(fmt.Sprintf("%s was not read whole: %s", in.Name, in.Error)))
		}
	}
	return append(lines, limits(&a.Coverage)...)
}
