package rules

import "spanaudit/classify"

// tlsVersion judges the protocol version that the server selected.
type tlsVersion struct{}

func (tlsVersion) Doc() Doc {
	return Doc{
		ID:          "tls-version",
		Title:       "Negotiated protocol version below minimum",
		Severity:    High,
		Kind:        Obligation,
		Checks:      "the version that the server selected (supported_versions of its ServerHello, else the ServerHello's version) is at least tls.min_version",
		Why:         "TLS before 1.2 rests on MD5 and SHA-1 and has known attacks; whoever can make a connection fall back to it may read or change what it carries.",
		Fails:       "any ServerHello that selects less, even if the connection fails later",
		NotSeen:     "no ServerHello was seen",
		Remediation: "Turn the old version off on the side you control; if the peer is the problem, replace it or put a proxy before it. Then capture a fresh handshake.",
		Source:      "AWS Panorama security page: clients must support TLS 1.2 or later; RFC 8996; RFC 9325, section 3.1.1",
	}
}

func (tlsVersion) Judge(c *Case) {
	t := c.serverHello()
	if t == nil {
		return
	}
	minimum := classify.TLSVersion(c.Policy.TLS.MinVersion)
	if meets(t.Version, minimum) {
		c.Examine()
		return
	}
	with := ""
	if t.Version != classify.SSL2 {
		with = " with " + t.CipherSuite.String()
	}
	c.failHandshake(nil, "negotiated %s%s; at least %s is wanted", versionName(t.Version), with, wantedVersion(minimum, t.Version))
}
