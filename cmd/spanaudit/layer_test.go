package main

import (
	"strings"
	"testing"
)

func TestLayersThatAreMissingAreSaid(t *testing.T) {
	var out strings.Builder
	tellLayers(world{stderr: &out}, []layer{{"capabilities", true, "none left"}, {"Landlock", false, "the kernel does not offer it"}, {"seccomp", true, "a filter"}})
	const want = "spanaudit: not confined by Landlock: the kernel does not offer it\n" +
		"spanaudit: confined by capabilities (none left), seccomp (a filter)\n"
	if out.String() != want {
		t.Errorf("%s", &out)
	}
}
