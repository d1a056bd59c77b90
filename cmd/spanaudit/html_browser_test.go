package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"spanaudit/report"
)

// pages writes the HTML report of what a browser is to show, and returns the
// paths by name. The large one is the site's findings over and over, each with an
// id of its own.
func pages(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	saved := func(name string, args ...string) *report.Audit {
		path := filepath.Join(dir, name+".json")
		if status, _, stderr := spanaudit(append([]string{"audit", "-q", "--now", now, "--format", "json", "-o", path}, args...)...); status == statusUsage {
			t.Fatal(stderr)
		}
		a, err := report.Read(bytes.NewReader(read(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	audits := map[string]*report.Audit{
		"violation": saved("violation", "--policy", "../../fixtures/site.yaml", violations),
		"clean":     saved("clean", "--policy", policyFor("../../fixtures/clean/site.pcapng"), "../../fixtures/clean/site.pcapng"),
		"empty":     saved("empty", "../../fixtures/odd/empty.pcapng"),
		"large":     saved("large", "--policy", "../../fixtures/site.yaml", violations),
	}
	large := audits["large"]
	few := large.Findings
	large.Findings = nil
	for i := range few {
		for n := range (10_000 + len(few) - 1 - i) / len(few) {
			f := few[i]
			f.ID = fmt.Sprintf("%s-%d", f.ID, n)
			large.Findings = append(large.Findings, f)
		}
	}
	if len(large.Findings) != 10_000 {
		t.Fatalf("%d findings", len(large.Findings))
	}
	paths := map[string]string{}
	for name, a := range audits {
		var b bytes.Buffer
		if err := report.HTML(&b, a); err != nil {
			t.Fatal(err)
		}
		paths[name] = filepath.Join(dir, name+".html")
		if err := os.WriteFile(paths[name], b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// TestHTMLInABrowser looks at the pages in chromium. Each part says in its name
// what a reader relies on.
func TestHTMLInABrowser(t *testing.T) {
	b := newBrowser(t)
	paths := pages(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *browser, map[string]string)
	}{
		{"shows whole at every width and asks for nothing", htmlShows},
		{"findings can be filtered", htmlFilters},
		{"opens and filters with 10,000 findings", htmlOfManyFilters},
		{"is accessible", htmlIsAccessible},
		{"is valid", htmlIsValid},
		{"is readable without scripts", htmlWithoutScripts}, // the last: scripts stay off
	} {
		t.Run(part.name, func(t *testing.T) {
			whole := b.t
			b.t = t
			defer func() { b.t = whole }()
			part.test(t, b, paths)
		})
	}
}

// Narrow and wide, in light and dark, the page shows whole, asks for nothing and
// breaks no rule of its own.
func htmlShows(t *testing.T, b *browser, paths map[string]string) {
	for name, path := range paths {
		for _, width := range []int{360, 1600} {
			for _, scheme := range []string{"light", "dark"} {
				if name == "large" && (width != 360 || scheme != "dark") {
					continue // another part shows it wide
				}
				shown := fmt.Sprintf("%s-%d-%s", name, width, scheme)
				b.screen(width, scheme)
				b.open(path, "")
				var wide float64
				b.eval("document.documentElement.scrollWidth - innerWidth", &wide)
				if wide > 0 {
					t.Errorf("%s: the page is %v pixels wider than the screen", shown, wide)
				}
				if name != "large" {
					b.shot(shown)
				}
				for _, said := range b.complaints(path) {
					t.Errorf("%s: %s", shown, said)
				}
			}
		}
		if name != "large" {
			b.print(name)
		}
		for _, said := range b.complaints(path) {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// filterTo puts words into the filter as a reader does and returns what the page
// then says and how many findings it shows.
func (b *browser) filterTo(field, words string) (says string, shown int) {
	b.t.Helper()
	var answer struct {
		Says  string
		Shown int
	}
	b.eval(`(async () => {
		const field = document.getElementById("f-`+field+`");
		field.focus(); field.value = `+strconv.Quote(words)+`;
		field.dispatchEvent(new Event("input", {bubbles: true}));
		await new Promise((done) => setTimeout(done, 200));
		await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		return {Says: document.getElementById("shown").textContent,
			Shown: Array.from(document.querySelectorAll("#findings li[data-rule]")).filter((c) => c.checkVisibility()).length};
	})()`, &answer)
	return answer.Says, answer.Shown
}

func htmlFilters(t *testing.T, b *browser, paths map[string]string) {
	path := paths["violation"]
	b.screen(1600, "light")
	b.open(path, "")
	all, shown := b.filterTo("text", "")
	for _, step := range []struct{ field, words string }{{"severity", "critical"}, {"rule", "rtsp-boundary"}, {"text", "203.0.113.61"}} {
		says, fewer := b.filterTo(step.field, step.words)
		if fewer == 0 || fewer >= shown || says == all || !strings.HasPrefix(says, strconv.Itoa(fewer)+" of ") {
			t.Errorf("%s %s: %q, %d are shown, before %d", step.field, step.words, says, fewer, shown)
		}
		shown = fewer
	}
	var hash string
	b.eval("location.hash", &hash)
	b.open(path, hash)
	if _, again := b.filterTo("waived", ""); again != shown {
		t.Errorf("%s shows %d findings, and %d were shown", hash, again, shown)
	}
	// A link to a finding that is filtered out shows it, open.
	var open bool
	b.eval(`(async () => {
		const hidden = document.querySelector("#findings li[data-rule][hidden]");
		location.hash = hidden.id;
		await new Promise((done) => setTimeout(done, 100));
		return hidden.checkVisibility() && hidden.querySelector("details").open && hidden.getBoundingClientRect().top < innerHeight;
	})()`, &open)
	if !open {
		t.Error("a link to a finding that is filtered out does not show it")
	}
	if says, cleared := b.filterTo("text", "no such words"); cleared != 0 || !strings.HasPrefix(says, "0 of ") {
		t.Errorf("%q, %d are shown", says, cleared)
	}
	var back string
	b.eval(`(async () => {
		document.querySelector("#filter button[type=reset]").click();
		await new Promise((done) => setTimeout(done, 100));
		return document.getElementById("shown").textContent + location.hash;
	})()`, &back)
	if back != all {
		t.Errorf("cleared, it says %q, at first %q", back, all)
	}
	// Paper has all of them, whatever the screen shows.
	b.filterTo("text", "no such words")
	var printed bool
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.eval(`Array.from(document.querySelectorAll("#findings li[data-rule] .frames, #findings li[data-rule] .facts")).every((c) => c.getBoundingClientRect().height > 0)`, &printed)
	if !printed {
		t.Error("a finding, or what is in it, is not printed")
	}
	for _, said := range b.complaints(path) {
		t.Error(said)
	}
}

func htmlWithoutScripts(t *testing.T, b *browser, paths map[string]string) {
	path := paths["violation"]
	b.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.open(path, "")
	var answer struct {
		Filter bool
		Cards  int
	}
	b.eval(`({Filter: document.getElementById("filter").checkVisibility(), Cards: document.querySelectorAll("#findings li[data-rule] summary").length})`, &answer)
	if answer.Filter || answer.Cards < 20 {
		t.Errorf("%+v", answer)
	}
}

// It opens and filters with 10,000 findings; how long that takes is logged.
func htmlOfManyFilters(t *testing.T, b *browser, paths map[string]string) {
	path := paths["large"]
	b.screen(1600, "light")
	b.open(path, "")
	var took struct{ Load, Filter, Again float64 }
	b.eval(`(async () => {
		const field = document.getElementById("f-text"), shown = document.getElementById("shown");
		const filter = async (words) => {
			const start = performance.now();
			field.value = words; field.dispatchEvent(new Event("input", {bubbles: true}));
			await new Promise((done) => setTimeout(done, 120));
			await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
			return performance.now() - start;
		};
		return {Load: performance.getEntriesByType("navigation")[0].loadEventEnd, Filter: await filter("203.0.113.61"), Again: await filter("ntp")};
	})()`, &took)
	info, _ := os.Stat(path)
	t.Logf("%.1f MB; loaded in %.0f ms, first filter %.0f ms, second %.0f ms, of each 120 ms are waited", float64(info.Size())/1e6, took.Load, took.Filter, took.Again)
	says, shown := b.filterTo("text", "203.0.113.61")
	if shown == 0 || shown >= 10_000 || !strings.HasPrefix(says, strconv.Itoa(shown)+" of 10000 ") {
		t.Errorf("%q, %d are shown", says, shown)
	}
	for _, said := range b.complaints(path) {
		t.Error(said)
	}
}

// axe is a part of axe-core's answer.
type axe struct {
	Violations []struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
}

// htmlIsAccessible runs axe-core, whose file SPANAUDIT_AXE names.
func htmlIsAccessible(t *testing.T, b *browser, paths map[string]string) {
	script := os.Getenv("SPANAUDIT_AXE")
	if script == "" {
		t.Skip("needs axe-core, named by SPANAUDIT_AXE: make browser fetches it")
	}
	for name, path := range paths {
		if name == "large" {
			continue
		}
		for scheme, width := range map[string]int{"light": 360, "dark": 1600} {
			b.screen(width, scheme)
			b.open(path, "")
			// What is closed is not looked at.
			b.eval(`for (const d of document.querySelectorAll("details")) d.open = true`, nil)
			b.eval(string(read(t, script))+"; 0", nil)
			var found axe
			b.eval(`axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => ({violations: violations.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 5)}))}))`, &found)
			for _, v := range found.Violations {
				t.Errorf("%s at %d, %s: %s: %s", name, width, scheme, v.ID, v.Help)
				for _, n := range v.Nodes {
					t.Logf("  %.300s\n  %s", n.HTML, n.FailureSummary)
				}
			}
		}
	}
}

// htmlIsValid runs the Nu HTML checker, whose jar SPANAUDIT_VNU names.
func htmlIsValid(t *testing.T, b *browser, paths map[string]string) {
	jar := os.Getenv("SPANAUDIT_VNU")
	if jar == "" {
		t.Skip("needs the Nu HTML checker, named by SPANAUDIT_VNU: make browser fetches it")
	}
	// It does not see that the style and the script are allowed by their hashes;
	// the browser does.
	args := []string{"-jar", jar, "--stdout", "--filterpattern", ".*violates Content Security Policy.*"}
	for name, path := range paths {
		if name != "large" {
			args = append(args, path)
		}
	}
	if out, err := exec.Command("java", args...).Output(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
