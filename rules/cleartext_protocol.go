package rules

import (
	"fmt"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// cleartextProtocol judges whether what should be inside TLS is.
type cleartextProtocol struct{}

func (cleartextProtocol) Doc() Doc {
	return Doc{
		ID:          "cleartext-protocol",
		Title:       "Clear text where TLS is expected",
		Severity:    High,
		Kind:        Prohibition,
		Checks:      "TCP at a port registered for TLS (443, 8443, 8883, 853 and others), or to an endpoint that the policy declares with https or ALPN, begins with TLS; HTTP does not leave the site in clear, but for certificate status and revocation lists and for endpoints that the policy allows at that port",
		Why:         "What is sent in clear text can be read and changed on the way, whatever its port promises.",
		Fails:       "another protocol there, or clear HTTP beyond the site: high of a declared device, medium of any other host; bytes of no known protocol are undecided",
		NotSeen:     "no TLS, nothing at a port of TLS and no HTTP beyond the site was seen",
		Remediation: "Use the https or mqtts endpoint, and block port 80 outward.",
		Source:      "AWS Panorama guide: communication with AWS is TLS; security page: port 443",
	}
}

func (cleartextProtocol) Judge(c *Case) {
	if c.Flow.Protocol != flow.TCP || c.clientTrust != Local && c.serverTrust != Local {
		return
	}
	outward := c.Between() == Outbound
	switch {
	case c.TLS != nil:
		if outward || isTLSPort(c.Server.Addr.Port()) {
			c.Examine()
		}
	case c.Client.Payload+c.Server.Payload == 0:
	case isTLSPort(c.Server.Addr.Port()):
		c.judgeTLSPort()
	case outward && c.wantsTLS():
		c.judgeTLSPort()
	case outward && c.HTTP != nil && c.RTSP == nil && c.MQTT == nil:
		c.judgeClearHTTP()
	}
}

func (c *Case) judgeTLSPort() {
	if c.Facts.Protocol == classify.Unknown {
		c.Undecided("bytes of no known protocol where TLS is expected")
		return
	}
	c.failOnce(clearSeverity(c), 0, func() Violation {
		return clearViolation(c, fmt.Sprintf("speak %s in clear at port %d, where TLS is expected", c.Facts.Protocol, c.Server.Addr.Port()))
	})
}

// wantsTLS reports whether the flow goes to an endpoint that speaks TLS alone.
func (c *Case) wantsTLS() bool {
	e := c.endpoint()
	return e != nil && (len(e.ALPN) > 0 || e.RequireSNI || slices.Contains(e.Apps, "https") && !slices.Contains(e.Apps, "http"))
}

// endpoint returns the endpoint that allows the flow, nil where none does.
func (c *Case) endpoint() *Endpoint {
	if !c.Policy.HasEndpoints() {
		return nil
	}
	match := c.Policy.Endpoint(c.ServerName(), c.Server.Addr, c.Transport(), c.Client.Addr.Addr(), c.clientDevice)
	if match.Fit != Listed {
		return nil
	}
	return match.Endpoint
}

func (c *Case) judgeClearHTTP() {
	if c.endpoint() != nil || isRevocation(c.HTTP) {
		c.Examine()
		return
	}
	c.failOnce(clearSeverity(c), 1, func() Violation { return clearViolation(c, "speak HTTP in clear beyond the site") })
}

// isRevocation reports whether a request asks for the state of a certificate,
// which goes in clear because TLS would need the answer first (RFC 5280, section
// 8; RFC 6960, appendix A).
func isRevocation(h *classify.HTTP) bool {
	label, _, _ := strings.Cut(h.Host, ".")
	for _, prefix := range []string{"ocsp", "crl", "crt"} {
		if strings.HasPrefix(label, prefix) {
			return true
		}
	}
	path := strings.ToLower(h.Path)
	return strings.HasSuffix(path, ".crl") || strings.HasSuffix(path, ".crt") || strings.HasSuffix(path, ".cer") || strings.HasSuffix(path, ".p7c")
}

func clearViolation(c *Case, did string) Violation {
	device, peer := c.Parties()
	return Violation{
		Severity: clearSeverity(c), Device: device, Peer: peer, Variant: fmt.Sprint(c.Server.Addr.Port()),
		Message: fmt.Sprintf("%s and %s %s; TLS is wanted", device, peer, did),
	}
}

// clearSeverity is the rule's own where a declared device takes part.
func clearSeverity(c *Case) *Severity {
	if c.clientDevice == nil && c.serverDevice == nil {
		medium := Medium
		return &medium
	}
	return nil
}

// isTLSPort reports whether IANA registers the port for a protocol inside TLS
// alone, or custom gives it to one (8443).
func isTLSPort(port uint16) bool {
	switch port {
	case 443, 322, 465, 636, 853, 989, 990, 992, 993, 995, 4460, 5061, 5671, 6514, 6697, 8443, 8883:
		return true
	}
	return false
}
