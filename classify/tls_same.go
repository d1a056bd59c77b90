package classify

// tlsKey is what most handshakes that differ at all differ in.
type tlsKey struct {
	ja4, serverName string
	version         TLSVersion
	suite           CipherSuite
	group           Group
	certificate     *Certificate
}

// settle returns the facts of a handshake that is over, which nobody changes any
// more: those of an earlier flow where they are the same. By what its session
// may be resumed has been told, and what a full handshake asked to resume
// matters no more; both would differ from flow to flow.
func (m *memory) settle(t *TLS) *TLS {
	s := *t
	s.SessionKeys = nil
	if s.Resumed == No {
		s.ResumedKeys = nil
	}
	key := tlsKey{s.JA4, s.ServerName, s.Version, s.CipherSuite, s.Group, s.Certificate}
	if known := m.settled[key]; known != nil && known.same(&s) {
		return known
	}
	if m.settled == nil || len(m.settled) >= maxRecent {
		m.settled = map[tlsKey]*TLS{}
	}
	kept := new(TLS)
	*kept = s
	m.settled[key] = kept
	return kept
}

// same reports whether two handshakes' facts are equal, lists by the memory that
// they share.
func (t *TLS) same(o *TLS) bool {
	return t.ClientHello == o.ClientHello && t.ServerHello == o.ServerHello && t.UpgradedFrom == o.UpgradedFrom &&
		shares(t.OfferedVersions, o.OfferedVersions) && shares(t.OfferedSuites, o.OfferedSuites) &&
		shares(t.OfferedGroups, o.OfferedGroups) && shares(t.OfferedSignatures, o.OfferedSignatures) &&
		shares(t.OfferedALPN, o.OfferedALPN) && shares(t.PSKModes, o.PSKModes) && t.SupportedVersions == o.SupportedVersions &&
		t.OfferedPSK == o.OfferedPSK && t.EarlyData == o.EarlyData && t.EarlyDataSent == o.EarlyDataSent && t.SSLv2Framed == o.SSLv2Framed &&
		t.ServerName == o.ServerName && t.ECH == o.ECH && t.JA3 == o.JA3 && t.JA4 == o.JA4 &&
		t.Version == o.Version && t.CipherSuite == o.CipherSuite && t.Group == o.Group && t.DHBits == o.DHBits && t.ALPN == o.ALPN &&
		t.KeyShare == o.KeyShare && t.PSK == o.PSK && t.HelloRetry == o.HelloRetry && t.JA3S == o.JA3S &&
		t.EncryptThenMAC == o.EncryptThenMAC && t.ServerKeyExchange == o.ServerKeyExchange && t.SignatureScheme == o.SignatureScheme &&
		t.ClientSignature == o.ClientSignature && shares(t.WantedSignatures, o.WantedSignatures) &&
		t.Certificate == o.Certificate && t.ClientCertificate == o.ClientCertificate &&
		t.Resumed == o.Resumed && t.ForwardSecrecy == o.ForwardSecrecy && t.Established == o.Established &&
		t.Alert == o.Alert && t.AlertByServer == o.AlertByServer &&
		shares(t.SessionKeys, o.SessionKeys) && shares(t.ResumedKeys, o.ResumedKeys)
}

// shares reports whether two lists are the same memory.
func shares[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
