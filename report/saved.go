package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// FindingList writes the saved findings, one a line: the beginning of the id that
// tells it from the others, the rule and what was seen.
func (a *Audit) FindingList(w io.Writer) error {
	var b strings.Builder
	n := a.prefix()
	for _, f := range a.Findings {
		fmt.Fprintf(&b, "%s  %-8s  %s: %s\n", Line(f.ID[:min(n, len(f.ID))]), f.Severity, Line(f.Rule), Line(f.Message))
	}
	if len(a.Findings) == 0 {
		b.WriteString("no finding in this audit; a rule can be explained, too\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// prefix returns how many characters tell the ids of the findings apart, at
// least 4.
func (a *Audit) prefix() int {
	ids := make([]string, len(a.Findings))
	for i, f := range a.Findings {
		ids[i] = f.ID
	}
	slices.Sort(ids)
	n := 4
	for i := 1; i < len(ids); i++ {
		same := 0
		for same < min(len(ids[i-1]), len(ids[i])) && ids[i-1][same] == ids[i][same] {
			same++
		}
		n = max(n, same+1)
	}
	return n
}

// find returns the finding of an id or of a prefix that no other has.
func (a *Audit) find(id string) (*Finding, error) {
	var found []*Finding
	for i := range a.Findings {
		switch f := &a.Findings[i]; {
		case f.ID == id:
			return f, nil
		case strings.HasPrefix(f.ID, id):
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no finding, rule or statement %q in this audit", id)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%q begins the ids of %d findings; give more of it", id, len(found))
}

func (a *Audit) requirement(rule string) *Requirement {
	i := slices.IndexFunc(a.Requirements, func(q Requirement) bool { return q.Rule == rule })
	if i < 0 {
		return nil
	}
	return &a.Requirements[i]
}

func (a *Audit) statement(id string) *Statement {
	i := slices.IndexFunc(a.Statements, func(st Statement) bool { return st.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Statements[i]
}
