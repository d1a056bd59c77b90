package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"spanaudit/rules"
)

// Markdown writes the audit for an issue, a pull request or a wiki, in GitHub's
// Markdown (GFM). Text from the wire is written so that it is shown and cannot
// be markup, HTML, a link, an image, a mention or a reference. Nothing is left
// out for size: a body on GitHub takes 65,536 characters, a file any number.
func Markdown(w io.Writer, a *Audit) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# What passive observation of the network showed\n\n%s\n\n", md(head(a)))
	mdAudited(&b, a)
	mdRequirements(&b, a.Requirements)
	mdFindings(&b, a)
	mdSection(&b, "Declared devices", devices(a))
	mdInventory(&b, a)
	mdSection(&b, "Coverage and limits", coverageLines(&a.Coverage))
	mdSection(&b, "Waivers", waivers(a.Waivers))
	mdStatements(&b, a.Statements)
	_, err := io.WriteString(w, b.String())
	return err
}

func mdSection(b *strings.Builder, title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n## %s\n\n", title)
		mdList(b, lines)
	}
}

// mdAudited says what was audited, by what.
func mdAudited(b *strings.Builder, a *Audit) {
	p := &a.Policy
	rows := [][]string{{"Policy", mdJoin(mdCode(p.Name), md(p.Version), mdSHA256(p.SHA256))}}
	for _, base := range p.Extends {
		rows = append(rows, []string{"which extends", mdJoin(mdCode(base.Name), md(base.Version), mdSHA256(base.SHA256))})
	}
	for _, part := range [][]string{
		{"Owner", p.Owner}, {"Approved by", p.ApprovedBy}, {"Approved on", p.ApprovedOn}, {"Review by", p.ReviewBy}, {"Vantage", p.Vantage},
	} {
		if part[1] != "" {
			rows = append(rows, []string{part[0], md(part[1])})
		}
	}
	for _, in := range a.Inputs {
		text := mdJoin(mdCode(in.Name), md(count(in.Packets, "packet")), mdSHA256(in.SHA256))
		if in.Error != "" {
			text += "; **not read whole:** " + md(in.Error)
		}
		rows = append(rows, []string{"Input", text})
	}
	rows = append(rows, []string{"Tool", md(a.Tool.Name + " " + a.Tool.Version)})
	if a.Reported != 0 {
		rows = append(rows, []string{"Reported", dated(a.Reported)})
	}
	mdTable(b, []string{"What", "Which"}, rows)
}

// mdJoin puts parts of a cell into one; an empty one is left out.
func mdJoin(parts ...string) string {
	var seen []string
	for _, p := range parts {
		if p != "" {
			seen = append(seen, p)
		}
	}
	return strings.Join(seen, ", ")
}

func mdSHA256(sum string) string {
	if sum == "" {
		return ""
	}
	return "SHA-256 " + mdCode(sum)
}

func mdVerdict(v rules.Verdict) string { return md(strings.ReplaceAll(string(v), "_", " ")) }

func mdRequirements(b *strings.Builder, list []Requirement) {
	b.WriteString("\n## Requirements\n\n")
	if len(list) == 0 {
		b.WriteString("None was judged.\n")
		return
	}
	var rows [][]string
	for _, q := range list {
		verdict := mdVerdict(q.Verdict)
		switch {
		case q.Excused:
			verdict += ", waived"
		case q.Verdict == rules.Fail:
			verdict = "**" + verdict + "**"
		}
		rows = append(rows, []string{verdict, mdCode(q.Rule), md(q.Title), q.Severity.String(),
			thousands(uint64(q.Examined)), thousands(uint64(q.Failed)), thousands(uint64(q.Undecided)), md(q.Reason)})
	}
	mdTable(b, []string{"Verdict", "Rule", "What would be wrong", "Severity", "Examined", "Failed", "Undecided", "Reason"}, rows)
}

// mdFindings writes a table for each rule and severity, and below it what to do.
func mdFindings(b *strings.Builder, a *Audit) {
	b.WriteString("\n## Findings\n\n")
	if len(a.Findings) == 0 {
		fmt.Fprintf(b, "%s\n", md(noFindings(a)))
		return
	}
	b.WriteString("Times are UTC.\n")
	for rest := a.Findings; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Rule == rest[0].Rule && rest[n].Severity == rest[0].Severity {
			n++
		}
		mdSameRule(b, a, rest[:n])
		rest = rest[n:]
	}
}

func mdSameRule(b *strings.Builder, a *Audit, findings []Finding) {
	f := &findings[0]
	fmt.Fprintf(b, "\n### %s: %s\n\n", f.Severity, mdCode(f.Rule))
	if q := a.requirement(f.Rule); q != nil && q.Title != "" {
		fmt.Fprintf(b, "%s.\n\n", md(q.Title))
	}
	var rows [][]string
	for i := range findings {
		f := &findings[i]
		said := md(f.Message)
		if f.Verdict != rules.Fail {
			said = "*" + mdVerdict(f.Verdict) + ":* " + said
		}
		if f.Waiver != nil {
			said += "<br>*Waived:* " + md(strings.TrimPrefix(waived(f.Waiver), "waived "))
		}
		rows = append(rows, []string{said, mdCell(deviceLines(f.Device)), mdCell(peerLines(f.Peer)), mdCell(seenLines(f, a.Period)), mdFrames(a, f), mdCode(f.ID)})
	}
	mdTable(b, []string{"What was seen and wanted", "Device", "Peer", "Time", "Frames", "Id"}, rows)
	for i, f := range findings {
		if f.Remediation != "" && (i == 0 || f.Remediation != findings[i-1].Remediation) {
			fmt.Fprintf(b, "\nWhat to do: %s\n", md(f.Remediation))
		}
	}
}

// mdCell puts the lines of a cell below each other.
func mdCell(c cell) string {
	return strings.Join(mapped(c, func(l line) string { return md(l.text) }), "<br>")
}

// mdFrames lists the frames that prove a finding, then those of other flows that
// it rests on; the file is left out where the audit has only one.
func mdFrames(a *Audit, f *Finding) string {
	list := func(before string, frames []Evidence) (lines []string) {
		for _, part := range framesByFile(frames) {
			text := before + part.list()
			if len(a.Inputs) != 1 {
				text = before + mdCode(part.file) + " " + part.list()
			}
			lines = append(lines, text)
		}
		return lines
	}
	return strings.Join(append(list("", f.Evidence), list("rests on ", f.Context)...), "<br>")
}

func mdInventory(b *strings.Builder, a *Audit) {
	if len(a.Inventory) == 0 && a.MoreTLS == 0 {
		return
	}
	b.WriteString("\n## TLS, DTLS and QUIC in use\n\n")
	var rows [][]string
	for _, u := range a.Inventory {
		rows = append(rows, []string{md(u.Protocol + " " + u.Version), mdCode(u.Cipher), md(u.Class), md(u.Group), md(u.ForwardSecrecy), md(u.Purpose),
			mdCell(deviceLines(u.Client)), md(u.ClientZone), mdCell(peerLines(u.Server)), md(u.ServerZone),
			thousands(u.Flows), mdTime(u.First), mdTime(u.Last)})
	}
	mdTable(b, []string{"Version", "Suite", "Class", "Group", "Forward secrecy", "Purpose", "Client", "in zone", "Server", "in zone", "Flows", "First", "Last"}, rows)
	if a.MoreTLS > 0 {
		fmt.Fprintf(b, "\nNot listed for want of room: %s.\n", count(a.MoreTLS, "flow"))
	}
}

func mdTime(t Instant) string { return t.UTC().Format(time.DateTime) }

func mdStatements(b *strings.Builder, list []Statement) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## The source document\n\nThe statements of %s.\n\n", md(rules.SourceDocument))
	var rows [][]string
	for _, st := range list {
		rows = append(rows, []string{md(st.ID), md(st.Says), mdVerdict(st.Verdict), md(st.Reason)})
	}
	mdTable(b, []string{"Statement", "It says", "Verdict", "Reason"}, rows)
}
