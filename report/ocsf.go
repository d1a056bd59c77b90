package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"path"

	"spanaudit/rules"
)

// OCSF writes the audit as NDJSON: one event of the class Compliance Finding for
// each finding, in their order, then one for each requirement that no finding
// speaks of: that passed, was undecided or was not judged, or that failed and has
// violations that are not listed. finding_info.uid is the finding's id, the same
// in every audit, and metadata.correlation_uid the same in all events of one.
func OCSF(w io.Writer, a *Audit) error {
	a, id, err := a.settled()
	if err != nil {
		return err
	}
	o := &ocsfWriter{a: a, id: id, ids: identities{}, docs: docsByRule(), frameworks: rules.Frameworks(), standing: byRule(a), files: map[string]*ocsfFile{}}
	for _, in := range a.Inputs {
		o.files[in.Name] = ocsfFileOf(in)
		o.sources = append(o.sources, in.Name)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range a.Findings {
		if err := e.Encode(o.violation(&a.Findings[i])); err != nil {
			return err
		}
	}
	for _, q := range a.unspoken() {
		if err := e.Encode(o.requirement(q)); err != nil {
			return err
		}
	}
	return write(w, escapeInvisible(b.Bytes()), nil)
}

// ocsfWriter makes the events of one audit.
type ocsfWriter struct {
	a          *Audit
	id         uuid
	ids        identities
	docs       map[string]rules.Doc
	frameworks []string
	standing   map[string]*Requirement // by rule
	files      map[string]*ocsfFile    // by name
	sources    []string
}

// event begins an event of a rule.
func (o *ocsfWriter) event(kind, uid, rule string, verdict rules.Verdict) ocsfEvent {
	e := ocsfEvent{
		Class: ocsfComplianceFinding, ClassName: "Compliance Finding", Category: ocsfFindings, CategoryName: "Findings",
		Activity: ocsfCreate, ActivityName: "Create",
		Type: ocsfComplianceFinding*100 + ocsfCreate, TypeName: "Compliance Finding: Create",
		Time: instantMillis(o.a.made()), Metadata: ocsfMetadataOf(o.a.Tool),
		Unmapped: ocsfUnmapped{Rule: rule, Verdict: string(verdict), Policy: Base{o.a.Policy.Name, o.a.Policy.Version, o.a.Policy.SHA256}},
	}
	e.Metadata.UID, e.Metadata.Correlation = o.ids.of(o.id, kind, uid), o.id
	return e
}

func ocsfMetadataOf(tool Tool) ocsfMeta {
	name := cmp.Or(tool.Name, "spanaudit")
	return ocsfMeta{Version: ocsfVersion, Product: ocsfProduct{name, name, tool.Version}}
}

func (o *ocsfWriter) violation(f *Finding) ocsfEvent {
	doc := o.docs[f.Rule]
	e := o.event("finding", f.ID, f.Rule, f.Verdict)
	e.SeverityID, e.Severity = ocsfSeverity(f.Severity)
	e.StatusID, e.Status = 1, "New"
	if f.Waiver != nil {
		e.StatusID, e.Status, e.Detail = 3, "Suppressed", waived(f.Waiver)
		e.Unmapped.Waiver = f.Waiver
	}
	e.Message, e.Count = f.Message, f.Count
	if f.First != 0 || f.Last != 0 {
		first, last := instantMillis(f.First), instantMillis(f.Last)
		e.Start, e.End = &first, &last
	}
	e.Finding = ocsfFindingInfo{
		UID: f.ID, Title: cmp.Or(doc.Title, f.Rule), Description: f.Message, Types: []string{f.Rule},
		First: e.Start, Last: e.End, Analytic: o.analytic(f.Rule), Sources: o.sources,
	}
	e.Compliance = o.compliance(f.Rule, f.Verdict, f.Controls)
	if f.Remediation != "" {
		e.Remediation = &ocsfRemediation{f.Remediation}
	}
	e.resource(f.Device, "")
	e.peer(f.Peer)
	if f.Decoded != nil {
		e.Evidences = append(e.Evidences, ocsfEvidence{Name: "decoded flow", Data: f.Decoded})
	}
	for _, frame := range f.Evidence {
		e.Evidences = append(e.Evidences, o.frame(frame, false))
	}
	for _, frame := range f.Context {
		e.Evidences = append(e.Evidences, o.frame(frame, true))
	}
	for _, id := range f.Flows {
		e.Evidences = append(e.Evidences, ocsfEvidence{Name: "flow", Connection: &ocsfConnection{ocsfUnknown, id}})
	}
	return e
}

// requirement is the verdict on a requirement. That it did not fail is no reason
// to act, whatever its severity.
func (o *ocsfWriter) requirement(q *Requirement) ocsfEvent {
	doc := o.docs[q.Rule]
	e := o.event("requirement", q.Rule, q.Rule, q.Verdict)
	e.SeverityID, e.Severity = ocsfInformational, "Informational"
	if q.Verdict == rules.Fail && !q.Excused {
		e.SeverityID, e.Severity = ocsfSeverity(q.Severity)
	}
	e.Message = q.Rule + ": " + ground(q)
	if p := o.a.Period; p != nil {
		start, end := instantMillis(p.Start), instantMillis(p.End)
		e.Start, e.End = &start, &end
	}
	e.Finding = ocsfFindingInfo{
		UID: "requirement/" + q.Rule, Title: "Requirement " + q.Rule, Description: cmp.Or(doc.Checks, q.Title, q.Rule), Types: []string{q.Rule},
		Analytic: o.analytic(q.Rule), Sources: o.sources,
	}
	e.Compliance = o.compliance(q.Rule, q.Verdict, q.Controls)
	if q.Reason != "" {
		e.Compliance.Details = []string{q.Reason}
	}
	for _, d := range q.Devices {
		e.resource(Device{ID: d.ID, Role: d.Role}, string(d.Verdict))
	}
	e.Unmapped.Requirement = &ocsfCounts{q.Examined, q.Failed, q.Undecided, q.Unlisted, q.Waived}
	return e
}

func (o *ocsfWriter) analytic(rule string) *ocsfAnalytic {
	return &ocsfAnalytic{rule, o.docs[rule].Title, 1, "Rule"}
}

func (o *ocsfWriter) frame(frame Evidence, context bool) ocsfEvidence {
	return ocsfEvidence{
		Name: cmp.Or(frame.What, "frame"), File: o.files[frame.File],
		Data: ocsfFrame{frame.Frame, int64(frame.Time), context},
	}
}

func ocsfFileOf(in Input) *ocsfFile {
	if in.Name == "" {
		return nil
	}
	f := &ocsfFile{Name: path.Base(in.Name), Path: in.Name, TypeID: 1}
	if sha256Form.MatchString(in.SHA256) {
		f.Hashes = []ocsfHash{{ocsfSHA256, "SHA-256", in.SHA256}}
	}
	return f
}
