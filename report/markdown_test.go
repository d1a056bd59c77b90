package report

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"spanaudit/fixtures/hostile"
)

func TestMd(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"a plain sentence, with (some) punctuation: 0.5%.": "a plain sentence, with (some) punctuation: 0.5%.",
		"10.20.0.10:443 at 10:01:00":                       "10.20.0.10:443 at 10:01:00",
		"cam-01 (fd00::21), sent":                          "cam-01 (`fd00::21`), sent",
		`he said "<b>".`:                                   "he said \"`<b>`\".",
		"@octocat see #1":                                  "`@octocat` see `#1`",
		"a|b `c`":                                          "`a\\x7cb \\x60c\\x60`",
		"http://evil.example www.evil.example":             "`http://evil.example www.evil.example`",
		"- item":                                           "`-` item",
		"1. item":                                          "`1`. item",
		"GH-1 deadbeef1 :tada: 1:100:2":                    "`GH-1 deadbeef1 :tada`: `1:100:2`",
		"x\nGET /":                                         "`x\\nGET` /",
	} {
		if got := md(in); got != want {
			t.Errorf("md(%q) = %s, want %s", in, got, want)
		}
	}
}

var codeSpan = regexp.MustCompile("`[^`]*`")

// Outside of code nothing stands but words and the markup that the form itself
// makes, whatever the text is.
func TestMarkdownOfHostileTextIsWords(t *testing.T) {
	for _, text := range hostile.Texts() {
		for line := range strings.Lines(form{"", Markdown}.of(t, fill(text))) {
			rest := codeSpan.ReplaceAllString(strings.TrimSuffix(line, "\n"), "x")
			rest = strings.TrimLeft(strings.NewReplacer("<br>", "", "**", "", "*Waived:*", "", "|", "").Replace(rest), "#")
			if i := strings.IndexAny(rest, "`\\[]{}<>@#&_~$^=+"); i >= 0 {
				t.Errorf("%q: %q stands in %s", text, rest[i], line)
			}
			if lower := strings.ToLower(rest); strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
				t.Errorf("%q: a link in %s", text, line)
			}
		}
	}
}

// cmark-gfm is GitHub's own renderer of its Markdown.
func TestMarkdownOfHostileTextMakesNoElement(t *testing.T) {
	if _, err := exec.LookPath("cmark-gfm"); err != nil {
		t.Skip("cmark-gfm is not installed")
	}
	tag := regexp.MustCompile(`<[^>]*>`)
	tags := func(html string) string { return strings.Join(tag.FindAllString(withoutCode(html), -1), "") }
	want := tags(rendered(t, fill("word")))
	for _, text := range hostile.Texts() {
		html := rendered(t, fill(text))
		if got := tags(html); got != want {
			t.Errorf("%q makes other elements than a word does: %s", text, firstOther(want, got))
		}
		if i := strings.IndexAny(tag.ReplaceAllString(withoutCode(html), ""), "@#`|*"); i >= 0 {
			t.Errorf("%q: text outside of code: %.80s", text, tag.ReplaceAllString(withoutCode(html), "")[i:])
		}
	}
}

// withoutCode leaves out what stands in code, which GitHub looks for nothing in.
func withoutCode(html string) string {
	return regexp.MustCompile(`(?s)<code>.*?</code>`).ReplaceAllString(html, "x")
}

func rendered(t *testing.T, a *Audit) string {
	t.Helper()
	c := exec.Command("cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough")
	c.Stdin = strings.NewReader(form{"", Markdown}.of(t, a))
	html, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

func firstOther(want, got string) string {
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	return got[max(0, i-20):min(len(got), i+60)]
}

func TestMarkdownHasEveryFindingAndItsFrames(t *testing.T) {
	a := siteAudit()
	a.Findings[0].Context = []Evidence{{"site.pcapng", 12, 1, "DNS answer"}}
	text := form{"", Markdown}.of(t, a)
	for _, want := range []string{
		"### critical: `rtsp-boundary`", "`f-1`", "`site.pcapng` 240<br>rests on `site.pcapng` 12", "`broken.pcap` 3", "What to do: Remove the port forward.",
		"*Waived:* until 2027-01-31 by W-7: replacement ordered", "**not read whole:** record 13 is cut off",
		"| fail, waived | `egress-allow-list` |", "`TLS_RSA_WITH_AES_128_CBC_SHA`", "The capture itself lost 3 packets", "W-3 (tls-version) matches no finding",
		"| S1 | procedures protect the service | not observable |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}
