package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spanaudit/flow"
)

// maxFindings bounds the findings of one rule: the gravest are listed and, of those
// that are equally grave, the first. Violations beyond them are counted in the
// requirement and named in its reason. maxNotes bounds its remarks.
const (
	maxFindings = 10_000
	maxNotes    = 8
)

// ledger is what one rule has found so far.
type ledger struct {
	doc      Doc
	severity Severity // the rule's, as the policy sets it
	changed  bool     // the policy sets it, whatever the case

	examined, failed int
	undecided        map[string]int // by reason
	notApplicable    string         // why the policy leaves the rule out; empty when it does not
	unlisted         int            // violations beyond maxFindings, and of the findings that made room
	worst            Severity       // of those
	notes            []string       // remarks for the requirement's reason, whatever its verdict

	devices map[*Device]*tally // declared ones

	findings map[string]*Finding       // by everything that makes two violations the same
	known    map[violationKey]*Finding // by what a flow shows without making a sentence

	grades [Critical + 1][]*Finding // as they came; one that was raised is in several, one that is gone may be in any
	listed [Critical + 1]int        // findings, by severity
}

func newLedger(doc Doc, setting RuleSetting) *ledger {
	l := &ledger{doc: doc, severity: doc.Severity, undecided: map[string]int{}, findings: map[string]*Finding{}}
	if setting.Severity != nil {
		l.severity, l.changed = *setting.Severity, true
	}
	if setting.Disabled {
		l.notApplicable = "switched off by the policy"
		if setting.Reason != "" {
			l.notApplicable += ": " + setting.Reason
		}
	}
	return l
}

// note keeps a remark, once, as long as there is room.
func (l *ledger) note(remark string) {
	if len(l.notes) < maxNotes && !slices.Contains(l.notes, remark) {
		l.notes = append(l.notes, remark)
	}
}

func (l *ledger) undecide(because string) { l.undecideAll(because, 1) }

func (l *ledger) undecideAll(because string, flows int) {
	l.examined += flows
	l.undecided[because] += flows
}

// finding returns the finding that v, first seen at the time, belongs to, raised
// to v's severity. It speaks in the words of the gravest violation, of the
// earliest where several are equally grave.
func (l *ledger) finding(v Violation, at flow.Time) *Finding {
	severity := l.grade(v.Severity)
	id := findingID(l.doc.ID, v)
	f, ok := l.findings[id]
	if !ok {
		if l.full(severity) {
			l.unlist(severity, 1)
			return &Finding{ID: id, Rule: l.doc.ID, Severity: severity, gone: true}
		}
		f = &Finding{
			ID: id, Rule: l.doc.ID, Severity: severity, Verdict: Fail, Message: v.Message, told: at,
			Device: v.Device, Peer: v.Peer, Controls: l.doc.Controls, Remediation: l.doc.Remediation,
		}
		f.with(v.Peer.IP)
		if len(l.findings) == maxFindings {
			l.drop()
		}
		l.findings[id] = f
		l.list(f)
		return f
	}
	f.with(v.Peer.IP)
	several := f.Peer.Port != v.Peer.Port
	if cmp.Or(cmp.Compare(severity, f.Severity), cmp.Compare(f.told, at), cmp.Compare(f.Message, v.Message)) > 0 {
		if f.Severity != severity {
			l.listed[f.Severity]--
			f.Severity, f.brief = severity, false
			l.list(f)
		}
		f.Message, f.told, f.Device, f.Peer = v.Message, at, v.Device, v.Peer
	}
	if several {
		f.Peer.Port = 0
	}
	return f
}

// grade returns the severity of a violation that has one of its own, or none.
func (l *ledger) grade(own *Severity) Severity {
	if own != nil && !l.changed {
		return *own
	}
	return l.severity
}

// full reports whether a new finding of the severity would not be listed.
func (l *ledger) full(severity Severity) bool {
	if len(l.findings) < maxFindings {
		return false
	}
	for lower := range severity {
		if l.listed[lower] > 0 {
			return false
		}
	}
	return true
}

func (l *ledger) list(f *Finding) {
	l.grades[f.Severity] = append(l.grades[f.Severity], f)
	l.listed[f.Severity]++
}

// unlist counts violations that no finding listed tells of.
func (l *ledger) unlist(severity Severity, violations int) {
	l.unlisted += violations
	l.worst = max(l.worst, severity)
}

// drop gives up the finding that came last of those that are least grave.
func (l *ledger) drop() {
	for severity := range l.grades {
		for n := len(l.grades[severity]); n > 0 && l.listed[severity] > 0; n-- {
			f := l.grades[severity][n-1]
			l.grades[severity] = l.grades[severity][:n-1]
			if f.gone || f.Severity != Severity(severity) {
				continue
			}
			delete(l.findings, f.ID)
			f.gone = true
			l.listed[severity]--
			l.unlist(f.Severity, f.Count)
			return
		}
	}
}

// findingID names a violation by rule, device, peer and variant, and by nothing
// that differs from run to run.
func findingID(rule string, v Violation) string {
	device, peer := v.Device.ID, v.Peer.Name
	if device == "" {
		device = v.Device.IP.String()
	}
	if peer == "" {
		peer = v.Peer.IP.String()
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{rule, device, peer, v.Variant}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// add counts one more occurrence.
func (f *Finding) add(first, last flow.Time, communityID string, evidence []Evidence) {
	if f.Count == 0 || first < f.First {
		f.First = first
	}
	f.Last = max(f.Last, last)
	f.Count++
	if f.brief {
		return
	}
	if communityID != "" && len(f.Flows) < maxFindingFlows && !slices.Contains(f.Flows, communityID) {
		f.Flows = append(f.Flows, communityID)
	}
	for _, e := range evidence {
		if len(f.Evidence) < maxFindingEvidence && e.Frame.Number > 0 {
			f.Evidence = append(f.Evidence, e)
		}
	}
}

// requirement rolls the ledger up: fail over indeterminate over pass over not
// observed. lossy says why traffic may have gone unseen, or is empty.
func (l *ledger) requirement(lossy string) Requirement {
	r := Requirement{Rule: l.doc.ID, Title: l.doc.Title, Severity: l.severity, Examined: l.examined, Failed: l.failed, Unlisted: l.unlisted, Worst: l.worst, Controls: l.doc.Controls}
	for _, n := range l.undecided {
		r.Undecided += n
	}
	switch {
	case l.notApplicable != "":
		r = Requirement{Rule: r.Rule, Title: r.Title, Severity: r.Severity, Controls: r.Controls}
		r.Verdict, r.Reason = NotApplicable, l.notApplicable
	case l.failed > 0:
		r.Verdict = Fail
		if l.unlisted > 0 {
			r.Reason = fmt.Sprintf("%d more violations than those of the %d findings listed", l.unlisted, maxFindings)
		}
	case r.Undecided > 0:
		r.Verdict, r.Reason = Indeterminate, l.reasons()
	case l.examined == 0:
		r.Verdict, r.Reason = NotObserved, l.doc.NotSeen
	case l.doc.Kind == Prohibition && lossy != "":
		r.Verdict, r.Reason = Indeterminate, lossy
	default:
		r.Verdict = Pass
	}
	r.Reason = join(append([]string{r.Reason}, l.notes...)...)
	return r
}

// join makes one reason of those that are not empty.
func join(reasons ...string) string {
	return strings.Join(slices.DeleteFunc(reasons, func(s string) bool { return s == "" }), "; ")
}

// reasons lists why flows were left undecided, the most frequent first.
func (l *ledger) reasons() string {
	keys := slices.SortedFunc(maps.Keys(l.undecided), func(a, b string) int {
		return cmp.Or(cmp.Compare(l.undecided[b], l.undecided[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%d × %s", l.undecided[k], k))
	}
	return strings.Join(parts, "; ")
}
