package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"spanaudit/capture"
	"spanaudit/rules"
)

// reaudit audits an excerpt that is held in memory. It must be pcapng as it
// stands: what is compressed may become any number of packets.
func reaudit(content []byte, policy *rules.Policy) (*rules.Report, error) {
	if !bytes.HasPrefix(content, []byte("\n\r\r\n")) {
		return nil, errors.New("is not pcapng, as an excerpt is")
	}
	src, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(content)})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r, err := runAudit(context.Background(), src, policy, auditOptions{Workers: 1})
	if err != nil {
		return nil, err
	}
	return r, src.Inputs()[0].Err
}

// shown returns what r says of a finding: the same violation, as grave; nil where
// it does not have it. Numbers of a whole capture may differ in what is said, save
// of the capture itself: any excerpt shows little, and proves nothing by that.
func shown(r *rules.Report, f *rules.Finding) *rules.Finding {
	for i := range r.Findings {
		g := &r.Findings[i]
		if g.ID == f.ID && g.Rule == f.Rule && g.Severity == f.Severity && g.Verdict == f.Verdict &&
			(g.Message == f.Message || len(f.Evidence) > 0) {
			return g
		}
	}
	return nil
}

// retelling lists in what an excerpt's finding differs from the one that it is to
// show: in numbers of the whole capture, or by what else of a site was seen there.
func retelling(f, shown *rules.Finding) (notes []string) {
	var otherwise []string
	if shown.Message != f.Message {
		notes = append(notes, "its sentence counts over the whole capture, and over the excerpt comes to: "+shown.Message)
	}
	for _, part := range []struct {
		name string
		same bool
	}{
		{"device", shown.Device == f.Device},
		{"peer", shown.Peer == f.Peer},
		{"controls", slices.Equal(shown.Controls, f.Controls)},
		{"remediation", shown.Remediation == f.Remediation},
		{"waiver", sameWaiver(shown.Waiver, f.Waiver)},
	} {
		if !part.same {
			otherwise = append(otherwise, part.name)
		}
	}
	if len(otherwise) > 0 {
		notes = append(notes, "over the excerpt these are told otherwise: "+strings.Join(otherwise, ", "))
	}
	return notes
}

func sameWaiver(a, b *rules.Waiver) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Reason == b.Reason && a.Owner == b.Owner && a.ApprovedBy == b.ApprovedBy && a.Ticket == b.Ticket &&
		a.Created.Equal(b.Created) && a.Expires.Equal(b.Expires)
}
