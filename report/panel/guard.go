package panel

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// nothing is the Content-Security-Policy of all that is no page.
const nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// harden sets the headers that every answer has.
func harden(h http.Header) {
	h.Set("Content-Security-Policy", nothing)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// guard decides who is served. Nothing behind it needs to ask again.
func (p *Panel) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		if status, why := p.refused(r); status != 0 {
			if status == http.StatusMethodNotAllowed {
				w.Header().Set("Allow", "GET, HEAD")
			}
			w.Header().Set("Connection", "close")
			refuse(w, status, why)
			return
		}
		if p.opt.Token != "" && !p.authorized(r) {
			if p.admit(w, r) {
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="spanaudit"`)
			refuse(w, http.StatusUnauthorized, "the token is wanted: as the header Authorization: Bearer TOKEN or, once in a browser, as /?token=TOKEN")
			return
		}
		if p.opt.Token != "" && p.admit(w, r) { // the cookie is there already; the address is to lose the token
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refused says why a request is not served whoever sends it; the status is 0
// where nothing speaks against it.
func (p *Panel) refused(r *http.Request) (status int, why string) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return http.StatusMethodNotAllowed, "nothing can be changed here: only GET and HEAD are served"
	case r.ContentLength != 0:
		return http.StatusRequestEntityTooLarge, "a request has no content here"
	case p.opt.Token == "" && !isLoopbackConnection(r):
		return http.StatusForbidden, "without a token only this machine is served"
	case p.opt.Token == "" && !isLoopbackHost(r.Host):
		// A name that somebody else's DNS has lead here (DNS rebinding).
		return http.StatusForbidden, "without a token the host of the address must be localhost or a loopback address"
	case !isOwnOrigin(r):
		return http.StatusForbidden, "pages of other origins are not served"
	}
	return 0, ""
}

// isLoopbackConnection reports whether both ends of a connection are this
// machine; one whose ends are not known, as in a test, is taken to be.
func isLoopbackConnection(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		remote, err := netip.ParseAddrPort(r.RemoteAddr)
		return err == nil && local.IP.IsLoopback() && remote.Addr().Unmap().IsLoopback()
	}
	return true
}

// isLoopbackHost reports whether the Host of a request (RFC 9110, section 7.2)
// can only be this machine.
func isLoopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	} else {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}

// isOwnOrigin reports whether a request comes from this origin, from no page at
// all, or from a reader who follows a link.
func isOwnOrigin(r *http.Request) bool {
	if list, sent := r.Header["Origin"]; sent {
		if len(list) != 1 {
			return false
		}
		origin, err := url.Parse(list[0])
		if err != nil || !strings.EqualFold(origin.Host, r.Host) || origin.Scheme != "http" && origin.Scheme != "https" {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") { // Fetch Metadata Request Headers, section 2.4
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	}
	return true
}
