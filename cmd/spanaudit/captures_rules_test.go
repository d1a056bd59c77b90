package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the rules on TLS make of each shared capture: verdicts in the order of
// tlsRules, "-" for not observed, "?" for indeterminate. By their bytes the key
// exchange of tls12-dhe1024 has 2048 bits and that of tls12-anon 1024.
func TestCapturesAreJudgedByWhatTheyShow(t *testing.T) {
	const folder = "../../../shared/captures"
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	for name, want := range map[string]string{
		//                 version offered deprecated secrecy offered weak broken practice group signature resumption certificate
		"alpn-mqtt":        "pass pass ? pass pass fail:low pass pass pass pass - pass",
		"mtls":             "pass pass ? pass pass fail:low pass pass pass pass - pass",
		"tls10":            "fail fail fail:low pass pass fail:low pass fail:low pass - - pass",
		"tls11":            "fail fail fail:low pass pass fail:low pass fail:low pass - - pass",
		"tls12-anon":       "pass pass ? pass pass fail:medium fail fail:medium fail fail:low - -",
		"tls12-dhe1024":    "pass pass ? pass pass pass pass fail:medium pass fail:low - pass",
		"tls12-ecdhe":      "pass pass ? pass pass fail:low pass pass pass pass - pass",
		"tls12-ecdhe-null": "pass pass ? pass pass fail:medium fail fail:medium pass fail:low - pass",
		"tls12-fail":       "- pass ? - pass fail:low - - - - - -",
		"tls12-null":       "pass pass ? fail fail fail:medium fail fail:medium ? fail:low - pass",
		"tls12-psk":        "pass pass ? fail fail fail:low pass fail:medium ? pass - -",
		"tls12-rsa":        "pass pass ? fail fail fail:low pass fail:medium ? pass - pass",
		"tls12-sessid":     "pass pass ? pass pass fail:low pass pass pass pass pass pass",
		"tls12-sha1sig":    "pass pass ? pass pass pass pass pass pass fail:medium - pass",
		"tls12-ticket":     "pass pass ? pass pass fail:low pass pass pass pass pass pass",
		"tls13":            "pass pass pass pass pass pass pass pass pass ? - -",
		"tls13-0rtt":       "pass pass pass pass pass pass pass pass pass ? fail:medium -",
		"tls13-hrr":        "pass pass pass pass pass pass pass pass pass ? - -",
		"tls13-psk_ke":     "pass pass pass fail pass pass pass pass ? ? fail:medium -",
		"tls13-resume":     "pass pass pass pass pass pass pass pass pass ? pass -",
	} {
		t.Run(name, func(t *testing.T) {
			audit := auditJSON(t, filepath.Join(folder, name+".pcapng"))
			verdicts, gravest := map[string]string{}, map[string]string{}
			for _, r := range audit.Requirements {
				verdicts[r.Rule] = r.Verdict
			}
			for _, f := range audit.Findings {
				if gravest[f.Rule] == "" { // findings are in the order of their severity
					gravest[f.Rule] = f.Severity
				}
			}
			for i, rule := range tlsRules() {
				wanted, severity, _ := strings.Cut(strings.Fields(want)[i], ":")
				wanted = map[string]string{"-": "not_observed", "?": "indeterminate", "pass": "pass", "fail": "fail"}[wanted]
				if verdicts[rule] != wanted || severity != "" && gravest[rule] != severity {
					t.Errorf("%s: %s %s; %s %s is wanted", rule, verdicts[rule], gravest[rule], wanted, severity)
				}
			}
		})
	}
}

func tlsRules() []string {
	return strings.Fields("tls-version tls-version-offered tls-deprecated-offered tls-forward-secrecy tls-forward-secrecy-offered tls-weak-offered " +
		"tls-broken-cipher tls-current-practice tls-group tls-signature tls-resumption tls-certificate")
}
