package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"spanaudit/rules"
)

// Explain writes how a saved audit came to a finding, step by step: what was
// asked, what was seen and in which frames, what was not seen, and what would
// settle it. what is the finding's id or a prefix of it that no other has, or
// the id of a rule or of a statement, whose verdict is then explained.
func Explain(w io.Writer, a *Audit, what string, o Screen) error {
	o.Width = max(o.Width, minWidth)
	p := &page{screen: o}
	q, st := a.requirement(what), a.statement(what)
	switch {
	case q != nil:
		p.explainRule(a, q)
	case st != nil:
		p.explainStatement(a, st)
	default:
		f, err := a.find(what)
		if err != nil {
			return err
		}
		p.explainFinding(a, f)
	}
	return write(w, p.text.Bytes(), p.err)
}

// steps writes paragraphs that are numbered across the headings between them.
type steps struct {
	*page
	n int
}

func (s *steps) step(format string, args ...any) {
	s.n++
	s.paragraph(fmt.Sprintf("%d. ", s.n), fmt.Sprintf(format, args...))
}

// items writes a list below a step.
func (s *steps) items(lines []string) {
	for _, line := range lines {
		s.paragraph("   - ", line)
	}
}

func (p *page) explainFinding(a *Audit, f *Finding) {
	doc := docsByRule()[f.Rule]
	p.paragraph("", fmt.Sprintf("Finding %s: %s, %s", Line(f.ID), Line(f.Rule), f.Severity))
	p.paragraph("", Line(f.Message))
	if f.Waiver != nil {
		p.paragraph("", capital(waived(f.Waiver)))
	}

	t := &steps{page: p}
	p.title("What is asked")
	t.asked(f.Rule, doc)
	p.title("What was seen")
	t.step("%s", deviceSentence(f, a.Policy.Name))
	if f.Peer != (Peer{}) {
		t.step("%s", peerSentence(&f.Peer))
	}
	t.evidence(f)
	if len(f.Context) > 0 {
		t.step("What ties them together was seen in other flows:")
		t.items(mapped(f.Context, Evidence.String))
	}
	t.step("%s", occurrences(f))
	p.title("How it was decided")
	if doc.Fails != "" {
		t.step("It fails when: %s.", doc.Fails)
	}
	t.severity(f, doc)
	if q := a.requirement(f.Rule); q != nil {
		t.step("%s", ground(q))
	}
	p.title("What was not seen")
	p.list(unseenOf(a, f))
	p.title("What would settle it")
	p.list(settles(a, f))
}

// docsByRule returns the documentation of the rules that this version knows.
func docsByRule() map[string]rules.Doc {
	docs := map[string]rules.Doc{}
	for _, d := range rules.Catalogue() {
		docs[d.ID] = d
	}
	return docs
}

func (t *steps) asked(rule string, doc rules.Doc) {
	if doc.ID == "" {
		t.step("%s is a rule that this version does not know; the audit was made by another.", Line(rule))
		return
	}
	t.step("%s asks that %s.", doc.ID, doc.Checks)
	t.step("Why: %s", doc.Why)
	var said []string
	for _, st := range rules.Statements() {
		if slices.Contains(doc.Statements, st.ID) {
			said = append(said, st.ID+" "+st.Says)
		}
	}
	if len(said) > 0 {
		t.step("The source document says: %s.", strings.Join(said, "; "))
	}
}

func deviceSentence(f *Finding, policy string) string {
	d := f.Device
	switch {
	case d.ID == "" && !d.IP.IsValid():
		return "It is about the capture as a whole, not about a device."
	case d.ID == "":
		return fmt.Sprintf("The device is %s%s, which the policy %s does not declare.", d.IP, macOf(d), Line(policy))
	}
	role := ""
	if d.Role != "" {
		role = " (" + Line(d.Role) + ")"
	}
	return fmt.Sprintf("The device is %s%s, at %s%s.", Line(d.ID), role, d.IP, macOf(d))
}

func macOf(d Device) string {
	if d.MAC == "" {
		return ""
	}
	return " with MAC " + Line(d.MAC)
}

func peerSentence(p *Peer) string {
	at := "several or no port"
	if p.Port != 0 {
		at = fmt.Sprintf("port %d", p.Port)
	}
	if p.Name == "" {
		return fmt.Sprintf("Its peer is %s, %s.", p.IP, at)
	}
	return fmt.Sprintf("Its peer is %s, %s, by the name %s.", p.IP, at, Line(p.Name))
}

// evidence lists the frames by which it can be checked.
func (t *steps) evidence(f *Finding) {
	if len(f.Evidence) == 0 {
		t.step("No single frame shows it; it was counted over the whole capture.")
		return
	}
	t.step("These frames show it:")
	t.items(mapped(f.Evidence, Evidence.String))
	for _, part := range framesByFile(f.Evidence) {
		t.paragraph("   ", fmt.Sprintf("To look at them in %s, as a display filter: frame.number in {%s}", Line(part.file), part.list()))
	}
}

// String says in a line where a frame is and what it shows.
func (e Evidence) String() string {
	line := fmt.Sprintf("%s frame %d, %s", Line(e.File), e.Frame, clock(e.Time))
	if e.What != "" {
		line += ": " + Line(e.What) + shows(e.What)
	}
	return line
}

// clock writes a time without its date, for what stands beside others of the
// same capture.
func clock(t Instant) string { return t.UTC().Format("15:04:05.000000000") + " UTC" }

// shows says what a message proves, where its name does not.
func shows(what string) string {
	switch what {
	case "first packet":
		return ", which shows who sent first"
	case "first answer":
		return ", which shows that the other side took part"
	case "ClientHello":
		return ", in which the client offers versions, suites and a name"
	case "ServerHello":
		return ", in which the server chooses version and suite"
	case "HelloRetryRequest":
		return ", in which the server asks for another group"
	case "ServerKeyExchange":
		return ", which shows the group of the key exchange"
	case "Certificate":
		return ", which shows whom the server says it is"
	case "Authorization", "credentials":
		return ", which held a secret that is not kept"
	case "AWS4":
		return ", a request that is signed for AWS"
	case "CONNECT":
		return ", by which a session begins"
	case "DNS answer":
		return ", which gives an address for a name"
	case "DHCP lease":
		return ", which gives an address to a host"
	case "media set-up":
		return ", by which RTSP agreed on these ports"
	case "first handshake":
		return ", which began the session that is resumed"
	case "SETUP":
		return ", which agrees on addresses and ports of media"
	}
	return ""
}

func occurrences(f *Finding) string {
	text := fmt.Sprintf("It was seen %s", countTimes(f.Count))
	switch {
	case f.First == 0 && f.Last == 0:
	case dated(f.First) == dated(f.Last):
		text += ", at " + dated(f.First)
	default:
		text += ", from " + dated(f.First) + " to " + dated(f.Last)
	}
	if len(f.Flows) > 0 {
		text += fmt.Sprintf(", in these flows (Community ID): %s", Line(strings.Join(f.Flows, ", ")))
	}
	if f.Count > len(f.Flows) && len(f.Flows) > 0 {
		text += " and more, or the same again"
	}
	return text + "."
}

func countTimes(n int) string {
	if n == 1 {
		return "once"
	}
	return thousands(uint64(n)) + " times"
}

func dated(t Instant) string { return t.UTC().Format(time.DateTime) + " UTC" }

func (t *steps) severity(f *Finding, doc rules.Doc) {
	if doc.ID == "" || f.Severity == doc.Severity {
		t.step("Its severity, %s, is the rule's own.", f.Severity)
		return
	}
	t.step("Its severity is %s, where the rule's own is %s: what counts as graver or less grave is said above, or the policy sets it.", f.Severity, doc.Severity)
}

// unseenOf lists what a finding does not rest on.
func unseenOf(a *Audit, f *Finding) []string {
	var lines []string
	has := func(what string) bool {
		return slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return e.What == what })
	}
	if f.Peer != (Peer{}) && f.Peer.Name == "" {
		lines = append(lines, "The peer's name: there was no server name of TLS, no HTTP host and no DNS answer that gives its address.")
	}
	if f.Device.IP.IsValid() && f.Device.MAC == "" {
		lines = append(lines, "The device's MAC: it is known by its address alone.")
	}
	if has("first packet") && !has("first answer") {
		lines = append(lines, "An answer: the listed flow was seen from one side, or was not answered.")
	}
	if n := len(f.Evidence); n > 0 && f.Count > 1 {
		lines = append(lines, fmt.Sprintf("The frames of each of the %s: at most 20 are kept.", countTimes(f.Count)))
	}
	lines = append(lines, limits(&a.Coverage)...)
	if len(lines) == 0 {
		lines = append(lines, "Nothing that the audit could tell is missing. It saw one place, while the capture ran.")
	}
	return lines
}

// settles lists what ends a finding.
func settles(a *Audit, f *Finding) []string {
	var lines []string
	if f.Remediation != "" {
		lines = append(lines, "Mend it: "+Line(f.Remediation))
	}
	lines = append(lines, fmt.Sprintf("Capture again afterwards, at the same place and for as long, what the device does. The finding has the same id in every run: it is settled when %s passes, because such traffic was seen, and %s is no longer listed. That it is not listed because nothing was seen settles nothing.",
		Line(f.Rule), Line(f.ID)))
	if w := waiverFor(f); w != "" {
		lines = append(lines, "Or accept it for a while: a waiver of the policy with "+w+", and its reason, owner, approver and days.")
	}
	return lines
}

// waiverFor returns the match of a waiver that excuses the finding and little
// else, or "" where none can.
func waiverFor(f *Finding) string {
	var match []string
	if f.Device.ID != "" {
		match = append(match, "device: "+Line(f.Device.ID))
	}
	if f.Peer.IP.IsValid() {
		match = append(match, fmt.Sprintf(`peer: "%s/%d"`, f.Peer.IP, f.Peer.IP.BitLen()))
	}
	if len(match) == 0 || f.Waiver != nil || strings.HasPrefix(f.Rule, "capture-") {
		return ""
	}
	return fmt.Sprintf("rule: %s and match: { %s }", Line(f.Rule), strings.Join(match, ", "))
}
