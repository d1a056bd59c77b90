package report

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"spanaudit/flow"
	"spanaudit/rules"
)

// Schema names the form of the document that JSON writes.
const Schema = "spanaudit/audit/v1"

// JSON writes the audit as one document, the same bytes for the same audit.
// Times are RFC 3339 with nanoseconds in UTC. Text from the wire stands there
// in full; characters that a terminal would not show as they are, are written
// as \u escapes.
func JSON(w io.Writer, a *Audit) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(newDocument(a)); err != nil {
		return err
	}
	_, err := w.Write(escapeInvisible(b.Bytes()))
	return err
}

// escapeInvisible writes the characters of a JSON text that are not visible as
// \u escapes. Beyond ASCII they can only stand in strings.
func escapeInvisible(text []byte) []byte {
	plain := func(c byte) bool { return ' ' <= c && c <= '~' || c == '\n' }
	if !slices.ContainsFunc(text, func(c byte) bool { return !plain(c) }) {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/4)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || visible(r):
			out = append(out, text[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[n:]
	}
	return out
}

// document is the audit as DESIGN's contract spells it.
type document struct {
	Schema       string        `json:"schema"`
	Tool         Tool          `json:"tool"`
	Policy       policy        `json:"policy"`
	Inputs       []Input       `json:"inputs"`
	Period       *period       `json:"period,omitempty"`
	Coverage     coverageJSON  `json:"coverage"`
	Requirements []requirement `json:"requirements"`
	Statements   []statement   `json:"statements"`
	Findings     []finding     `json:"findings"`
	Waivers      []waiverUse   `json:"waivers"`
}

type policy struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type requirement struct {
	Rule      string        `json:"rule"`
	Title     string        `json:"title,omitempty"`
	Severity  string        `json:"severity"`
	Verdict   rules.Verdict `json:"verdict"`
	Examined  int           `json:"examined"`
	Failed    int           `json:"failed"`
	Undecided int           `json:"undecided"`
	Waived    int           `json:"waived,omitempty"`
	Excused   bool          `json:"excused,omitempty"`
	Reason    string        `json:"reason,omitempty"`

	Devices []deviceVerdict `json:"devices,omitempty"`
}

func newRequirement(q rules.Requirement) requirement {
	r := requirement{q.Rule, q.Title, q.Severity.String(), q.Verdict, q.Examined, q.Failed, q.Undecided, q.Waived, q.Excused, q.Reason, nil}
	for _, v := range q.Devices {
		r.Devices = append(r.Devices, deviceVerdict{v.Device.ID, v.Verdict, v.Examined, v.Failed, v.Undecided})
	}
	return r
}

// deviceVerdict is what a requirement comes to for a declared device.
type deviceVerdict struct {
	ID        string        `json:"id"`
	Verdict   rules.Verdict `json:"verdict"`
	Examined  int           `json:"examined"`
	Failed    int           `json:"failed"`
	Undecided int           `json:"undecided"`
}

// statement is a sentence of the source document.
type statement struct {
	ID      string        `json:"id"`
	Says    string        `json:"says"`
	Verdict rules.Verdict `json:"verdict"`
	Rules   []string      `json:"rules"`
	Reason  string        `json:"reason"`
}

type finding struct {
	ID          string        `json:"id"`
	Rule        string        `json:"rule"`
	Severity    string        `json:"severity"`
	Verdict     rules.Verdict `json:"verdict"`
	Message     string        `json:"message"`
	Device      device        `json:"device"`
	Peer        *peer         `json:"peer,omitempty"`
	First       string        `json:"first,omitempty"`
	Last        string        `json:"last,omitempty"`
	Count       int           `json:"count"`
	Flows       []string      `json:"flows"`
	Evidence    []evidence    `json:"evidence"`
	Controls    []string      `json:"controls"`
	Remediation string        `json:"remediation,omitempty"`
	Waiver      *waiver       `json:"waiver,omitempty"`
}

type device struct {
	ID   string     `json:"id,omitempty"`
	IP   netip.Addr `json:"ip,omitzero"`
	MAC  string     `json:"mac,omitempty"`
	Role string     `json:"role,omitempty"`

	KnownBy string `json:"known_by,omitempty"`
}

type peer struct {
	IP   netip.Addr `json:"ip,omitzero"`
	Port uint16     `json:"port,omitempty"`
	Name string     `json:"name,omitempty"`
}

type evidence struct {
	File  string `json:"file"`
	Frame uint64 `json:"frame"`
	Time  string `json:"time"`
	What  string `json:"what,omitempty"`
}

func newDocument(a *Audit) *document {
	r := a.Report
	d := &document{
		Schema:       Schema,
		Tool:         a.Tool,
		Inputs:       list(a.Inputs),
		Coverage:     newCoverage(&r.Coverage),
		Requirements: []requirement{},
		Statements:   []statement{},
		Findings:     []finding{},
		Waivers:      []waiverUse{},
	}
	if p := r.Policy; p != nil {
		d.Policy = policy{p.Name, p.Version, hex.EncodeToString(p.SHA256[:])}
	}
	if hasPeriod(r) {
		d.Period = &period{instant(r.Start), instant(r.End)}
	}
	for _, q := range r.Requirements {
		d.Requirements = append(d.Requirements, newRequirement(q))
	}
	for _, s := range r.Statements {
		d.Statements = append(d.Statements, statement{s.ID, s.Says, s.Verdict, list(s.Rules), s.Reason})
	}
	for i := range r.Findings {
		d.Findings = append(d.Findings, newFinding(&r.Findings[i], a.Inputs))
	}
	for _, u := range r.Waivers {
		d.Waivers = append(d.Waivers, waiverUse{newWaiver(u.Waiver), u.Rule, u.Excused, u.Again, list(u.Remarks)})
	}
	return d
}

func newFinding(f *rules.Finding, inputs []Input) finding {
	doc := finding{
		ID: f.ID, Rule: f.Rule, Severity: f.Severity.String(), Verdict: f.Verdict, Message: f.Message,
		Device: device(f.Device),
		First:  timestamp(f.First), Last: timestamp(f.Last), Count: f.Count,
		Flows: list(f.Flows), Evidence: []evidence{}, Controls: list(f.Controls),
		Remediation: f.Remediation,
	}
	if f.Waiver != nil {
		w := newWaiver(f.Waiver)
		doc.Waiver = &w
	}
	if f.Peer != (rules.Peer{}) {
		p := peer(f.Peer)
		doc.Peer = &p
	}
	for _, e := range f.Evidence {
		if e.Frame.Number == 0 {
			continue
		}
		file := ""
		if e.Frame.Input < len(inputs) {
			file = inputs[e.Frame.Input].Name
		}
		doc.Evidence = append(doc.Evidence, evidence{file, e.Frame.Number, instant(e.Frame.Time), e.What})
	}
	return doc
}

// list makes an empty list of none, because a reader expects a list.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// timestamp writes a time as instant does, and nothing for no time.
func timestamp(t flow.Time) string {
	if t == 0 {
		return ""
	}
	return instant(t)
}

// instant writes a time as RFC 3339 with nine decimals in UTC.
func instant(t flow.Time) string {
	return string(appendInstant(nil, t))
}
