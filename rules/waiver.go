package rules

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"spanaudit/flow"
)

// maxExcused is how many findings one waiver excuses before the report says
// that it matches too much.
const maxExcused = 10

// Waiver excuses what a rule finds, for a reason and for a time. Whether it
// still holds is judged by the packets' own clock, finding by finding: so the
// same capture gives the same report whenever it is read, and an archived one
// the report of its day. It does hold for what was found before it was created,
// because it is made for what was found.
type Waiver struct {
	ID, Rule           string
	Device, Endpoint   string       // ids; empty matches any; the device on either side of the finding
	Peer               netip.Prefix // of the finding's peer; the zero Prefix matches any
	Reason, Owner      string
	ApprovedBy, Ticket string
	Created            time.Time // 00:00 UTC of the day
	Expires            time.Time // the last day on which it holds, 00:00 UTC of it
}

// Expired reports whether the waiver no longer holds at the time: it ends with
// its last day in UTC.
func (w *Waiver) Expired(at time.Time) bool { return !at.Before(w.Expires.AddDate(0, 0, 1)) }

// WaiverUse is what became of one of the policy's waivers in an audit.
type WaiverUse struct {
	*Waiver
	Excused int // findings that it excuses
	Again   int // findings that it matches and, expired, no longer excuses
	second  int // findings that a waiver before it excuses

	// Remarks say what its owner should look at: that it expired, was not used
	// or matches too much.
	Remarks []string
}

// waive marks those of the findings that the policy's waivers excuse. They keep
// their severity and their verdict.
func (r *Report) waive(found []*Finding) {
	uses := make([]WaiverUse, len(r.Policy.Waivers))
	for i := range uses {
		uses[i].Waiver = &r.Policy.Waivers[i]
	}
	for _, f := range found {
		f.Waiver = nil
		at := cmp.Or(f.Last, r.End).UTC()
		for u := range uses {
			switch w := &uses[u]; {
			case !w.matches(f, r.Policy):
			case w.Expired(at):
				w.Again++
			case f.Waiver == nil: // the first that the policy lists
				f.Waiver = w.Waiver
				w.Excused++
			default:
				w.second++
			}
		}
	}
	for i := range uses {
		uses[i].remark(r.End)
	}
	r.Waivers = uses
	all, waived := map[string]int{}, map[string]int{} // by rule
	for _, f := range found {
		all[f.Rule]++
		if f.Waiver != nil {
			waived[f.Rule]++
		}
	}
	for i := range r.Requirements {
		q := &r.Requirements[i]
		q.excuse(waived[q.Rule], all[q.Rule])
	}
}

// matches reports whether the waiver speaks of the finding, expired or not. Of
// a finding with several peers, all must be the waiver's.
func (w *Waiver) matches(f *Finding, p *Policy) bool {
	foreign := func(a netip.Addr) bool { return !w.Peer.Contains(a.Unmap()) }
	switch {
	case w.Rule != f.Rule || w.Device != "" && !f.concerns(w.Device, p):
		return false
	case w.Peer.IsValid() && (len(f.peers) == 0 || f.morePeers || slices.ContainsFunc(f.peers, foreign)):
		return false
	}
	return w.Endpoint == "" || f.isTowards(w.Endpoint, p)
}

// concerns reports whether a declared device is the finding's, or its peer:
// between two local hosts the finding is held against the client, and what is
// waived is as often the server's.
func (f *Finding) concerns(device string, p *Policy) bool {
	other := func(a netip.Addr) bool {
		d := p.Device(flow.MAC{}, a)
		return d == nil || d.ID != device
	}
	return f.Device.ID == device || len(f.peers) > 0 && !f.morePeers && !slices.ContainsFunc(f.peers, other)
}

// isTowards reports whether the finding's peer is the policy's endpoint, by its
// name or by all of its addresses.
func (f *Finding) isTowards(endpoint string, p *Policy) bool {
	is := func(e *Endpoint) bool { return e.ID == endpoint }
	named, _ := p.endpoints.named(f.Peer.Name)
	elsewhere := func(a netip.Addr) bool { return !slices.ContainsFunc(p.endpoints.byAddr(a.Unmap()), is) }
	return slices.ContainsFunc(named, is) || len(f.peers) > 0 && !f.morePeers && !slices.ContainsFunc(f.peers, elsewhere)
}

// remark says what is odd about how a waiver was used; end is the capture's.
func (u *WaiverUse) remark(end flow.Time) {
	say := func(format string, args ...any) { u.Remarks = append(u.Remarks, fmt.Sprintf(format, args...)) }
	switch day := u.Expires.Format(time.DateOnly); {
	case u.Again > 0:
		say("expired after %s: what it excused fails again; mend it, or have a new waiver approved", day)
	case end != 0 && u.Expired(end.UTC()):
		say("expired after %s: remove it", day)
	}
	switch {
	case !isJudged(u.Rule):
		say("this version does not judge %s", u.Rule)
	case u.Excused+u.Again == 0 && u.second > 0:
		say("excuses nothing that another does not: remove one")
	case u.Excused+u.Again == 0:
		say("matches no finding: remove it, or mend its match")
	case u.Device == "" && !u.Peer.IsValid():
		say("names neither device nor peer, and so excuses what any device does: narrow it")
	}
	if u.Excused > maxExcused {
		say("excuses %d findings, which is more than one risk: narrow it", u.Excused)
	}
}

// excuse notes how many of all findings of the requirement are waived.
func (q *Requirement) excuse(waived, all int) {
	q.Waived = waived
	if q.Waived == 0 {
		return
	}
	q.Excused = q.Waived == all && q.Unlisted == 0
	said := fmt.Sprintf("%d of its %d findings waived", q.Waived, all)
	if q.Excused {
		said = "all its findings are waived"
	}
	q.Reason = join(said, q.Reason)
}
