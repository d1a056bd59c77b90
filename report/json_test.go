package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, name := range []string{"site", "empty", "nasty"} {
		t.Run(name, func(t *testing.T) {
			var first, second bytes.Buffer
			if err := JSON(&first, audits()[name]()); err != nil {
				t.Fatal(err)
			}
			if err := JSON(&second, audits()[name]()); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("two runs differ")
			}
			golden(t, name+".json", first.Bytes())
		})
	}
}

func TestJSONKeepsTextAndShowsNoneOfItsTricks(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, nastyAudit()); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !visible(r) }); i >= 0 {
		t.Errorf("%q is not escaped", b.String()[i:i+8])
	}
	var doc struct{ Findings []struct{ Message string } }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	want := strings.ToValidUTF8(strings.ReplaceAll(nasty, "\xff\xc3", "\xff \xc3"), "\ufffd")
	want = strings.ReplaceAll(want, "\ufffd \ufffd", "\ufffd\ufffd")
	if got := doc.Findings[1].Message; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}
