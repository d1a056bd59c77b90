package rules

import "spanaudit/classify"

// tlsForwardSecrecy judges the key exchange that was negotiated.
type tlsForwardSecrecy struct{}

func (tlsForwardSecrecy) Doc() Doc {
	return Doc{
		ID:          "tls-forward-secrecy",
		Title:       "Forward secrecy not negotiated",
		Severity:    High,
		Kind:        Obligation,
		Checks:      "up to TLS 1.2 the selected suite exchanges keys by (EC)DHE; in TLS 1.3 the ServerHello has a key share; a resumed TLS 1.2 session inherits from its first handshake",
		Why:         "Without an ephemeral key exchange, whoever obtains the server's key or the shared secret later can decrypt all traffic recorded until then.",
		Fails:       "static RSA, static (EC)DH, plain PSK, RSA_PSK or KRB5 was selected, or a TLS 1.3 PSK without key share (psk_ke)",
		NotSeen:     "no ServerHello was seen",
		Remediation: "Remove the suites without ephemeral key exchange on the server, or stop offering them on the client; in TLS 1.3 allow psk_dhe_ke only.",
		Source:      "AWS Panorama security page: cipher suites with perfect forward secrecy; RFC 9325, section 4.1; RFC 10015",
	}
}

func (tlsForwardSecrecy) Judge(c *Case) {
	t := c.serverHello()
	if t == nil {
		return
	}
	switch t.ForwardSecrecy {
	case classify.Yes:
		c.judgeResumption(t)
	case classify.No:
		c.failHandshake(nil, "negotiated %s without forward secrecy: %s", versionName(t.Version), withoutForwardSecrecy(t))
	default:
		c.Undecided(whyForwardSecrecyUnknown(t))
	}
}

func withoutForwardSecrecy(t *classify.TLS) string {
	switch {
	case t.Version == classify.SSL2:
		return "it only has RSA; an ephemeral key exchange (ECDHE or DHE) is wanted"
	case t.PSK && !t.KeyShare:
		return "a pre-shared key without key share (psk_ke); psk_dhe_ke is wanted"
	default:
		return t.CipherSuite.String() + "; an ephemeral key exchange (ECDHE or DHE) is wanted"
	}
}

func whyForwardSecrecyUnknown(t *classify.TLS) string {
	if t.CipherSuite.Class() == classify.ClassUnknown {
		return unknownSuite
	}
	return keyShareUnseen
}

// judgeResumption lets a session resumed up to TLS 1.2 pass only where its first
// handshake is in the capture: its keys come from that one, and how they were
// kept since cannot be seen.
func (c *Case) judgeResumption(t *classify.TLS) {
	switch {
	case t.Version.TLS() == classify.TLS13 || t.Resumed == classify.No || c.Site.knowsParent(t):
		c.Examine()
	case t.Resumed == classify.Yes:
		c.Undecided(parentUnseen)
	default:
		c.Undecided(keyShareUnseen)
	}
}
