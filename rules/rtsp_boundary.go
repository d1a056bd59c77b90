package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// rtspBoundary judges whether RTSP stays inside the site, in either direction,
// on any port, in clear, inside HTTP or inside TLS.
type rtspBoundary struct{}

func (rtspBoundary) Doc() Doc {
	return Doc{
		ID:          "rtsp-boundary",
		Title:       "RTSP crosses the internet boundary",
		Severity:    Critical,
		Kind:        Prohibition,
		Checks:      "RTSP, told by its content on any port, over TCP or UDP, also tunnelled in HTTP, or inside TLS at the ports of RTSP, has both ends in local zones, names no address beyond them, and asks no proxy for one",
		Why:         "RTSP across the boundary means that somebody outside can watch or steer a camera, or that a camera's picture goes somewhere outside.",
		Fails:       "any crossing, whoever began it, also through a proxy; local RTSP that names an external address in SETUP, a redirect, Content-Base or SDP is high; a name of the internet whose address was not seen, or a request for an external address, is undecided",
		NotSeen:     "no RTSP was seen",
		Remediation: "Remove the port forward or NAT rule, block 554, 322, 8554 and tunnels at the border, and use a VPN for remote viewing.",
		Source:      "AWS Panorama security page: do not allow streams to go out to or come in from the internet",
	}
}

func (rtspBoundary) Judge(c *Case) {
	if !c.isRTSP() {
		if c.mayHideRTSP() {
			c.Undecided("a TCP flow across the boundary whose beginning was not seen: it may be RTSP")
		}
		return
	}
	switch {
	case c.crossesVideo():
		c.failRTSP(nil, "")
	case !c.keepsVideo():
		c.Undecided("RTSP between two addresses outside every local zone: declare the zones")
	default:
		c.judgeNamedHosts()
	}
}

// isRTSP reports whether the flow is RTSP, in clear or, as far as its port
// tells, inside TLS. A port that the policy has for RTSP tells it as well as the
// registered one.
func (c *Case) isRTSP() bool {
	if c.RTSP != nil || c.Wrapped == classify.ProtoRTSP {
		return true
	}
	at := func(r PortRange) bool { return r.Contains(c.Server.Addr.Port()) }
	return c.TLS != nil && slices.ContainsFunc(c.Policy.Video.RTSPPorts, at)
}

// crossesVideo reports whether the flow leaves the zones in which the policy
// keeps video, or goes between the internet and any other zone.
func (c *Case) crossesVideo() bool {
	if c.Between() == Group {
		return false
	}
	return c.Policy.keeps(c.clientTrust) != c.Policy.keeps(c.serverTrust) ||
		(c.clientTrust == Internet) != (c.serverTrust == Internet)
}

// keepsVideo reports whether both ends are where the policy keeps video.
func (c *Case) keepsVideo() bool {
	return c.Policy.keeps(c.clientTrust) && c.Policy.keeps(c.serverTrust)
}

// mayHideRTSP reports whether the flow crosses the boundary with bytes that no
// classifier could look at.
func (c *Case) mayHideRTSP() bool {
	return c.Flow.Protocol == flow.TCP && c.Facts.Protocol == classify.Unknown && c.crossesVideo() &&
		c.Client.Payload+c.Server.Payload > 0 &&
		(c.Midstream() || c.OneSided() || c.Starved || c.Malformed || c.Client.Unseen()+c.Server.Unseen() > 0)
}

func (c *Case) failRTSP(severity *Severity, detail string) {
	device, peer := c.Parties()
	c.Fail(Violation{
		Severity: severity, Device: device, Peer: peer,
		Message: fmt.Sprintf("%s %s; RTSP must stay inside the site%s", c.whoAsks(device, peer), c.rtspWords(), detail),
	})
}

// whoAsks says who opened the flow towards whom, as far as that was seen.
func (c *Case) whoAsks(device Host, peer Peer) string {
	switch {
	case c.Ground < flow.Message:
		return fmt.Sprintf("%s and %s speak", device, peer)
	case c.Between() == Inbound:
		return fmt.Sprintf("%s reached %s port %d by", peer, device, c.Server.Addr.Port())
	}
	return fmt.Sprintf("%s reached %s by", device, peer)
}

func (c *Case) rtspWords() string {
	switch {
	case c.RTSP == nil && c.Wrapped == classify.ProtoRTSP:
		return "RTSP inside TLS (named by " + strings.ReplaceAll(c.WrappedBy, "_", " ") + ")"
	case c.RTSP == nil:
		return "RTSP inside TLS (named by the policy's RTSP ports)"
	}
	words := "RTSP"
	if c.RTSP.Tunnel {
		words = "RTSP tunnelled in HTTP"
	}
	switch {
	case len(c.RTSP.Methods) > 0:
		words += " (" + strings.Join(c.RTSP.Methods, ", ") + ")"
	case c.RTSP.Interleaved:
		words += " (interleaved media)"
	}
	return words
}

// judgeNamedHosts looks for a host beyond the site that local RTSP is with through a
// proxy, or sends the stream, or the reader, to. A name of the internet is not known
// to be one.
func (c *Case) judgeNamedHosts() {
	if c.RTSP == nil {
		c.Examine()
		return
	}
	beyond := func(host string) (a netip.Addr, is bool) {
		a, err := netip.ParseAddr(host)
		return a, err == nil && !a.IsUnspecified() && !c.Policy.KeepsVideo(a)
	}
	named := func(host string) bool {
		_, err := netip.ParseAddr(host)
		return err != nil && !isLocalName(host)
	}
	asked, proxy := c.askedOfProxy()
	if a, is := beyond(asked); is {
		c.failRTSP(nil, fmt.Sprintf(", and the proxy was asked for %s", a))
		return
	}
	unknown := named(asked)
	for _, host := range c.RTSP.External {
		if a, is := beyond(host); is {
			high := High
			c.failRTSP(&high, fmt.Sprintf(", but it names %s", a))
			return
		}
		unknown = unknown || named(host) && (proxy || !c.isKnownAs(host))
	}
	switch _, is := beyond(classify.URLHost([]byte(c.RTSP.URL))); {
	case unknown:
		c.Undecided("local RTSP that names a host by a name of the internet, whose address was not seen")
	case is:
		c.Undecided("local RTSP that is asked for by an address beyond the site: a proxy or a port forward may stand between")
	default:
		c.Examine()
	}
}

// askedOfProxy returns what a proxy was asked to connect to, and whether one was: by
// HTTP, or by SOCKS where that was seen.
func (c *Case) askedOfProxy() (host string, asked bool) {
	switch {
	case c.connects():
		return c.HTTP.Host, true
	case c.socks() && len(c.RTSP.External) > 0:
		return c.RTSP.External[0], true
	}
	return "", c.socks()
}

// connects reports whether an HTTP proxy was asked to connect to another server.
func (c *Case) connects() bool {
	return c.HTTP != nil && slices.Contains(c.HTTP.Methods, "CONNECT")
}

// socks reports whether a SOCKS proxy was.
func (c *Case) socks() bool {
	return slices.ContainsFunc(c.Evidence, func(e classify.Evidence) bool { return e.What == classify.MarkSOCKS })
}

// isKnownAs reports whether the client knows the server by the name.
func (c *Case) isKnownAs(name string) bool {
	if strings.EqualFold(classify.URLHost([]byte(c.RTSP.URL)), name) {
		return true
	}
	return strings.EqualFold(c.Site.NameOf(c.Client.Addr.Addr(), c.Server.Addr.Addr(), c.Start), name)
}
