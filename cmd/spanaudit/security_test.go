package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The security document rests on tests: each that it names is there.
func TestSecurityDocumentNamesTestsThatAreThere(t *testing.T) {
	is := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(source, -1) {
			is[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(read(t, "../../docs/security.md")), -1)
	if len(named) < 50 {
		t.Fatalf("the document names %d tests", len(named))
	}
	for _, m := range named {
		if !is[m[1]] {
			t.Errorf("docs/security.md names %s, which is no test of this module", m[1])
		}
	}
}
