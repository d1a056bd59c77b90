package classify

import "spanaudit/flow"

// Code codes what is known of a handshake: first what a client and a server say
// each time alike, then what differs.
func (t *TLS) Code(c *flow.Codec) {
	c.Bools(&t.ClientHello, &t.ServerHello, &t.SupportedVersions, &t.OfferedPSK, &t.EarlyData, &t.EarlyDataSent, &t.SSLv2Framed, &t.ECH,
		&t.KeyShare, &t.PSK, &t.HelloRetry, &t.EncryptThenMAC, &t.ServerKeyExchange, &t.ClientCertificate, &t.Established, &t.AlertByServer)
	flow.Text(c, &t.UpgradedFrom)
	flow.List(c, &t.OfferedVersions, flow.Uint[TLSVersion])
	flow.List(c, &t.OfferedSuites, flow.Uint[CipherSuite])
	flow.List(c, &t.OfferedGroups, flow.Uint[Group])
	flow.List(c, &t.OfferedSignatures, flow.Uint[SignatureScheme])
	flow.List(c, &t.OfferedALPN, flow.Text[string])
	flow.List(c, &t.PSKModes, flow.Uint[uint8])
	flow.Text(c, &t.JA3)
	flow.Text(c, &t.JA4)
	flow.Text(c, &t.ServerName)

	flow.Uint(c, &t.Version)
	flow.Uint(c, &t.CipherSuite)
	flow.Uint(c, &t.Group)
	flow.Int(c, &t.DHBits)
	flow.Text(c, &t.ALPN)
	flow.Text(c, &t.JA3S)
	flow.Uint(c, &t.SignatureScheme)
	flow.Uint(c, &t.ClientSignature)
	flow.List(c, &t.WantedSignatures, flow.Uint[SignatureScheme])
	flow.Optional(c, &t.Certificate, codeCertificate)

	codeTrit(c, &t.Resumed)
	codeTrit(c, &t.ForwardSecrecy)
	flow.Text(c, &t.Alert)
	flow.List(c, &t.SessionKeys, codeDigest)
	flow.List(c, &t.ResumedKeys, codeDigest)
}

func codeTrit(c *flow.Codec, t *Trit) {
	flow.Int(c, t)
	c.Check(*t >= UnknownTrit && *t <= No, "what is neither yes, no nor unknown")
}

func codeDigest(c *flow.Codec, d *[32]byte) { c.Fixed(d[:]) }

// codeCertificate writes times as numbers, not as what they differ by from the
// packets', so that the same certificate is always the same bytes.
func codeCertificate(c *flow.Codec, v *Certificate) {
	c.Fixed(v.SHA256[:])
	flow.Text(c, &v.Subject)
	flow.Text(c, &v.Issuer)
	flow.List(c, &v.DNSNames, flow.Text[string])
	flow.List(c, &v.IPAddresses, (*flow.Codec).Addr)
	c.Bools(&v.MoreNames)
	flow.Text(c, &v.SerialNumber)
	flow.Int(c, &v.NotBefore)
	flow.Int(c, &v.NotAfter)
	flow.Text(c, &v.PublicKeyAlgorithm)
	flow.Int(c, &v.PublicKeyBits)
	flow.Text(c, &v.SignatureAlgorithm)
}
