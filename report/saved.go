package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"spanaudit/rules"
)

// Saved is an audit that was written by JSON and read again.
type Saved struct{ doc document }

// ReadSaved reads an audit that JSON wrote. Keys that this version does not
// know are passed over.
func ReadSaved(r io.Reader) (*Saved, error) {
	var s Saved
	d := json.NewDecoder(r)
	switch err := d.Decode(&s.doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("is empty; an audit is wanted, as `spanaudit audit --format json` writes it")
	case err != nil:
		return nil, fmt.Errorf("is no audit in JSON, as `spanaudit audit --format json` writes it: %w", err)
	case s.doc.Schema != Schema:
		return nil, fmt.Errorf("is no audit: its schema is %q, and %q is wanted", s.doc.Schema, Schema)
	}
	return &s, nil
}

// FindingList writes the saved findings, one a line: the beginning of the id that
// tells it from the others, the rule and what was seen.
func (s *Saved) FindingList(w io.Writer) error {
	var b strings.Builder
	n := s.prefix()
	for _, f := range s.doc.Findings {
		fmt.Fprintf(&b, "%s  %-8s  %s: %s\n", Line(f.ID[:min(n, len(f.ID))]), Line(f.Severity), Line(f.Rule), Line(f.Message))
	}
	if len(s.doc.Findings) == 0 {
		b.WriteString("no finding in this audit; a rule can be explained, too\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// prefix returns how many characters tell the ids of the findings apart, at
// least 4.
func (s *Saved) prefix() int {
	ids := make([]string, len(s.doc.Findings))
	for i, f := range s.doc.Findings {
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
func (s *Saved) find(id string) (*finding, error) {
	var found []*finding
	for i := range s.doc.Findings {
		switch f := &s.doc.Findings[i]; {
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

func (s *Saved) requirement(rule string) *requirement {
	i := slices.IndexFunc(s.doc.Requirements, func(q requirement) bool { return q.Rule == rule })
	if i < 0 {
		return nil
	}
	return &s.doc.Requirements[i]
}

func (s *Saved) statement(id string) *statement {
	i := slices.IndexFunc(s.doc.Statements, func(st statement) bool { return st.ID == id })
	if i < 0 {
		return nil
	}
	return &s.doc.Statements[i]
}

// coverage returns what the audit's verdicts rest on.
func (s *Saved) coverage() *rules.Coverage {
	c := &s.doc.Coverage
	return &rules.Coverage{
		Packets: c.Packets, Flows: c.Flows, TCPFlows: c.TCPFlows, Protocols: c.Protocols,
		OneSided: c.OneSided, Midstream: c.Midstream, Unknown: c.Unknown, Gapped: c.Gapped,
		Evicted: c.Evicted, Starved: c.Starved, Forgotten: c.Forgotten, Panics: c.Panics, Outside: c.Outside, BadChecksums: c.BadChecksums,
		Capture: rules.CaptureLoss{
			Dropped: c.Capture.Dropped, Cut: c.Capture.Cut, TCPBytes: c.Capture.TCPBytes, Unseen: c.Capture.Unseen,
			Undecoded: c.Capture.Undecoded, FragmentsGivenUp: c.Capture.FragmentsGivenUp, Late: c.Capture.Late,
			Filter: c.Capture.Filter, Filtered: c.Capture.Filtered, Broken: c.Capture.Broken,
		},
	}
}
