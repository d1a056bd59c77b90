package panel

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
)

// pageFiles are the page's template, its style and its script.
//
//go:embed page
var pageFiles embed.FS

// look is how the page is written.
type look struct {
	page          *template.Template
	policy        string // the Content-Security-Policy: only this style and this script
	style, script template.HTML
}

func newLook() (*look, error) {
	css, err := pageFiles.ReadFile("page/panel.css")
	if err != nil {
		return nil, err
	}
	js, err := pageFiles.ReadFile("page/panel.js")
	if err != nil {
		return nil, err
	}
	page, err := template.ParseFS(pageFiles, "page/panel.tmpl")
	if err != nil {
		return nil, err
	}
	return &look{
		page: page,
		policy: nothing + "; connect-src 'self'; img-src data:; style-src " + hashSource(css) +
			"; script-src " + hashSource(js),
		style:  template.HTML("<style>" + string(css) + "</style>"),
		script: template.HTML("<script>" + string(js) + "</script>"),
	}, nil
}

// hashSource names the content of an inline element, as Content Security Policy
// Level 3, section 2.3.1, spells it.
func hashSource(content []byte) string {
	sum := sha256.Sum256(content)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// maxCards bounds the findings on the page; its script keeps to it, too.
const maxCards = 100

// page is what the template is given.
type page struct {
	*view
	Name, Version string
	Run           string
	Title         string
	Cards         []card
	Style, Script template.HTML
	HasReport     bool
}

// servePage writes the page with everything as it stands, so that it can be read
// without its script, which keeps it up to date.
func (p *Panel) servePage(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := p.look.page.Execute(&b, p.page()); err != nil {
		p.opt.Log.Printf("%s: %v", r.URL.Path, err)
		refuse(w, http.StatusInternalServerError, "the page could not be written")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.look.policy)
	w.Write(b.Bytes())
}

func (p *Panel) page() *page {
	p.mu.Lock()
	v, run, s := p.view(), p.told.run, p.state
	told := append([]card(nil), p.told.kept...)
	p.mu.Unlock()
	now := &page{
		view: v, Name: p.tool.Name, Version: p.tool.Version, Run: run, Title: "Sensor",
		Style: p.look.style, Script: p.look.script, HasReport: p.opt.Render != nil,
	}
	if s == nil {
		now.Cards = newest(told, nil, maxCards)
		return now
	}
	now.Cards = newest(told, s.Audit, maxCards)
	if s.Interface != "" {
		now.Title = "Sensor at " + clip(s.Interface, 40)
	}
	return now
}
