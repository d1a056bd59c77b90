package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the README takes from the program anew")

// The README's table of rules is the one that the program prints.
func TestREADMEListsTheRules(t *testing.T) {
	const path = "../../README.md"
	readme := string(read(t, path))
	head, rest, begins := strings.Cut(readme, " -update` -->\n")
	_, tail, ends := strings.Cut(rest, "<!-- end of rules -->")
	if !begins || !ends {
		t.Fatal("the README has no place for the rules")
	}
	_, table, _ := spanaudit("rules", "list", "--markdown")
	want := head + " -update` -->\n" + table + "<!-- end of rules -->" + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if readme != want {
		t.Error("the README's table of rules is not the catalogue's; write it by: go test ./cmd/spanaudit -run README -update")
	}
}
