package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"spanaudit/classify"
)

// endpointIdentity judges whether a server is who its client takes it for: by
// the server name, the DNS answers that this client had, and the certificate
// where it can be seen.
type endpointIdentity struct {
	encrypted  map[netip.Addr]bool // clients that ask their names out of sight
	unproven   map[netip.Addr]int  // flows by client for whose name no answer speaks
	unanswered map[toldKey]bool    // questions of which an answer may have been lost
	denied     []Case              // flows whose address DNS denies, kept until these are known
}

// maxDenied bounds the flows and the questions that wait for the end of the
// capture.
const maxDenied = 4096

func (*endpointIdentity) Doc() Doc {
	return Doc{
		ID:          "endpoint-identity",
		Title:       "Endpoint identity not consistent",
		Severity:    High,
		Kind:        Obligation,
		Checks:      "the server name that a local client sends is one that a DNS answer to this client, before, gave this address (CNAME chains followed, for its TTL and dns.correlate_window), and up to TLS 1.2 the certificate covers it. Servers beyond the boundary, and endpoints of the policy wherever they are",
		Why:         "A name that only the client claims is how traffic passes an allow-list that it should not pass.",
		Fails:       "the client was told other addresses for the name and nobody was told this one; the certificate is for other names; or a server that is listed as an endpoint is contacted without a server name. Where DNS is encrypted or was asked before the capture, with ECH, and without any name the identity stays open",
		NotSeen:     "no TLS of a local client with an endpoint or a server beyond the boundary was seen",
		Remediation: "Look for entries in hosts files, domain fronting and intercepting proxies. Do not allow by address alone.",
		Source:      "AWS Panorama security page: allow the appliance to connect to these endpoints; RFC 9325, section 3.7",
	}
}

// Why an identity stays open.
const (
	identityECH       = "a server name that ECH hides"
	identityProxied   = "a server behind a proxy, which resolves the name"
	identityNameless  = "a ClientHello without a server name"
	identityAddress   = "an endpoint that the policy allows by address alone"
	identityNoAnswer  = "a server name for which no DNS answer to this client was seen before (cached, or asked out of sight)"
	identityEncrypted = "a server name that the client may have asked for by encrypted DNS"
	identityLost      = "a server name of which DNS answers gave other addresses, and one answer was not seen"
)

func (r *endpointIdentity) Judge(c *Case) {
	t := c.TLS
	if t == nil {
		r.noteUnanswered(c)
		return
	}
	if c.clientTrust != Local || c.serverTrust == Special {
		return
	}
	if c.hidesNames() {
		if r.encrypted == nil {
			r.encrypted = map[netip.Addr]bool{}
		}
		r.encrypted[c.Client.Addr.Addr()] = true
	}
	named := t.ServerName != "" && !isAddress(t.ServerName)
	between := c.Between()
	// The allow-list is asked only where it decides.
	listed := (between != Outbound || !named) && c.contact().match.Fit != NotListed
	switch {
	case between != Outbound && !listed:
	case c.proxied():
		c.Undecided(identityProxied)
	case t.ECH:
		c.Undecided(identityECH)
	case !t.ClientHello:
		c.Undecided(clientUnseen)
	case named:
		r.judgeName(c)
	case !listed:
		c.Undecided(identityNameless)
	case len(c.contact().match.Endpoint.Names) == 0:
		c.Undecided(identityAddress)
	default:
		c.failIdentity("nameless", "began TLS without a server name, so that nothing ties the server to endpoint %s; a server name is wanted", c.contact().match.Endpoint.ID)
	}
}

// hidesNames reports whether the flow is DNS that cannot be read: over TLS,
// QUIC, or HTTPS where its ALPN or port says so.
func (c *Case) hidesNames() bool {
	const dotPort = 853 // RFC 7858, RFC 9250
	return c.Wrapped == classify.ProtoDNS || c.Server.Addr.Port() == dotPort
}

// noteUnanswered remembers the questions of a local client of which an answer may
// be missing.
func (r *endpointIdentity) noteUnanswered(c *Case) {
	if c.DNS == nil || c.clientTrust != Local || c.DNS.Queries <= c.DNS.Responses {
		return
	}
	for _, name := range c.DNS.Names {
		if r.unanswered == nil {
			r.unanswered = map[toldKey]bool{}
		}
		if len(r.unanswered) < maxDenied {
			r.unanswered[toldKey{c.Client.Addr.Addr(), name}] = true
		}
	}
}

func (r *endpointIdentity) judgeName(c *Case) {
	name, client := identityName(c), c.Client.Addr.Addr()
	agree, elsewhere := c.Site.vouch(client, c.Server.Addr.Addr(), name, c.Start)
	switch cert := c.TLS.Certificate; {
	case cert != nil && cert.PublicKeyAlgorithm != "" && !cert.MoreNames && !covers(cert, name):
		but := "the certificate names " + certificateNames(cert)
		if agree == classify.No {
			but = deniedWords(elsewhere) + " and " + but
		}
		c.failIdentity("certificate", "use the server name %q, but %s; a server name that DNS and certificate confirm is wanted", name, but)
	case agree == classify.No && len(r.denied) < maxDenied:
		r.denied = append(r.denied, *c.keep())
	case agree == classify.No:
		c.failDenied(elsewhere)
	case agree == classify.Yes:
		c.Examine()
	case len(r.unproven) < maxHosts:
		if r.unproven == nil {
			r.unproven = map[netip.Addr]int{}
		}
		r.unproven[client]++
	default:
		c.Undecided(identityNoAnswer)
	}
}

// identityName returns the server name as DNS writes it.
func identityName(c *Case) string {
	return strings.ToLower(strings.TrimSuffix(c.TLS.ServerName, "."))
}

func deniedWords(elsewhere netip.Addr) string {
	return fmt.Sprintf("DNS had told the client that it is at %s", elsewhere)
}

// failDenied records that DNS denies the address; whoever is there is what
// keeps such violations apart.
func (c *Case) failDenied(elsewhere netip.Addr) {
	c.failIdentity(c.Server.Addr.Addr().String(), "use the server name %q, but %s; a server name that DNS confirms is wanted", identityName(c), deniedWords(elsewhere))
}

// Conclude judges the flows whose address DNS denies, and says of those without
// a DNS answer why there may be none, now that it is known which questions were
// not answered and which clients ask out of sight.
func (r *endpointIdentity) Conclude(c *Conclusion) {
	for i := range r.denied {
		q := &r.denied[i]
		client, name := q.Client.Addr.Addr(), identityName(q)
		if r.unanswered[toldKey{client, name}] {
			q.Undecided(identityLost)
			continue
		}
		_, elsewhere := q.Site.vouch(client, q.Server.Addr.Addr(), name, q.Start)
		if !elsewhere.IsValid() { // an answer that came later named it
			q.Undecided(identityNoAnswer)
			continue
		}
		q.failDenied(elsewhere)
	}
	for client, flows := range r.unproven {
		because := identityNoAnswer
		if r.encrypted[client] {
			because = identityEncrypted
		}
		c.ledger.undecideAll(because, flows)
	}
}

// failIdentity records a violation; the variant keeps apart what the same name
// is found wrong for.
func (c *Case) failIdentity(variant, format string, args ...any) {
	device, peer := c.Parties()
	c.Fail(Violation{
		Message: fmt.Sprintf("%s and %s ", device, peer) + fmt.Sprintf(format, args...),
		Device:  device, Peer: peer, Variant: variant,
	})
}
