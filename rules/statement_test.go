package rules

import (
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestStatementsAreJudgedOrSayWhyNot(t *testing.T) {
	for i, s := range Statements() {
		if s.ID != fmt.Sprintf("S%d", i+1) || s.Says == "" {
			t.Errorf("%d: %+v", i, s)
		}
		if len(s.Rules) == 0 && s.Unseen == "" || s.Hidden && s.Unseen == "" {
			t.Errorf("%s has no rules, or hides something, and does not say why", s.ID)
		}
		for _, id := range s.Rules {
			if !slices.Contains(ruleIDs(), id) {
				t.Errorf("%s names rule %q, which does not exist", s.ID, id)
			}
		}
	}
	if n := len(Statements()); n != 25 {
		t.Errorf("%d statements; the document has 25", n)
	}
}

// The reference says the same from the rules' side.
func TestStatementsAgreeWithTheReference(t *testing.T) {
	file, err := os.Open("../../shared/reference/rules.csv")
	if err != nil {
		t.Skip("the reference is not there: " + err.Error())
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	source := slices.Index(rows[0], "source")
	// What the reasoning says of single statements goes beyond the table of rules.
	also := map[string][]string{"endpoint-retired": {"S2"}, "endpoint-reachable": {"S2"}, "egress-allow-list": {"S19"},
		"rtsp-parties": {"S21"}, "camera-stream": {"S21"}}
	var ids []string
	for _, row := range rows[1:] {
		id := row[0]
		ids = append(ids, id)
		want := append(numbered(row[source]), also[id]...)
		if id == "camera-internet" { // S21 is about the appliance, and inside
			want = slices.DeleteFunc(want, func(s string) bool { return s == "S21" })
		}
		slices.Sort(want)
		got := statementsOf(id)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s judges %v; the reference has %v", id, got, want)
		}
	}
	if !slices.Equal(ids, ruleIDs()) {
		t.Errorf("the ids are %v; the reference has %v", ruleIDs(), ids)
	}
}

// numbered returns the statements of a text such as "S8, S13-S15".
func numbered(text string) (ids []string) {
	for _, m := range regexp.MustCompile(`\bS(\d+)(?:-S(\d+))?`).FindAllStringSubmatch(text, -1) {
		first, _ := strconv.Atoi(m[1])
		last := first
		if m[2] != "" {
			last, _ = strconv.Atoi(m[2])
		}
		for n := first; n <= last; n++ {
			ids = append(ids, fmt.Sprintf("S%d", n))
		}
	}
	return ids
}

func TestStatementTakesTheGravestVerdictOfItsRules(t *testing.T) {
	two := Statement{ID: "S3", Rules: []string{"a", "b"}}
	hidden := Statement{ID: "S6", Rules: []string{"a"}, Hidden: true, Unseen: "TLS"}
	for _, c := range []struct {
		s            Statement
		verdicts     map[string]Verdict
		want         Verdict
		reasonEndsIn string
	}{
		{two, map[string]Verdict{"a": Pass, "b": Fail}, Fail, "a pass, b fail"},
		{two, map[string]Verdict{"a": Indeterminate, "b": Pass}, Indeterminate, "b pass"},
		{two, map[string]Verdict{"a": NotObserved, "b": Pass}, Pass, "a not_observed, b pass"},
		{two, map[string]Verdict{"a": NotObserved, "b": NotApplicable}, NotObserved, "b not_applicable"},
		{two, map[string]Verdict{"a": NotApplicable, "b": NotApplicable}, NotApplicable, "b not_applicable"},
		{two, map[string]Verdict{"a": Pass}, Indeterminate, "b is not judged by this version"},
		{two, map[string]Verdict{"a": Fail}, Fail, "b is not judged by this version"},
		{hidden, map[string]Verdict{"a": Pass}, NotObservable, "a pass; not visible: TLS"},
		{hidden, map[string]Verdict{"a": NotObserved}, NotObservable, "TLS"},
		{hidden, map[string]Verdict{"a": Fail}, Fail, "a fail; not visible: TLS"},
		{Statement{ID: "S1", Unseen: "elsewhere"}, nil, NotObservable, "elsewhere"},
	} {
		requirements := map[string]Requirement{}
		for id, v := range c.verdicts {
			requirements[id] = Requirement{Verdict: v}
		}
		got := c.s.judge(requirements)
		if got.Verdict != c.want || !strings.HasSuffix(got.Reason, c.reasonEndsIn) {
			t.Errorf("%s of %v: %s (%s), want %s (… %s)", c.s.ID, c.verdicts, got.Verdict, got.Reason, c.want, c.reasonEndsIn)
		}
	}
}

func TestReportLeadsEveryStatementToAVerdict(t *testing.T) {
	r := judge(parse(t, site), busySite()...)
	if len(r.Statements) != len(Statements()) {
		t.Fatalf("%d statements in the report", len(r.Statements))
	}
	for _, s := range r.Statements {
		if s.Verdict == "" || s.Reason == "" {
			t.Errorf("%s: verdict %q, reason %q", s.ID, s.Verdict, s.Reason)
		}
	}
	if got := r.Statements[2]; got.Verdict != Fail {
		t.Errorf("S3 of a site that speaks TLS 1.0: %s", got.Verdict)
	}
}
