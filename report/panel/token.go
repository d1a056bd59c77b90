package panel

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
)

// cookieName is that of the page's cookie.
const cookieName = "spanaudit-panel"

// cookieValue stands for the token where a browser keeps it: the token itself is
// not on its disk.
func (p *Panel) cookieValue() string {
	mac := hmac.New(sha256.New, []byte(p.opt.Token))
	mac.Write([]byte("cookie of the panel"))
	return hex.EncodeToString(mac.Sum(nil))
}

// same compares two secrets in a time that tells neither what differs nor how
// long they are.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// authorized reports whether a request has the token, as RFC 6750, section 2.1,
// sends it, or the cookie.
func (p *Panel) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && same(strings.TrimSpace(token), p.opt.Token) {
		return true
	}
	for _, c := range r.CookiesNamed(cookieName) {
		if same(c.Value, p.cookieValue()) {
			return true
		}
	}
	return false
}

// admit gives the page's cookie to who comes with the token in the address, and
// sends it on to the address without, which is what its history keeps. It is the
// page that leads on and not a redirect: after one, the browser of somebody who
// came by a link of another site would not show a SameSite=Strict cookie.
func (p *Panel) admit(w http.ResponseWriter, r *http.Request) (done bool) {
	if r.URL.Path != "/" || !r.URL.Query().Has("token") {
		return false
	}
	if !same(r.URL.Query().Get("token"), p.opt.Token) {
		return false
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: p.cookieValue(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=/\"><title>spanaudit</title><p><a href=\"/\">The page</a></p></html>\n")
	return true
}
