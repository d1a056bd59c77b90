package report

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"spanaudit/classify"
)

type tlsFields struct {
	Version         string     `json:"version,omitempty"`
	VersionProtocol string     `json:"version_protocol,omitempty"`
	UpgradedFrom    string     `json:"upgraded_from,omitempty"` // what was spoken before: smtp and STARTTLS, http and CONNECT
	Cipher          string     `json:"cipher,omitempty"`
	Curve           string     `json:"curve,omitempty"`
	Established     bool       `json:"established"`
	Resumed         *bool      `json:"resumed,omitempty"`
	NextProtocol    string     `json:"next_protocol,omitempty"`
	ForwardSecrecy  string     `json:"forward_secrecy,omitempty"`
	HelloRetry      *bool      `json:"hello_retry,omitempty"`
	Alert           string     `json:"alert,omitempty"`
	Client          *tlsClient `json:"client,omitempty"`
	Server          *tlsServer `json:"server,omitempty"`
}

type tlsClient struct {
	ServerName       string   `json:"server_name,omitempty"`
	SupportedCiphers []string `json:"supported_ciphers,omitempty"`
	OfferedVersions  []string `json:"offered_versions,omitempty"`
	OfferedALPN      []string `json:"offered_alpn,omitempty"`
	ECH              bool     `json:"ech"`
	JA3              string   `json:"ja3,omitempty"`
	JA4              string   `json:"ja4,omitempty"`
}

type tlsServer struct {
	JA3S string     `json:"ja3s,omitempty"`
	Hash *hash      `json:"hash,omitempty"`
	X509 *x509Field `json:"x509,omitempty"`
}

type hash struct {
	SHA256 string `json:"sha256"`
}

type quicFields struct {
	Version string `json:"version,omitempty"`
}

func newQUIC(q *classify.QUIC) *quicFields {
	if q == nil || q.Version == 0 {
		return nil
	}
	return &quicFields{fmt.Sprintf("0x%08x", q.Version)}
}

type x509Field struct {
	Subject            name     `json:"subject,omitzero"`
	Issuer             name     `json:"issuer,omitzero"`
	AlternativeNames   []string `json:"alternative_names,omitempty"`
	SerialNumber       string   `json:"serial_number,omitempty"`
	NotBefore          string   `json:"not_before,omitempty"`
	NotAfter           string   `json:"not_after,omitempty"`
	PublicKeyAlgorithm string   `json:"public_key_algorithm,omitempty"`
	PublicKeySize      int      `json:"public_key_size,omitempty"`
	SignatureAlgorithm string   `json:"signature_algorithm,omitempty"`
}

type name struct {
	DistinguishedName string `json:"distinguished_name"`
}

func newTLS(t *classify.TLS) *tlsFields {
	if t == nil {
		return nil
	}
	f := &tlsFields{UpgradedFrom: string(t.UpgradedFrom), Established: t.Established, NextProtocol: t.ALPN, Alert: t.Alert}
	if t.Version != 0 {
		f.Version, f.VersionProtocol = t.Version.String(), t.Version.Protocol()
	}
	if t.ServerHello {
		f.Cipher = t.CipherSuite.String()
		f.ForwardSecrecy = t.ForwardSecrecy.String()
	}
	if t.Group != 0 {
		f.Curve = t.Group.String()
	}
	f.Resumed = boolean(t.Resumed)
	if t.ServerHello || t.HelloRetry {
		f.HelloRetry = &t.HelloRetry
	}
	if t.ClientHello || t.ServerName != "" { // Google's QUIC names the server without TLS
		f.Client = newTLSClient(t)
	}
	if t.JA3S != "" || t.Certificate != nil {
		f.Server = newTLSServer(t)
	}
	return f
}

func newTLSClient(t *classify.TLS) *tlsClient {
	return &tlsClient{
		ServerName: t.ServerName, OfferedALPN: t.OfferedALPN, ECH: t.ECH, JA3: t.JA3, JA4: t.JA4,
		SupportedCiphers: texts(t.OfferedSuites), OfferedVersions: texts(t.OfferedVersions),
	}
}

func newTLSServer(t *classify.TLS) *tlsServer {
	s := &tlsServer{JA3S: t.JA3S}
	c := t.Certificate
	if c == nil {
		return s
	}
	if c.SHA256 != ([32]byte{}) {
		s.Hash = &hash{strings.ToUpper(hex.EncodeToString(c.SHA256[:]))}
	}
	s.X509 = &x509Field{
		Subject: name{c.Subject}, Issuer: name{c.Issuer},
		AlternativeNames: append(append([]string(nil), c.DNSNames...), addresses(c.IPAddresses)...),
		SerialNumber:     c.SerialNumber,
		NotBefore:        timestamp(c.NotBefore), NotAfter: timestamp(c.NotAfter),
		PublicKeyAlgorithm: c.PublicKeyAlgorithm, PublicKeySize: c.PublicKeyBits,
		SignatureAlgorithm: c.SignatureAlgorithm,
	}
	return s
}

// boolean returns nil for what is unknown.
func boolean(t classify.Trit) *bool {
	if t == classify.UnknownTrit {
		return nil
	}
	yes := t == classify.Yes
	return &yes
}

func texts[T interface{ String() string }](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.String()
	}
	return list
}

func addresses(list []netip.Addr) []string { return texts(list) }
