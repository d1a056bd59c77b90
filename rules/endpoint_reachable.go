package rules

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// endpointReachable judges whether the endpoints that a device does not work
// without were reached: by each device that tried, name, connection and TLS.
type endpointReachable struct {
	ladders map[reachKey]*ladder
	tried   map[*Endpoint]bool
}

// maxLadders bounds the endpoints and devices that are followed.
const maxLadders = 4096

type reachKey struct {
	endpoint *Endpoint
	device   netip.Addr
}

// ladder counts what became of a device's tries, step by step.
type ladder struct {
	resolved             bool
	unresolved           int // questions that a resolver did not answer with an address
	connected, refused   int // TCP connections, or flows of UDP with an answer
	finished, unfinished int // TLS handshakes; of an endpoint without TLS, answered flows
	open                 int // tries that the capture does not show the end of

	last *Case // the last that failed, kept for its evidence
	peer Peer
	why  string
}

func (*endpointReachable) Doc() Doc {
	return Doc{
		ID:          "endpoint-reachable",
		Title:       "Required service endpoint not reachable",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "every endpoint with required: true that a device tries is reached at least once: its name resolves, TCP connects, TLS finishes. Endpoints and devices are counted, not flows",
		Why:         "Where a required service cannot be reached the appliance does not work, or falls back to something else.",
		Fails:       "only failures were seen: no such name, a refused or unanswered connection, an alert or a broken handshake; the finding names the step. An endpoint that was never tried is named, and stays without verdict",
		NotSeen:     "no required endpoint was tried",
		Remediation: "Open the firewall for that name and port, or correct DNS.",
		Source:      "AWS Panorama security page: the appliance needs internet access, and these endpoints",
	}
}

// NotApplicable leaves the rule out where nothing is required.
func (*endpointReachable) NotApplicable(p *Policy) string {
	if slices.ContainsFunc(p.Endpoints, func(e *Endpoint) bool { return e.Required && e.Enabled }) {
		return ""
	}
	return "the policy requires no endpoint"
}

func (r *endpointReachable) Judge(c *Case) {
	switch {
	case c.clientTrust != Local:
	case c.asksNames():
		r.names(c)
	case c.Between() != Outbound && c.TLS == nil:
	case c.Flow.Protocol == flow.TCP || c.Flow.Protocol == flow.UDP:
		if c.contact().match.Fit == Listed {
			if l := r.ladder(c, c.contact().name, c.Server.Addr.Port(), c.Transport()); l != nil {
				l.climb(c)
			}
		}
	}
}

// names notes the questions for required endpoints that led nowhere, and those
// that were answered.
func (r *endpointReachable) names(c *Case) {
	for _, name := range c.DNS.Names {
		l := r.ladder(c, name, 0, "")
		i := slices.IndexFunc(c.DNS.Failures, func(f classify.NameFailure) bool { return f.Name == name })
		switch {
		case l == nil:
		case i >= 0:
			l.unresolved++
			l.fail(c, Peer{Name: name}, "DNS answered "+c.DNS.Failures[i].Code)
		default:
			l.resolved = l.resolved || c.Site.address(c.Client.Addr.Addr(), name).IsValid()
		}
	}
}

// ladder returns the ladder of the flow's client to the required endpoint that
// has the name, at the port, of which 0 is any. Where several entries of the
// policy are for the same, the first has it, and all count as tried.
func (r *endpointReachable) ladder(c *Case, name string, port uint16, transport string) *ladder {
	client := c.Client.Addr.Addr()
	var first *Endpoint
	for _, e := range c.Policy.endpoints.byName(name) {
		at, over := port, transport
		if at == 0 {
			at, over = e.Ports[0].First, e.Proto
		}
		if !e.Required || c.Policy.fit(e, at, over, client, c.Policy.Device(c.Client.MAC, client)) != Listed {
			continue
		}
		if first == nil {
			first = e
		}
		if r.tried == nil {
			r.tried, r.ladders = map[*Endpoint]bool{}, map[reachKey]*ladder{}
		}
		r.tried[e] = true
	}
	if first == nil {
		return nil
	}
	k := reachKey{first, client}
	l := r.ladders[k]
	if l == nil && len(r.ladders) < maxLadders {
		l = &ladder{}
		r.ladders[k] = l
	}
	return l
}

// climb counts what became of one flow.
func (l *ladder) climb(c *Case) {
	t := c.TLS
	switch {
	case c.attempted(), c.Flow.Protocol == flow.UDP && !c.Answered():
		l.refused++
		l.failFlow(c, attemptWords(c))
		return
	case t != nil && t.Established, t == nil && c.Facts.Protocol != classify.Unknown && c.Answered():
		l.finished++
	case t != nil && t.Alert != "":
		l.unfinished++
		by := "the client"
		if t.AlertByServer {
			by = "the server"
		}
		l.failFlow(c, fmt.Sprintf("%s ended the TLS handshake with %s", by, t.Alert))
	case t != nil && t.ClientHello && c.refused():
		l.unfinished++
		l.failFlow(c, "the server did not answer the ClientHello")
	default:
		l.open++
	}
	if c.Established() || c.Flow.Protocol != flow.TCP && c.Answered() {
		l.connected++
	}
}

func attemptWords(c *Case) string {
	if c.Answered() {
		return "the connection was refused"
	}
	return "the connection was not answered"
}

func (l *ladder) failFlow(c *Case, why string) {
	_, peer := c.Parties()
	l.fail(c, peer, why)
}

// fail keeps the last failure by the flows' beginning. Once the endpoint was
// reached none is needed.
func (l *ladder) fail(c *Case, peer Peer, why string) {
	if l.finished == 0 && (l.last == nil || c.Start >= l.last.Start) {
		l.last, l.peer, l.why = c.keep(), peer, why
	}
}

// Conclude judges each endpoint and device, and names the endpoints that nobody
// tried.
func (r *endpointReachable) Conclude(c *Conclusion) {
	keys := slices.SortedFunc(maps.Keys(r.ladders), func(a, b reachKey) int {
		return cmp.Or(cmp.Compare(a.endpoint.ID, b.endpoint.ID), a.device.Compare(b.device))
	})
	for _, k := range keys {
		l := r.ladders[k]
		switch {
		case l.finished > 0:
			c.ledger.examined++
		case l.last == nil || l.open > 0:
			c.ledger.undecide(l.openWords())
		default:
			l.conclude(k.endpoint)
		}
	}
	var untried []string
	for _, e := range c.Policy.Endpoints {
		if e.Required && e.Enabled && !r.tried[e] {
			untried = append(untried, e.ID)
		}
	}
	if len(untried) > 0 {
		c.ledger.note("not tried: " + strings.Join(untried, ", "))
	}
}

func (l *ladder) openWords() string {
	switch {
	case l.connected > 0:
		return "an endpoint that was connected to, of which no finished handshake was seen"
	case l.open > 0:
		return "an endpoint of whose connections no end was seen"
	}
	if l.resolved {
		return "an endpoint whose name was resolved, and to which no connection was seen"
	}
	return "an endpoint whose name was asked for; no address and no connection was seen"
}

func (l *ladder) conclude(e *Endpoint) {
	device, _ := l.last.Parties()
	steps := []string{"name not resolved"}
	if l.resolved || l.connected+l.refused > 0 {
		steps[0] = "name resolved"
	}
	if l.connected+l.refused > 0 {
		steps = append(steps, fmt.Sprintf("%d of %d connections came about", l.connected, l.connected+l.refused))
	}
	if l.unfinished > 0 {
		steps = append(steps, fmt.Sprintf("0 of %d TLS handshakes finished", l.unfinished))
	}
	l.last.Fail(Violation{
		Device: device, Peer: l.peer, Variant: e.ID,
		Message: fmt.Sprintf("%s did not reach %s, which endpoint %s requires: %s; last, %s", device, l.peer, e.ID, strings.Join(steps, ", "), l.why),
	})
}
