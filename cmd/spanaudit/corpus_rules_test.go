package main

import (
	"strings"
	"testing"
)

// What real handshakes of the corpus break, as their bytes show it: the lengths
// of primes, keys and certificates' signatures, and early data.
func TestCorpusBreaksWhatItShows(t *testing.T) {
	for name, want := range map[string][]string{
		"zeek__dhe.pcap":                                    {"tls-group: a prime of 1024 bits", "tls-current-practice: TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"},
		"zeek__cert-no-cn.pcap":                             {"tls-group: a prime of 512 bits", "tls-certificate: signed with SHA1-RSA"},
		"pcapplusplus__SSL-MultipleRecords3.pcap":           {"tls-group: a prime of 768 bits", "tls-certificate: signed with SHA1-RSA"},
		"zeek__globus-url-copy-bad-encoding.pcap":           {"tls-certificate: RSA key has 512 bits"},
		"zeek__tls-conn-with-extensions.pcap":               {"tls-certificate: RSA key has 1024 bits", "tls-current-practice: RC4"},
		"suricata-verify__bypass-depth-disabled-input.pcap": {"tls-current-practice: export grade, RC4, MD5", "tls-certificate: RSA key has 1024 bits"},
		"ndpi__quic_0RTT.pcap":                              {"tls-resumption: early data (0-RTT)"},
		"zeek__tls-13draft19-early-data.pcap":               {"tls-resumption: early data (0-RTT)"},
		"ndpi__dlt_ppp.pcap":                                {"tls-signature: rsa_pkcs1_sha1"},
		"zeek__tls13_psk_succesfull.pcap":                   nil,
		"zeek__hrr.pcap":                                    nil,
	} {
		_, document, _ := auditFlows(t, corpusCapture(t, name))
		findings := document.findings("tls-version", "tls-version-offered", "tls-deprecated-offered", "tls-weak-offered", "capture-visibility")
		for _, w := range want {
			rule, says, _ := strings.Cut(w, ": ")
			found := false
			for _, f := range findings {
				found = found || strings.HasPrefix(f, rule+": ") && strings.Contains(f, says)
			}
			if !found {
				t.Errorf("%s: no %q in %q", name, w, findings)
			}
		}
		for _, f := range findings {
			if rule, _, _ := strings.Cut(f, ":"); len(want) == 0 && (rule == "tls-group" || rule == "tls-certificate" || rule == "tls-resumption" || rule == "tls-current-practice") {
				t.Errorf("%s: unwanted %s", name, f)
			}
		}
	}
}
