package report

import (
	"cmp"
	"fmt"
	"slices"

	"spanaudit/rules"
)

// DiffSchema names the form of a Diff.
const DiffSchema = "spanaudit/diff/v1"

// Diff is what became of the findings and verdicts of one audit in another, of the
// same site. It holds text of both, which anybody may have written.
type Diff struct {
	Schema   string          `json:"schema"`
	Old      Side            `json:"old"`
	New      Side            `json:"new"`
	Notes    []string        `json:"notes"` // what makes the two hard to compare
	Findings Findings        `json:"findings"`
	Verdicts []VerdictChange `json:"verdicts"` // that changed, in the order of the new audit, then of the old
}

// Side is one of the two audits.
type Side struct {
	Tool     Tool    `json:"tool"`
	Policy   Base    `json:"policy"`
	Period   *Period `json:"period,omitempty"`
	Packets  uint64  `json:"packets"`
	Flows    uint64  `json:"flows"`
	Findings int     `json:"findings"`
}

// Findings is the findings of both audits, each in the order of its audit; in
// Unchanged that is the new one.
type Findings struct {
	New         []Finding `json:"new"`
	Fixed       []Gone    `json:"fixed"`
	NotObserved []Gone    `json:"not_observed"`
	Unchanged   []Kept    `json:"unchanged"`
}

// Gone is a finding of the old audit that the new one does not have. It is fixed
// where the new audit examined what the finding was about and found it in order;
// that something was not seen again is no ground to call it fixed.
type Gone struct {
	Finding
	Reason string `json:"reason"` // why it counts as fixed, or not
}

// Kept is a finding that both audits have, as the new one says it.
type Kept struct {
	Finding
	Changes []Change `json:"changes,omitempty"`
	Old     *Finding `json:"-"`
}

// Change is one property of a finding that is not what it was: id, severity,
// verdict or waiver.
type Change struct {
	What string `json:"what"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// VerdictChange is a requirement that ends otherwise than it did. A verdict is
// empty where the audit does not judge the rule.
type VerdictChange struct {
	Rule   string        `json:"rule"`
	Old    rules.Verdict `json:"old"`
	New    rules.Verdict `json:"new"`
	Reason string        `json:"reason,omitempty"` // of the new verdict
}

// Compare returns what changed from an older audit to a newer one. Both are only
// read, and shared.
func Compare(older, newer *Audit) *Diff {
	d := &Diff{Schema: DiffSchema, Old: side(older), New: side(newer), Notes: notes(older, newer), Verdicts: verdictChanges(older, newer)}
	was := byID(older.Findings)
	is := byID(newer.Findings)
	var appeared []*Finding
	for i := range newer.Findings {
		if f := &newer.Findings[i]; is[f.ID] == f && was[f.ID] == nil {
			appeared = append(appeared, f)
		}
	}
	renamed := renamings(older, is, was, appeared)
	d.Findings = Findings{[]Finding{}, []Gone{}, []Gone{}, []Kept{}}
	j := newJudgement(older, newer)
	again := map[*Finding]bool{}
	for i := range newer.Findings {
		f := &newer.Findings[i]
		old := cmp.Or(was[f.ID], renamed[f])
		switch {
		case is[f.ID] != f: // an id that is there twice
		case old == nil:
			d.Findings.New = append(d.Findings.New, *f)
		default:
			again[old] = true
			d.Findings.Unchanged = append(d.Findings.Unchanged, Kept{*f, changes(old, f), old})
		}
	}
	for i := range older.Findings {
		f := &older.Findings[i]
		if again[f] || was[f.ID] != f {
			continue
		}
		if fixed, reason := j.gone(f); fixed {
			d.Findings.Fixed = append(d.Findings.Fixed, Gone{*f, reason})
		} else {
			d.Findings.NotObserved = append(d.Findings.NotObserved, Gone{*f, reason})
		}
	}
	return d
}

// byID returns the first finding of each id.
func byID(list []Finding) map[string]*Finding {
	m := make(map[string]*Finding, len(list))
	for i := range list {
		if m[list[i].ID] == nil {
			m[list[i].ID] = &list[i]
		}
	}
	return m
}

// renamings pairs findings that have another id only because the policy gave their
// device a name, or another one: the rule, the device's address and the peer are
// the same. It returns the old finding of each new one.
func renamings(older *Audit, is, was map[string]*Finding, appeared []*Finding) map[*Finding]*Finding {
	type key struct {
		rule, ip, mac string
		peer          Peer
	}
	keyOf := func(f *Finding) (key, bool) {
		k := key{rule: f.Rule, mac: f.Device.MAC, peer: Peer{f.Peer.IP, 0, f.Peer.Name}}
		if f.Device.IP.IsValid() {
			k.ip, k.mac = f.Device.IP.String(), ""
		}
		return k, k.ip != "" || k.mac != ""
	}
	candidates := map[key][]*Finding{}
	for _, f := range appeared {
		if k, ok := keyOf(f); ok {
			candidates[k] = append(candidates[k], f)
		}
	}
	pairs := map[*Finding]*Finding{}
	for i := range older.Findings {
		f := &older.Findings[i]
		k, ok := keyOf(f)
		if !ok || is[f.ID] != nil || was[f.ID] != f {
			continue
		}
		at := slices.IndexFunc(candidates[k], func(g *Finding) bool { return g.Device.ID != f.Device.ID })
		if at >= 0 {
			pairs[candidates[k][at]] = f
			candidates[k] = slices.Delete(candidates[k], at, at+1)
		}
	}
	return pairs
}

// changes lists what is not as it was.
func changes(old, new *Finding) (list []Change) {
	add := func(what, was, is string) {
		if was != is {
			list = append(list, Change{what, was, is})
		}
	}
	add("id", old.ID, new.ID)
	add("severity", old.Severity.String(), new.Severity.String())
	add("verdict", string(old.Verdict), string(new.Verdict))
	add("waiver", waiverState(old.Waiver), waiverState(new.Waiver))
	return list
}

func waiverState(w *Waiver) string {
	if w == nil {
		return "not waived"
	}
	return "waived until " + w.Expires + " by " + w.ID
}

func side(a *Audit) Side {
	return Side{a.Tool, Base{a.Policy.Name, a.Policy.Version, a.Policy.SHA256}, a.Period, a.Coverage.Packets, a.Coverage.Flows, len(a.Findings)}
}

func verdictChanges(older, newer *Audit) []VerdictChange {
	list := []VerdictChange{}
	seen, before := map[string]bool{}, byRule(older)
	for i := range newer.Requirements {
		q := &newer.Requirements[i]
		v := VerdictChange{Rule: q.Rule, New: q.Verdict, Reason: q.Reason}
		if was := before[q.Rule]; was != nil {
			v.Old = was.Verdict
		}
		if v.Old != v.New && !seen[q.Rule] {
			list = append(list, v)
		}
		seen[q.Rule] = true
	}
	for _, q := range older.Requirements {
		if !seen[q.Rule] {
			list = append(list, VerdictChange{Rule: q.Rule, Old: q.Verdict})
		}
		seen[q.Rule] = true
	}
	return list
}

// notes says what makes two audits hard to compare.
func notes(older, newer *Audit) []string {
	list := []string{}
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if older.Policy.SHA256 != newer.Policy.SHA256 || !slices.Equal(older.Policy.Extends, newer.Policy.Extends) {
		say("the policy changed: a finding may be new, or gone, because other things are allowed now")
	}
	if older.Tool != newer.Tool {
		say("the tool changed, from %s %s to %s %s: a finding may be new, or gone, because it sees more, or judges otherwise",
			older.Tool.Name, older.Tool.Version, newer.Tool.Name, newer.Tool.Version)
	}
	if o, n := older.Period, newer.Period; o != nil && n != nil && n.Start < o.Start {
		say("the new audit is of an earlier time than the old one: perhaps they are given the wrong way round")
	}
	if o, n := older.Period, newer.Period; o != nil && n != nil && n.length() < o.length()/2 {
		say("the new audit saw %s, and the old one %s: what is done seldom may not have been done in that time", duration(n.length()), duration(o.length()))
	}
	switch was, is := older.Anonymized, newer.Anonymized; {
	case was != is:
		say("one of the audits is anonymized and the other is not: hosts that the policy does not name cannot be told to be the same")
	case was:
		say("both audits are anonymized: unless by the same --anonymize-key and policy, hosts that the policy does not name cannot be told to be the same")
	}
	if was, is := older.Coverage.Capture.Filter, newer.Coverage.Capture.Filter; was != is {
		say("the filter of the capture changed, from %q to %q", was, is)
	}
	for _, s := range []struct {
		audit *Audit
		says  string
	}{
		{older, "the old audit does not list all findings of %s: what is called new may not be"},
		{newer, "the new audit does not list all findings of %s: more may be new"},
	} {
		for _, q := range s.audit.Requirements {
			if q.Unlisted > 0 {
				say(s.says, q.Rule)
			}
		}
	}
	return list
}
