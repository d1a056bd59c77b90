package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"spanaudit/classify"
	"spanaudit/flow"
)

// tlsCertificate judges the server's certificate as far as the wire shows it.
type tlsCertificate struct{}

func (tlsCertificate) Doc() Doc {
	return Doc{
		ID:          "tls-certificate",
		Title:       "Server certificate problem visible on the wire",
		Severity:    Medium,
		Kind:        Obligation,
		Checks:      "up to TLS 1.2 the server's certificate names the server that the client asked for (subjectAltName, '*' for one whole label), is valid at the time of the packet, has an RSA key of tls.min_rsa_bits or an EC key of 256 bits or more, and is not signed with SHA-1 or MD5. Whether it is genuine is not checked",
		Fails:       "a certificate for other names, expired or not yet valid, with a short key, or signed with SHA-1 or MD5",
		NotSeen:     "no certificate passed in clear: TLS 1.3 encrypts it, and a resumed session sends none",
		Remediation: "Replace the certificate, or correct the name that the client asks for. If the issuer is not the expected one, look for a proxy that intercepts.",
		Source:      "RFC 9325, sections 4.4 and 6.1; RFC 9525, section 6",
	}
}

// Why a certificate could not be judged.
const (
	certificateCut     = "a certificate that was not seen whole"
	certificateUnread  = "a certificate that cannot be read (it is no X.509 that this program understands)"
	certificateNoClock = "a certificate in a capture whose clock was not set"
	certificateNamed   = "a certificate with more names than are read, none of which is the one asked for"
	certificateEdge    = "a certificate whose validity begins or ends within the capture clock's error"
)

func (tlsCertificate) Judge(c *Case) {
	t := c.TLS
	if t == nil || t.Version.TLS() == classify.TLS13 {
		return
	}
	if t.Certificate == nil {
		if t = c.serverHello(); t != nil && t.Resumed != classify.Yes && certified(t.CipherSuite) {
			c.Undecided(certificateCut)
		}
		return
	}
	cert := t.Certificate
	if cert.PublicKeyAlgorithm == "" {
		c.Undecided(certificateUnread)
		return
	}
	problems := certificateProblems(cert, c.Policy)
	validity, unsure := validity(cert, c.Start, c.Policy.Capture.ClockMaxError)
	switch name := t.ServerName; {
	case !t.ClientHello:
		unsure = clientUnseen // and with it the name that was asked for
	case name == "" || covers(cert, name):
	case cert.MoreNames:
		unsure = certificateNamed
	default:
		problems = append(problems, fmt.Sprintf("it names %s, not the %q that was asked for", certificateNames(cert), name))
	}
	if validity != "" {
		problems = append(problems, validity)
	}
	switch {
	case len(problems) > 0:
		c.failHandshake(nil, "use a certificate with problems: %s (subject %q, issuer %q, serial %s, SHA-256 %x)",
			strings.Join(problems, "; "), short(cert.Subject), short(cert.Issuer), short(cert.SerialNumber), cert.SHA256[:8])
	case unsure != "":
		c.Undecided(unsure)
	default:
		c.Examine()
	}
}

// certified reports whether a full handshake up to TLS 1.2 with the suite has a
// certificate of the server.
func certified(s classify.CipherSuite) bool {
	a := s.Authentication()
	return strings.HasPrefix(a, "RSA") || strings.HasPrefix(a, "DSS") || strings.HasPrefix(a, "ECDSA")
}

// certificateProblems returns what is wrong with a certificate whoever shows it.
func certificateProblems(cert *classify.Certificate, p *Policy) (problems []string) {
	minimum := max(p.TLS.MinRSABits, profileOf(p).rsaBits)
	switch bits := cert.PublicKeyBits; {
	case cert.PublicKeyAlgorithm == "RSA" && bits < minimum:
		problems = append(problems, fmt.Sprintf("its RSA key has %d bits; at least %d are wanted", bits, minimum))
	case cert.PublicKeyAlgorithm == "ECDSA" && bits > 0 && bits < 256:
		problems = append(problems, fmt.Sprintf("its EC key has %d bits; at least 256 are wanted", bits))
	}
	if a := cert.SignatureAlgorithm; strings.Contains(a, "SHA1") || strings.Contains(a, "MD5") || strings.Contains(a, "MD2") {
		problems = append(problems, fmt.Sprintf("it is signed with %s; SHA-256 or better is wanted", a))
	}
	return problems
}

// sslBegan is before the first certificate of SSL: a packet older than that
// comes from a clock that was not set.
const sslBegan = flow.Time(788918400 * time.Second) // 1995-01-01

// validity compares a certificate's validity with the time of a packet. unsure
// says why it cannot be.
func validity(cert *classify.Certificate, at flow.Time, tolerance time.Duration) (problem, unsure string) {
	const day = "2006-01-02 15:04:05 UTC"
	switch {
	case at < sslBegan:
		return "", certificateNoClock
	case at > cert.NotAfter.Add(tolerance):
		return "it expired on " + cert.NotAfter.UTC().Format(day), ""
	case at.Add(tolerance) < cert.NotBefore:
		return "it is not valid before " + cert.NotBefore.UTC().Format(day), ""
	case at > cert.NotAfter || at < cert.NotBefore:
		return "", certificateEdge
	}
	return "", ""
}

// covers reports whether a certificate is for the name (RFC 9525, section 6.3):
// an address, or a DNS name label by label, of which the certificate may write
// the whole left-most label as '*'. The subject's common name counts for nothing.
func covers(cert *classify.Certificate, name string) bool {
	if isAddress(name) {
		a, _ := netip.ParseAddr(name)
		return slices.Contains(cert.IPAddresses, a.Unmap())
	}
	name = strings.TrimSuffix(name, ".")
	label, rest, _ := strings.Cut(name, ".")
	for _, pattern := range cert.DNSNames {
		pattern = strings.TrimSuffix(pattern, ".")
		if strings.EqualFold(pattern, name) {
			return true
		}
		if wild, ok := strings.CutPrefix(pattern, "*."); ok && label != "" && rest != "" && strings.EqualFold(wild, rest) {
			return true
		}
	}
	return false
}

// certificateNames lists the names that a certificate is for, quoted.
func certificateNames(cert *classify.Certificate) string {
	var names []string
	for _, n := range cert.DNSNames[:min(len(cert.DNSNames), maxWords)] {
		names = append(names, fmt.Sprintf("%q", short(n)))
	}
	for _, a := range cert.IPAddresses[:min(len(cert.IPAddresses), maxWords)] {
		names = append(names, a.String())
	}
	if len(names) == 0 {
		return "no server"
	}
	if n := len(cert.DNSNames) + len(cert.IPAddresses) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	return strings.Join(names, ", ")
}

// short bounds a text from the wire.
func short(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// isAddress reports whether a server name is an IP address, which it must not be
// (RFC 6066, section 3). Names end in a letter, so that few are looked at twice.
func isAddress(name string) bool {
	if name == "" || name[len(name)-1] > '9' && strings.IndexByte(name, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}
