package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanaudit/fixtures/hostile"
	"spanaudit/report"
)

// asName is a text as the name of a file may have it; "" where none may.
func asName(text string) string {
	text = strings.NewReplacer("/", "_", "\x00", "").Replace(text)
	if len(text) > 120 || text == "." || text == ".." {
		return ""
	}
	return text
}

// Whatever a file is called, in a folder that somebody else filled or as it was
// given, what a person reads of it is text that shows as it stands, and no line of
// it is the name's.
func TestNamesOfFilesAreShownAsTheyStand(t *testing.T) {
	capture := read(t, "../../fixtures/violation/tls-version.pcapng")
	visible := func(t *testing.T, text, what, out string) {
		t.Helper()
		for line := range strings.SplitSeq(strings.TrimSuffix(out, "\n"), "\n") {
			if report.Line(line) != line {
				t.Errorf("%s of a file called %q shows %q", what, text, line)
				return
			}
		}
	}
	for i, text := range hostile.Texts() {
		name := asName(text)
		if name == "" || report.Line(name) == name {
			continue
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			place := func(more string, content []byte) string {
				path := filepath.Join(dir, name+more)
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			good, bad, missing := place(".pcapng", capture), place(".pcap", []byte("no capture")), filepath.Join(dir, name+".none")
			policy, broken := place(".yaml", []byte("metadata: { name: x, extends: \"builtin:edge-camera@1\" }\n")), place(".yml", []byte("metadata: { nane: x }\n"))
			_, saved, _ := spanaudit("audit", "--format", "json", good)
			audit := place(".json", []byte(saved))
			for _, args := range [][]string{
				{"audit", good, bad}, {"audit", dir}, {"audit", missing}, {"audit", "--policy", missing, good}, {"audit", "--policy", broken, good},
				{"audit", "-o", filepath.Join(missing, "x"), good}, {"audit", "-o", good, good}, {"audit", "--flows", good, good},
				{"policy", "check", policy}, {"policy", "check", broken}, {"policy", "check", missing}, {"policy", "init", bad}, {"policy", "init", missing}, {"policy", "import", bad},
				{"report", audit}, {"report", bad}, {"report", missing}, {"explain", audit}, {"explain", missing}, {"explain", audit, text}, {"diff", audit, missing}, {"diff", audit, bad},
				{"verify", bad}, {"verify", missing}, {"verify", dir}, {"audit", "--format", text, good}, {"rules", "show", text}, {"audit", "--" + text, good}, {text},
				{"audit", "--evidence", filepath.Join(dir, name+".zip"), good}, {"verify", filepath.Join(dir, name+".zip")},
				{"audit", "--filter", text, good}, {"watch", "-i", text, "--alert", "file:" + missing + "/x"}, {"keygen", "-o", good},
			} {
				_, stdout, stderr := spanaudit(args...)
				what := strings.Join(args[:min(len(args), 2)], " ")
				visible(t, text, what+" on standard output", stdout)
				visible(t, text, what+" on standard error", stderr)
				for line := range strings.Lines(stderr) {
					if !strings.HasPrefix(line, "spanaudit: ") {
						t.Errorf("%s of a file called %q writes a line of its own: %q", what, text, line)
						break
					}
				}
			}
		})
	}
}
