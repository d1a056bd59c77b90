package panel

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"

	"spanaudit/report"
)

// serveJSON writes the audit so far as report.JSON does.
func (p *Panel) serveJSON(w http.ResponseWriter, r *http.Request) {
	p.serveAudit(w, r, "application/json", report.JSON)
}

// serveHTML writes the audit so far as a page.
func (p *Panel) serveHTML(w http.ResponseWriter, r *http.Request) {
	p.serveAudit(w, r, "text/html; charset=utf-8", p.opt.Render)
}

// serveAudit writes the audit so far.
func (p *Panel) serveAudit(w http.ResponseWriter, r *http.Request, kind string, render func(io.Writer, *report.Audit) error) {
	a, err := p.audit(r.Context())
	if err != nil {
		p.opt.Log.Printf("%s: %v", r.URL.Path, err)
		refuse(w, http.StatusServiceUnavailable, "the engine does not say how things stand")
		return
	}
	if a == nil {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "nothing was audited yet")
		return
	}
	text, err := p.render(r.Context(), a, render)
	if err != nil {
		p.opt.Log.Printf("%s: %v", r.URL.Path, err)
		refuse(w, http.StatusInternalServerError, "the report could not be written")
		return
	}
	w.Header().Set("Content-Type", kind)
	if policy := ownPolicy(text); policy != "" {
		w.Header().Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
	}
	w.Write(text)
}

// audit returns the audit so far; nil before there is one.
func (p *Panel) audit(ctx context.Context) (*report.Audit, error) {
	p.mu.Lock()
	s := p.state
	p.mu.Unlock()
	switch {
	case s == nil:
		return nil, nil
	case p.opt.Audit == nil:
		return s.Audit, nil
	}
	ctx, cancel := context.WithTimeout(ctx, aliveFor)
	defer cancel()
	return p.opt.Audit(ctx)
}

// render renders the audit. One is rendered at a time, because of the memory that
// it takes.
func (p *Panel) render(ctx context.Context, a *report.Audit, render func(io.Writer, *report.Audit) error) ([]byte, error) {
	select {
	case p.writing <- struct{}{}:
		defer func() { <-p.writing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var b bytes.Buffer
	err := render(&b, a)
	return b.Bytes(), err
}

// metaPolicy is the element in which a page says what it may run. Only ahead of
// the title, where nothing stands yet that the wire could have a part in, is it
// believed.
var metaPolicy = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([ !#-%'-;=?-~]*)">`)

// ownPolicy returns the policy that a page brings with it, "" where there is
// none; then nothing of it is run.
func ownPolicy(page []byte) string {
	head, _, _ := bytes.Cut(page, []byte("<title"))
	if m := metaPolicy.FindSubmatch(head[:min(len(head), 4<<10)]); m != nil {
		return string(m[1])
	}
	return ""
}
