package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// requirementSeen is what a requirement came to, and what that rests on.
func (o *oscalWriter) requirementSeen(q *Requirement) oscalObservation {
	props := oscalProps("rule", q.Rule, "verdict", q.Verdict, "severity", q.Severity,
		"examined", q.Examined, "failed", q.Failed, "undecided", q.Undecided, "waived", number(q.Waived), "not-listed", number(q.Unlisted))
	for _, control := range q.Controls {
		props = append(props, oscalProps("relevant-to", control)...)
	}
	for _, s := range o.a.Statements {
		if slices.Contains(s.Rules, q.Rule) {
			props = append(props, oscalProps("source-statement", s.ID+": "+s.Says)...)
		}
	}
	seen := oscalObservation{
		UUID: o.own("requirement", q.Rule), Title: oscalTitle(q), Description: oscalMarkup(o.judged(q)),
		Props: props, Methods: []string{"TEST"}, Types: []string{"control-objective"}, Origins: o.origins,
		Collected: oscalTime(o.period().End),
		Remarks:   oscalMarkup(meaning(q.Verdict, o.docs[q.Rule])),
	}
	for _, d := range q.Devices {
		subject := o.subject(Device{ID: d.ID, Role: d.Role})
		subject.Title = oscalMarkup(fmt.Sprintf("%s: %s", d.ID, d.Verdict))
		seen.Subjects = append(seen.Subjects, subject)
	}
	return seen
}

// violationSeen is one finding of the audit with the frames that show it.
func (o *oscalWriter) violationSeen(f *Finding) oscalObservation {
	seen := oscalObservation{
		UUID: o.own("violation", f.ID), Title: cmp.Or(oscalMarkup(f.Rule), "a rule without a name") + o.between(f),
		Description: oscalMarkup(f.Message), Props: o.violationProps(f),
		Methods: []string{"TEST"}, Types: []string{"finding"}, Origins: o.origins,
		Collected: oscalTime(o.period().End),
	}
	if f.Device != (Device{}) {
		seen.Subjects = []oscalSubject{o.subject(f.Device)}
	}
	for _, e := range f.Evidence {
		seen.Evidence = append(seen.Evidence, o.evidence(e, ""))
	}
	if f.Decoded != nil {
		seen.Evidence = append(seen.Evidence, oscalEvidence{Description: "The flow of which this speaks, as it was decoded:\n\n" + oscalCode(f.Decoded)})
	}
	for _, e := range f.Context {
		seen.Evidence = append(seen.Evidence, o.evidence(e, ", of another flow on which this rests"))
	}
	return seen
}

func (o *oscalWriter) violationProps(f *Finding) []oscalProp {
	props := oscalProps("finding", f.ID, "rule", f.Rule, "verdict", f.Verdict, "severity", f.Severity,
		"peer-address", address(f.Peer.IP), "peer-port", number(f.Peer.Port), "peer-name", f.Peer.Name, "count", f.Count)
	if f.First != 0 || f.Last != 0 {
		props = append(props, oscalProps("first-seen", oscalTime(f.First), "last-seen", oscalTime(f.Last))...)
	}
	for _, flow := range f.Flows {
		props = append(props, oscalProps("community-id", flow)...)
	}
	return props
}

// between names the parties of a finding.
func (o *oscalWriter) between(f *Finding) string {
	var text string
	if d := f.Device.name(); d != "" {
		text = ", " + oscalMarkup(d)
	}
	if peer := f.Peer.name(); peer != "" {
		text += " with " + oscalMarkup(peer)
	}
	return text
}

func (o *oscalWriter) evidence(e Evidence, more string) oscalEvidence {
	frame := "frame=" + strconv.FormatUint(e.Frame, 10)
	doc := oscalEvidence{Description: oscalMarkup(fmt.Sprintf("Frame %d of %s, %s", e.Frame, e.File, oscalTime(e.Time)))}
	if e.What != "" {
		doc.Description += ": " + oscalMarkup(e.What)
	}
	doc.Description += more
	if e.File != "" {
		doc.Href = oscalHref(e.File, frame)
	}
	if input, ok := o.inputs[e.File]; ok {
		doc.Links = []oscalLink{{Href: "#" + string(input), Rel: "reference", Fragment: frame}}
	}
	return doc
}

// risk is what a violation means for the site. A waiver of the policy is a
// deviation that was approved, and ends with it.
func (o *oscalWriter) risk(f *Finding, seen uuid) oscalRisk {
	doc := o.docs[f.Rule]
	r := oscalRisk{
		UUID: o.lasting("risk", o.a.Policy.Name, f.ID), Title: cmp.Or(oscalMarkup(cmp.Or(doc.Title, f.Rule)), "a rule without a name") + o.between(f),
		Description: oscalMarkup(f.Message),
		Statement:   cmp.Or(oscalMarkup(doc.Why), "The rule is not known to this version."),
		Props:       oscalProps("finding", f.ID, "rule", f.Rule), Status: "open",
		Character:    []oscalCharacter{{o.origins[0], []oscalFacet{{"severity", namespaceURI, f.Severity.String()}}}},
		Observations: []oscalSeen{{seen}},
	}
	if f.Remediation != "" {
		r.Remediations = []oscalResponse{{o.lasting("remediation", o.a.Policy.Name, f.ID), "recommendation", "What to do", oscalMarkup(f.Remediation)}}
	}
	if w := f.Waiver; w != nil {
		r.Status = "deviation-approved"
		r.Deadline = oscalDay(w.Expires, "23:59:59")
		r.Props = append(r.Props, oscalProps("waiver", w.ID, "waiver-owner", w.Owner, "waiver-approved-by", w.ApprovedBy, "waiver-ticket", w.Ticket)...)
		r.Log = &oscalRiskLog{[]oscalRiskEntry{{
			UUID: o.lasting("waiver", o.a.Policy.Name, w.ID, f.ID), Title: "Waiver " + oscalMarkup(w.ID), Description: oscalMarkup(waived(w)),
			Start: cmp.Or(oscalDay(w.Created, "00:00:00"), oscalTime(o.period().Start)), End: r.Deadline, Status: r.Status,
		}}}
	}
	return r
}

// coverage counts the requirements by their verdicts, and what limits them.
func (o *oscalWriter) coverage() []oscalProp {
	n := countVerdicts(o.a.Requirements)
	var props []oscalProp
	for _, v := range verdicts() {
		props = append(props, oscalProps("requirements-"+string(v.verdict), n[v.verdict])...)
	}
	c := &o.a.Coverage
	return append(props, oscalProps("violations", len(o.a.Findings), "vantage", o.a.Policy.Vantage,
		"packets", c.Packets, "flows", c.Flows, "tcp-flows", c.TCPFlows, "flows-one-sided", c.OneSided, "flows-midstream", c.Midstream,
		"flows-unknown", c.Unknown, "flows-gapped", c.Gapped, "flows-evicted", c.Evicted, "flows-starved", c.Starved, "flows-clipped", c.Clipped, "facts-forgotten", c.Forgotten,
		"packets-dropped", c.Capture.Dropped, "packets-cut", c.Capture.Cut, "packets-late", c.Capture.Late, "packets-filtered", c.Capture.Filtered,
		"tcp-bytes", c.Capture.TCPBytes, "tcp-bytes-unseen", c.Capture.Unseen, "inputs-broken", c.Capture.Broken)...)
}
