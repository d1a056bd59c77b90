package main

import (
	"bytes"
	"compress/gzip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanaudit/report"
	"spanaudit/report/bundle"
)

// forge writes a bundle that is not signed once more, with its files, audit and
// manifest as change leaves them: everything fits together again but what they say.
func forge(t *testing.T, from string, change func(files map[string][]byte, a *report.Audit, m *bundle.Manifest)) string {
	t.Helper()
	b, err := bundle.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	was, err := b.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	a, err := savedAudit(b)
	if err != nil {
		t.Fatal(err)
	}
	m, files := *was, map[string][]byte{}
	m.Excerpts = slices.Clone(m.Excerpts)
	for _, f := range m.Files {
		files[f.Name], _ = b.Read(f.Name)
	}
	change(files, a, &m)
	if files[bundle.AuditFile] != nil {
		var text bytes.Buffer
		if err := report.JSON(&text, a); err != nil {
			t.Fatal(err)
		}
		files[bundle.AuditFile] = text.Bytes()
	}
	path := filepath.Join(t.TempDir(), "forged")
	w, err := bundle.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := w.Add(name, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(m, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// rerender writes every form anew of what a became.
func rerender(t *testing.T, files map[string][]byte, a *report.Audit) {
	t.Helper()
	for _, form := range formats() {
		var text bytes.Buffer
		if err := form.render(&text, a, report.Screen{Width: evidenceWidth}); err != nil {
			t.Fatal(err)
		}
		files[form.file] = text.Bytes()
	}
}

// Whoever has no key can write all hashes anew. What then says one thing here and
// another there is found all the same.
func TestForgedEvidenceContradictsItself(t *testing.T) {
	from := sampleBundle(t, "evidence", nil)
	for name, c := range map[string]struct {
		change func(files map[string][]byte, a *report.Audit, m *bundle.Manifest)
		says   string
	}{
		"nothing": {func(map[string][]byte, *report.Audit, *bundle.Manifest) {}, ""},
		"a report": {func(files map[string][]byte, _ *report.Audit, _ *bundle.Manifest) {
			files["report.md"] = bytes.ReplaceAll(files["report.md"], []byte("fail"), []byte("pass"))
		}, "report.md: is not the report of audit.json"},
		"a report is gone": {func(files map[string][]byte, _ *report.Audit, _ *bundle.Manifest) { delete(files, "report.md") }, "report.md: is wanted"},
		"a file more":      {func(files map[string][]byte, _ *report.Audit, _ *bundle.Manifest) { files["letter.txt"] = nil }, "letter.txt: is neither"},
		"a sentence": {func(files map[string][]byte, a *report.Audit, _ *bundle.Manifest) {
			a.Findings[0].Message = "nothing to see"
			rerender(t, files, a)
		}, "otherwise than audit.json has it: its sentence"},
		"a device": {func(files map[string][]byte, a *report.Audit, _ *bundle.Manifest) {
			a.Findings[0].Device.ID = "the neighbour"
			rerender(t, files, a)
		}, "these are told otherwise: device"},
		"a waiver": {func(files map[string][]byte, a *report.Audit, _ *bundle.Manifest) {
			a.Findings[0].Waiver = &report.Waiver{ID: "W-1", Created: "2026-01-01", Expires: "2027-01-01"}
			rerender(t, files, a)
		}, "these are told otherwise: waiver"},
		"the policy's owner": {func(files map[string][]byte, a *report.Audit, _ *bundle.Manifest) {
			a.Policy.ApprovedBy = "the board"
			rerender(t, files, a)
		}, "says of the policy what that does not say"},
		"the time": {func(_ map[string][]byte, _ *report.Audit, m *bundle.Manifest) { m.Created += 1e9 }, "manifest.json: says otherwise than audit.json of the time"},
		"the input": {func(_ map[string][]byte, _ *report.Audit, m *bundle.Manifest) {
			m.Inputs = slices.Clone(m.Inputs)
			m.Inputs[0].SHA256 = strings.Repeat("0", 64)
		}, "manifest.json: says otherwise than audit.json of the inputs"},
		"a finding that is said not to be shown": {func(_ map[string][]byte, _ *report.Audit, m *bundle.Manifest) { m.Excerpts[0].Reproduced = false }, "says that it does not"},
		"two excerpts of a finding": {func(_ map[string][]byte, _ *report.Audit, m *bundle.Manifest) {
			m.Excerpts = append(m.Excerpts, m.Excerpts[0])
			m.Excerpts[0].File = m.Excerpts[1].File
		}, "names two excerpts"},
		"an excerpt that is compressed": {func(files map[string][]byte, _ *report.Audit, m *bundle.Manifest) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(files[m.Excerpts[0].File])
			_ = z.Close()
			files[m.Excerpts[0].File] = b.Bytes()
		}, "is not pcapng"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := spanaudit("verify", forge(t, from, c.change))
			want := statusViolations
			if c.says == "" {
				want = statusDone
			}
			if status != want || !strings.Contains(flat(stdout), c.says) {
				t.Errorf("status %d, no %q in\n%s%s", status, c.says, stdout, stderr)
			}
		})
	}
}

// A finding that its packets alone do not show leaves the check open.
func TestWhatIsNotShownIsNotRight(t *testing.T) {
	path := forge(t, sampleBundle(t, "evidence", nil), func(files map[string][]byte, _ *report.Audit, m *bundle.Manifest) {
		for i, x := range m.Excerpts {
			m.Excerpts[i].Reproduced = false
			files[x.File] = []byte("\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00")
		}
	})
	status, stdout, stderr := spanaudit("verify", path)
	if !strings.Contains(flat(stdout), "findings open 0 findings came out again from its excerpt; not shown") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

// A policy without a name is named after its file, which has another name in the
// bundle.
func TestEvidenceOfAPolicyWithoutANameVerifies(t *testing.T) {
	policy := put(t, "nameless.yaml", []byte("apiVersion: spanaudit/v1\nkind: Policy\n"))
	path := filepath.Join(t.TempDir(), "evidence")
	if status, _, stderr := spanaudit("audit", "-q", "--now", now, "--policy", policy, "--evidence", path, oldTLS); status > statusViolations {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if status, stdout, stderr := spanaudit("verify", path, "--source", oldTLS); status != statusDone || !strings.Contains(stdout, "nameless") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}
