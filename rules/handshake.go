package rules

import (
	"fmt"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

// Why a handshake could not be judged. The words are shared, so that many flows
// count as one reason.
const (
	helloUnseen    = "the ServerHello was not seen: the capture began later, lost it or shows one direction only"
	clientUnseen   = "the ClientHello was not seen: the capture began later, lost it or shows one direction only"
	parentUnseen   = "a resumed TLS 1.2 session whose first handshake is not in the capture"
	unknownSuite   = "a cipher suite that is not registered with IANA"
	keyShareUnseen = "the key exchange was not seen"
)

// serverHello returns the handshake when the server's choice was seen. Where it
// should have been seen and was not, the flow is counted as undecided; a
// handshake that the server never answered, or refused, is no matter of the
// rules on what was negotiated.
func (c *Case) serverHello() *classify.TLS {
	t := c.TLS
	switch {
	case t == nil:
		return nil
	case t.ServerHello:
		return t
	case t.ClientHello && c.refused():
		return nil
	}
	c.Undecided(helloUnseen)
	return nil
}

// refused reports whether the server, every byte of which was seen, answered the
// ClientHello with an alert or with nothing. A client's alert says nothing: it
// may follow a ServerHello that the capture lost.
func (c *Case) refused() bool {
	return c.Flow.Protocol == flow.TCP && !c.Midstream() && c.Server.Packets > 0 && c.Server.Unseen() == 0 &&
		(c.Server.Payload == 0 || c.Server.Cut == 0 && c.TLS.Alert != "" && c.TLS.AlertByServer)
}

// clientHello returns the handshake when the client's offer was seen. Only
// offers of local clients are judged; where neither end is local, any.
func (c *Case) clientHello() *classify.TLS {
	if c.TLS == nil || c.Between() == Inbound {
		return nil
	}
	if !c.TLS.ClientHello {
		c.Undecided(clientUnseen)
		return nil
	}
	return c.TLS
}

// meets reports whether v is minimum or newer; DTLS versions count as the TLS
// versions that they were made from.
func meets(v, minimum classify.TLSVersion) bool { return v.TLS() >= minimum.TLS() }

// versionName returns the version as people write it: "TLS 1.2", "SSL 3.0".
func versionName(v classify.TLSVersion) string {
	return strings.ToUpper(v.Protocol()) + " " + v.String()
}

// wantedVersion names the minimum as a version of what was seen instead: of
// DTLS, or of TLS.
func wantedVersion(minimum classify.TLSVersion, seen ...classify.TLSVersion) string {
	if len(seen) > 0 && seen[0].Protocol() == "dtls" {
		return "DTLS " + minimum.String()
	}
	return versionName(minimum)
}

// failHandshake records a violation by a handshake: the peer's port keeps two
// services of one host apart, the name asked for two servers behind one proxy.
func (c *Case) failHandshake(severity *Severity, format string, args ...any) {
	c.Fail(c.handshakeViolation(severity, fmt.Sprintf(format, args...)))
}

func (c *Case) handshakeViolation(severity *Severity, what string) Violation {
	device, peer := c.Parties()
	variant := fmt.Sprint(c.Server.Addr.Port())
	if c.proxied() {
		variant += " " + c.TLS.ServerName
	}
	return Violation{
		Severity: severity,
		Message:  fmt.Sprintf("%s and %s %s", device, peer, what),
		Device:   device, Peer: peer,
		Variant: variant,
	}
}

// offerViolation is a violation by what a client offers: a finding a device and
// peer, whatever the port.
func (c *Case) offerViolation(severity *Severity, what string) Violation {
	device, peer := c.Parties()
	return Violation{
		Severity: severity,
		Message:  fmt.Sprintf("%s offered %s %s", device, peer, what),
		Device:   device, Peer: peer,
		Evidence: []string{"ClientHello"},
	}
}
