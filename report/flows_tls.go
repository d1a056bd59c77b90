package report

import (
	"encoding/hex"
	"slices"
	"strings"

	"spanaudit/classify"
	"spanaudit/flow"
)

func (f *ecs) tls(b *jsonLine, t *classify.TLS) {
	if t == nil {
		return
	}
	b.open("tls")
	if t.Version != 0 {
		b.put("version", t.Version.String())
		b.put("version_protocol", t.Version.Protocol())
	}
	b.text("upgraded_from", string(t.UpgradedFrom)) // what was spoken before: smtp and STARTTLS, http and CONNECT
	if t.ServerHello {
		b.put("cipher", t.CipherSuite.String())
	}
	tlsOutcome(b, t)
	if t.ClientHello || t.ServerName != "" { // Google's QUIC names the server without TLS
		f.tlsClient(b, t)
	}
	if t.JA3S != "" || t.Certificate != nil {
		writeTLSServer(b, t)
	}
	b.close()
}

// tlsOutcome writes what a handshake came to, beside version and suite.
func tlsOutcome(b *jsonLine, t *classify.TLS) {
	if t.Group != 0 {
		b.put("curve", t.Group.String())
	}
	b.flag("established", t.Established)
	if t.Resumed != classify.UnknownTrit {
		b.flag("resumed", t.Resumed == classify.Yes)
	}
	b.text("next_protocol", t.ALPN)
	if t.ServerHello {
		b.put("forward_secrecy", t.ForwardSecrecy.String())
	}
	if t.ServerHello || t.HelloRetry {
		b.flag("hello_retry", t.HelloRetry)
	}
	b.text("alert", t.Alert) // its name
}

func (f *ecs) tlsClient(b *jsonLine, t *classify.TLS) {
	b.open("client")
	b.text("server_name", t.ServerName)
	if len(t.OfferedSuites) > 0 {
		b.key("supported_ciphers")
		*b = append(*b, f.lists.suites(t.OfferedSuites)...)
	}
	b.texts("offered_versions", texts(t.OfferedVersions))
	b.texts("offered_alpn", t.OfferedALPN)
	b.flag("ech", t.ECH)
	b.text("ja3", t.JA3)
	b.text("ja4", t.JA4)
	b.close()
}

// shared keeps how lists are written that many flows have in common: the same
// memory holds the same list.
type shared map[*classify.CipherSuite][]byte

// maxShared bounds the lists that are kept; beyond it all are forgotten.
const maxShared = 1024

// suites returns the names of a list, which is not empty, as JSON.
func (s *shared) suites(list []classify.CipherSuite) []byte {
	written, ok := (*s)[&list[0]]
	if !ok {
		if *s == nil || len(*s) >= maxShared {
			*s = shared{}
		}
		written = appendList(nil, texts(list))
		(*s)[&list[0]] = written
	}
	return written
}

func writeTLSServer(b *jsonLine, t *classify.TLS) {
	b.open("server")
	b.text("ja3s", t.JA3S)
	c := t.Certificate
	if c == nil {
		b.close()
		return
	}
	if c.SHA256 != ([32]byte{}) {
		b.open("hash")
		b.put("sha256", strings.ToUpper(hex.EncodeToString(c.SHA256[:])))
		b.close()
	}
	b.open("x509")
	writeName(b, "subject", c.Subject)
	writeName(b, "issuer", c.Issuer)
	b.texts("alternative_names", slices.Concat(c.DNSNames, texts(c.IPAddresses)))
	b.text("serial_number", c.SerialNumber)
	b.text("not_before", timestamp(c.NotBefore))
	b.text("not_after", timestamp(c.NotAfter))
	b.text("public_key_algorithm", c.PublicKeyAlgorithm)
	if c.PublicKeyBits != 0 {
		b.number("public_key_size", uint64(c.PublicKeyBits))
	}
	b.text("signature_algorithm", c.SignatureAlgorithm)
	b.close()
	b.close()
}

func writeName(b *jsonLine, name, distinguished string) {
	if distinguished != "" {
		b.open(name)
		b.put("distinguished_name", distinguished)
		b.close()
	}
}

func texts[T interface{ String() string }](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.String()
	}
	return list
}

// timestamp writes a time, and nothing for no time.
func timestamp(t flow.Time) string {
	if t == 0 {
		return ""
	}
	return string(appendInstant(nil, t))
}
