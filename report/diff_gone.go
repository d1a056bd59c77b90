package report

import (
	"fmt"
	"strings"

	"spanaudit/rules"
)

// judgement says of findings that are gone whether they are fixed.
type judgement struct {
	new  *Audit
	loss string // why the new capture may not show a violation; empty when nothing speaks for it

	requirements map[string]*Requirement // of the new audit, by rule
	docs         map[string]rules.Doc    // of the rules that this version knows
}

func newJudgement(older, newer *Audit) *judgement {
	return &judgement{new: newer, loss: lossOf(older, newer), requirements: byRule(newer), docs: docsByRule()}
}

// gone reports whether a finding that the new audit does not have is fixed, and on
// what ground. It is fixed only where the new audit examined, of the same device
// and where it can be told with the same peer, what the rule is about, and decided
// all of it.
func (j *judgement) gone(f *Finding) (fixed bool, reason string) {
	q := j.requirements[f.Rule]
	if q == nil {
		return false, fmt.Sprintf("%s %s does not judge %s", j.new.Tool.Name, j.new.Tool.Version, f.Rule)
	}
	switch q.Verdict {
	case rules.NotApplicable:
		return false, because("the policy leaves the rule out now", q.Reason)
	case rules.NotObserved, rules.NotObservable:
		return false, because("nothing was there to judge", q.Reason)
	case rules.Pass, rules.Fail, rules.Indeterminate:
	default:
		return false, fmt.Sprintf("the verdict %q is not known here", q.Verdict)
	}
	if q.Unlisted > 0 {
		return false, fmt.Sprintf("%d violations of the rule are not listed, and it may be among them", q.Unlisted)
	}
	doc := j.docs[f.Rule]
	if j.loss != "" && (doc.ID == "" || doc.Kind == rules.Prohibition) {
		return false, j.loss
	}
	if (f.Device == Device{}) { // the capture as a whole
		return settle(q, q.Verdict, q.Examined, q.Failed, q.Undecided, "")
	}
	who, id, seen := j.device(f)
	if !seen {
		return false, who + " was not seen" + j.unlisted()
	}
	if tlsOfBoth(doc) && !j.spoke(f, id) {
		return false, fmt.Sprintf("no TLS between %s and %s was seen", who, f.Peer.name())
	}
	told := 0
	for _, v := range q.Devices {
		if told += v.Examined; v.ID == id && id != "" {
			return settle(q, v.Verdict, v.Examined, v.Failed, v.Undecided, " of "+who)
		}
	}
	if told >= q.Examined {
		return false, "nothing of what was examined was " + who + "'s"
	}
	fixed, reason = settle(q, q.Verdict, q.Examined, q.Failed, q.Undecided, "")
	if fixed {
		reason += "; " + who + " was seen, and what was examined is not told by device"
	}
	return fixed, reason
}

// settle draws the conclusion from what was examined, of whom it says.
func settle(q *Requirement, v rules.Verdict, examined, failed, undecided int, of string) (fixed bool, reason string) {
	flows := func(n int) string { return thousands(uint64(max(n, 0))) }
	switch good := examined - failed - undecided; {
	case undecided > 0:
		return false, fmt.Sprintf("%s of %s that were examined%s could not be decided, and it may be among them", flows(undecided), flows(examined), of)
	case v == rules.Indeterminate:
		return false, because("it could not be decided", q.Reason)
	case v == rules.Pass && examined > 0:
		return true, fmt.Sprintf("%s examined%s, and none broke the rule", flows(examined), of)
	case v == rules.Fail && good > 0:
		return true, fmt.Sprintf("%s examined%s: %s did not break the rule, and %s did in other ways", flows(examined), of, flows(good), flows(failed))
	case v == rules.Fail:
		return false, fmt.Sprintf("all that was examined%s breaks the rule in other ways", of)
	}
	return false, "nothing" + of + " was examined"
}

// device returns what to call the finding's device, the id that the new policy has
// for it, "" for none, and whether the new audit saw it.
func (j *judgement) device(f *Finding) (who, id string, seen bool) {
	h := f.Device
	who = h.name()
	for _, d := range j.new.Policy.Devices {
		if d.ID == h.ID {
			id = h.ID
		}
	}
	for _, other := range j.new.Coverage.Devices {
		switch {
		case id != "" && other.ID == id:
			return who, id, true
		case id == "" && (h.IP.IsValid() && other.IP == h.IP || h.MAC != "" && other.MAC == h.MAC):
			return who, other.ID, true
		}
	}
	if q := j.requirements[f.Rule]; id != "" && q != nil { // beyond the hosts that are listed
		for _, v := range q.Devices {
			seen = seen || v.ID == id
		}
	}
	return who, id, seen
}

// unlisted says that the list of hosts is not whole.
func (j *judgement) unlisted() string {
	if n := j.new.Coverage.MoreDevices; n > 0 {
		return fmt.Sprintf(" among the hosts that are listed, which are %d fewer than there were", n)
	}
	return ""
}

// tlsOfBoth reports whether a rule judges what both sides of a TLS connection came
// to, so that the device's connections to others show nothing.
func tlsOfBoth(doc rules.Doc) bool {
	return doc.ID == "endpoint-identity" || strings.HasPrefix(doc.ID, "tls-") && doc.Kind != rules.Capability
}

// spoke reports whether the inventory has TLS between the finding's device, which
// has the id now, and its peer.
func (j *judgement) spoke(f *Finding, id string) bool {
	if f.Peer.Name == "" && !f.Peer.IP.IsValid() {
		return true
	}
	same := func(h Device) bool { return id != "" && h.ID == id || h.IP.IsValid() && h.IP == f.Device.IP }
	server := func(p Peer) bool {
		return f.Peer.Name == "" && p.IP == f.Peer.IP || f.Peer.Name != "" && strings.EqualFold(p.Name, f.Peer.Name)
	}
	for i := range j.new.Inventory {
		u := &j.new.Inventory[i]
		if same(u.Client) && server(u.Server) || u.Server.IP.IsValid() && u.Server.IP == f.Device.IP && u.Client.IP == f.Peer.IP {
			return true
		}
	}
	return false
}

// lossOf says why a violation in the newer capture may not have been seen.
func lossOf(older, newer *Audit) string {
	c := &newer.Coverage
	loss := &c.Capture
	var reasons []string
	say := func(when bool, reason string) {
		if when {
			reasons = append(reasons, reason)
		}
	}
	q := newer.requirement("capture-loss")
	judged := q != nil && (q.Verdict == rules.Pass || q.Verdict == rules.Fail)
	say(judged && q.Verdict == rules.Fail || !judged && loss.Dropped+loss.Cut+loss.Unseen > 0, "the capture lost packets")
	say(loss.Broken > 0, "an input could not be read whole")
	say(c.Starved > 0, "flows were not examined whole for lack of memory")
	say(c.Clipped > 0, "flows said more than is kept of one")
	say(c.Panics > 0, "a decoder failed on messages")
	say(loss.Filter != "" && loss.Filter != older.Coverage.Capture.Filter, "a filter hid traffic that the old capture has")
	if len(reasons) == 0 {
		return ""
	}
	return strings.Join(reasons, ", ") + ": it may have gone unseen"
}

func because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}
