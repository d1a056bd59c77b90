package main

import (
	"os"
	"testing"
)

func TestTablesAreWhatTheReferenceGives(t *testing.T) {
	for name, file := range map[string][2]string{
		"suites":     {"tls_ciphersuites.csv", "cipher_suite_table.go"},
		"groups":     {"tls_groups.csv", "group_table.go"},
		"signatures": {"tls_sigalgs.csv", "tls_signature_scheme_table.go"},
	} {
		source := "../../../shared/reference/" + file[0]
		if _, err := os.Stat(source); err != nil {
			t.Skipf("the reference table is not here: %v", err)
		}
		got, err := generate(tables()[name], source)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("../" + file[1])
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what gen makes of %s: run go generate ./classify", file[1], file[0])
		}
	}
}
