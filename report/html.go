package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spanaudit/rules"
)

// htmlFiles are the page's templates, its style and its script.
//
//go:embed html
var htmlFiles embed.FS

// HTML writes the audit as one page for people who were not there: it needs no
// other file and nothing of the network, can be read on paper and without
// JavaScript, and says how to check it. It is the same bytes for the same audit.
// Text from the wire is written as by Line.
func HTML(w io.Writer, a *Audit) error {
	p, err := newHTMLPage(a)
	if err != nil {
		return err
	}
	t, err := template.New("").Funcs(htmlFuncs()).ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page.tmpl", p); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// htmlPage is what the templates are given. Its methods, one file for each part
// of the page, say what stands there; the templates say how.
type htmlPage struct {
	*Audit // with its text as Line writes it
	asRead *Audit

	Policing template.HTML // the meta element of the Content-Security-Policy
	Style    template.HTML // the style element
	Script   template.HTML // the script element

	docs     map[string]rules.Doc
	ruleIDs  map[string]string // the elements' ids by rule
	findings []htmlFinding     // once they are asked for
}

func newHTMLPage(a *Audit) (*htmlPage, error) {
	css, err := htmlFiles.ReadFile("html/report.css")
	if err != nil {
		return nil, err
	}
	js, err := htmlFiles.ReadFile("html/report.js")
	if err != nil {
		return nil, err
	}
	p := &htmlPage{
		Audit: shown(a), asRead: a,
		// Only this style and this script hold, whatever text of the audit comes to.
		Policing: template.HTML(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src ` + cspHash(css) +
			`; script-src ` + cspHash(js) + `; base-uri 'none'; form-action 'none'">`),
		Style:   template.HTML("<style>" + string(css) + "</style>"),
		Script:  template.HTML("<script>" + string(js) + "</script>"),
		docs:    docsByRule(),
		ruleIDs: map[string]string{},
	}
	var seen anchors
	for _, q := range p.Requirements {
		if p.ruleIDs[q.Rule] == "" {
			p.ruleIDs[q.Rule] = seen.id("rule", q.Rule)
		}
	}
	return p, nil
}

// cspHash names the content of an inline element, as Content Security Policy
// Level 3, section 2.3.1, spells it.
func cspHash(content []byte) string {
	sum := sha256.Sum256(content)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// anchors hands out ids of elements, each once; it counts how often each was asked
// for.
type anchors map[string]int

// plainID is what may stand in an id, and in the fragment of a URL, as it is.
var plainID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$`)

// id returns the id of the element that shows what the text names. Any text that
// is not plain gives one that is.
func (a *anchors) id(kind, text string) string {
	if !plainID.MatchString(text) {
		sum := sha256.Sum256([]byte(text))
		text = hex.EncodeToString(sum[:8])
	}
	if *a == nil {
		*a = anchors{}
	}
	wanted := kind + "-" + text
	id := wanted
	for (*a)[id] > 0 {
		(*a)[wanted]++
		id = wanted + "-" + strconv.Itoa((*a)[wanted])
	}
	(*a)[id]++
	return id
}

func htmlFuncs() template.FuncMap {
	return template.FuncMap{
		"verdict":    newHTMLVerdict,
		"number":     thousands,
		"count":      count[uint64],
		"second":     func(t Instant) string { return t.UTC().Format(time.DateTime) },
		"join":       func(list []string) string { return strings.Join(list, ", ") },
		"device":     deviceText,
		"peer":       peerText,
		"waived":     waived,
		"capital":    capital,
		"frameworks": frameworks,
	}
}
