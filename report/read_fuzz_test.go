package report

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// everyForm lists all that is written of a saved audit.
func everyForm() []form {
	screen := func(o Screen) form {
		return form{"table", func(w io.Writer, a *Audit) error { return Table(w, a, o) }}
	}
	return slices.Concat(machineForms(), []form{
		{"oscal", OSCAL}, {"ocsf", OCSF}, {"json", JSON}, screen(Screen{Width: 60}), screen(Screen{Width: 200}),
		{"list", func(w io.Writer, a *Audit) error { return a.FindingList(w) }},
		{"explain", func(w io.Writer, a *Audit) error {
			for _, q := range a.Requirements[:min(len(a.Requirements), 3)] {
				if err := Explain(w, a, q.Rule, Screen{}); err != nil {
					return err
				}
			}
			for _, st := range a.Statements[:min(len(a.Statements), 3)] {
				if err := Explain(w, a, st.ID, Screen{}); err != nil {
					return err
				}
			}
			for _, f := range a.Findings[:min(len(a.Findings), 3)] {
				if err := Explain(w, a, f.ID, Screen{}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"diff text", func(w io.Writer, a *Audit) error { return DiffText(w, Compare(siteAudit(), a), Screen{}) }},
		{"diff text, reversed", func(w io.Writer, a *Audit) error { return DiffText(w, Compare(a, siteAudit()), Screen{}) }},
		{"diff markdown", func(w io.Writer, a *Audit) error { return DiffMarkdown(w, Compare(a, siteAudit())) }},
	})
}

// Whatever an audit says that anybody wrote, it is refused, or every form of it is
// written, shows nothing invisible, and is the same when the audit is saved again.
// Fuzzed is one value of an audit that has them all: what stands at place of it is
// replaced by a text or by JSON, left out, or put there many times.
func FuzzRead(f *testing.F) {
	for i := range uint16(12) {
		f.Add(11+29*i, uint8(0), nasty)
	}
	for i, text := range []string{
		"-1", "0", "9223372036854775807", "18446744073709551615", "1e400", "null", "{}", "[]", `{"a":[{"b":[[]]}]}`, "true",
		`"fail"`, `"critical"`, `"::ffff:10.0.0.1"`, `"fe80::1%\u001b[2J"`, `"1677-09-21T00:12:43.145224192Z"`, `"2262-04-11T23:47:16.854775807Z"`, `"2026-02-30"`, `"0000-00-00"`,
	} {
		f.Add(uint16(11*i), uint8(1), text)
	}
	f.Add(uint16(3), uint8(2), "")
	f.Add(uint16(5), uint8(3), "")
	whole := new(bytes.Buffer)
	if err := JSON(whole, fullAudit()); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, place uint16, how uint8, text string) {
		var tree any
		if err := json.Unmarshal(whole.Bytes(), &tree); err != nil {
			t.Fatal(err)
		}
		n := int(place)
		for change(&tree, &n, how, text); n >= 0; {
			change(&tree, &n, how, text)
		}
		doc, err := json.Marshal(tree)
		if err != nil {
			return // text is no JSON
		}
		holds(t, doc)
	})
}

// change does to the n-th value below a tree what FuzzRead says, and counts n down
// by those that it passes.
func change(v *any, n *int, how uint8, text string) {
	*n--
	switch x := (*v).(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			if *n < 0 {
				return
			}
			part := x[key]
			if *n == 0 && how%4 == 2 {
				*n--
				delete(x, key)
				return
			}
			change(&part, n, how, text)
			x[key] = part
		}
		return
	case []any:
		for i := range x {
			if *n < 0 {
				return
			}
			if *n == 0 && how%4 == 3 {
				*n--
				*v = slices.Concat(x, slices.Repeat(x[i:i+1], 40))
				return
			}
			change(&x[i], n, how, text)
		}
		return
	}
	if *n < 0 {
		if how%4 == 1 && json.Valid([]byte(text)) {
			*v = json.RawMessage(text)
		} else {
			*v = text
		}
	}
}

func holds(t *testing.T, doc []byte) {
	a, err := Read(bytes.NewReader(doc))
	if err != nil {
		return
	}
	var saved bytes.Buffer
	if err := JSON(&saved, a); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&saved)
	if err != nil {
		t.Fatalf("what was written of it is refused: %v", err)
	}
	for _, form := range everyForm() {
		out := form.of(t, a)
		if !utf8.ValidString(out) {
			t.Errorf("%s is not UTF-8", form.name)
		}
		if i := strings.IndexFunc(out, func(r rune) bool {
			return r != '\n' && !visible(r) && (r != '\r' || !strings.HasSuffix(form.name, ".csv"))
		}); i >= 0 {
			t.Errorf("%s has %q in it", form.name, out[i:min(len(out), i+8)])
		}
		if form.of(t, again) != out {
			t.Errorf("%s of the saved audit differs", form.name)
		}
	}
}
