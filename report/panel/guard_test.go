package panel

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

const testToken = "correct-horse-battery-staple"

func host(h string) func(*http.Request)   { return func(r *http.Request) { r.Host = h } }
func method(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
func header(k, v string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(k, v) }
}
func headers(kv ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(kv); i += 2 {
			r.Header.Add(kv[i], kv[i+1])
		}
	}
}

// between puts a request on a connection from one address to another.
func between(remote, local string) func(*http.Request) {
	return func(r *http.Request) {
		r.RemoteAddr = remote
		a := net.TCPAddrFromAddrPort(mustAddrPort(local))
		*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(a)))
	}
}

// Who may look without a token: this machine, and no page of another origin.
func TestWithoutATokenOnlyThisMachineIsServed(t *testing.T) {
	p := newPanel(t, Options{})
	p.State(stateAt(audit(t, "site"), 1))
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"a program", func(*http.Request) {}, 200},
		{"HEAD", method("HEAD"), 200},
		{"localhost", host("localhost:9977"), 200},
		{"LOCALHOST without a port", host("LOCALHOST"), 200},
		{"another loopback address", host("127.8.9.1:80"), 200},
		{"IPv6", host("[::1]:9977"), 200},
		{"IPv6 without a port", host("[::1]"), 200},
		{"IPv4 in IPv6", host("[::ffff:127.0.0.1]:80"), 200},
		{"a name that leads here", host("evil.example:9977"), 403},
		{"a name that begins so", host("localhost.evil.example"), 403},
		{"a name that ends so", host("evil.localhost"), 403},
		{"a name made of an address", host("127.0.0.1.evil.example:9977"), 403},
		{"no host", host(""), 403},
		{"a port alone", host(":9977"), 403},
		{"another address", host("192.0.2.1:9977"), 403},
		{"any address", host("0.0.0.0:9977"), 403},
		{"a number", host("2130706433"), 403},
		{"a zone", host("[::1%25lo]:9977"), 403},
		{"a user", host("localhost@evil.example"), 403},

		{"its own page", headers("Origin", "http://127.0.0.1:9977", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"), 200},
		{"its own page behind TLS", header("Origin", "https://127.0.0.1:9977"), 200},
		{"another port's page", header("Origin", "http://127.0.0.1:8080"), 403},
		{"another page", header("Origin", "http://evil.example"), 403},
		{"a file's page", header("Origin", "null"), 403},
		{"an empty origin", header("Origin", ""), 403},
		{"two origins", headers("Origin", "http://127.0.0.1:9977", "Origin", "http://evil.example"), 403},
		{"another scheme", header("Origin", "chrome-extension://127.0.0.1:9977"), 403},
		{"an image of another page", headers("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), 403},
		{"a frame of another page", headers("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		{"a script of another port", headers("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"), 403},
		{"a link of another page", headers("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200},
		{"an address that was typed", headers("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200},

		{"loopback to loopback", between("127.0.0.1:4000", "127.0.0.1:9977"), 200},
		{"IPv6 loopback", between("[::1]:4000", "[::1]:9977"), 200},
		{"another machine", between("192.0.2.7:4000", "192.0.2.1:9977"), 403},
		{"this machine by an address that others have, too", between("192.0.2.1:4000", "192.0.2.1:9977"), 403},
		{"another machine, somehow", between("192.0.2.7:4000", "127.0.0.1:9977"), 403},
		{"a proxy's word", func(r *http.Request) {
			between("192.0.2.7:4000", "192.0.2.1:9977")(r)
			r.Header.Set("X-Forwarded-For", "127.0.0.1")
		}, 403},

		{"POST", method("POST"), 405},
		{"PUT", method("PUT"), 405},
		{"DELETE", method("DELETE"), 405},
		{"OPTIONS", method("OPTIONS"), 405},
		{"CONNECT", method("CONNECT"), 405},
		{"TRACE", method("TRACE"), 405},
		{"a content", func(r *http.Request) { r.ContentLength = 7 }, 413},
		{"a content of no known length", func(r *http.Request) { r.ContentLength = -1 }, 413},
	} {
		for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/report.json"} {
			w := ask(p, path, c.change)
			if w.Code != c.want {
				t.Errorf("%s: %s: %d; %d is wanted", c.name, path, w.Code, c.want)
			}
			if w.Code != 200 && strings.Contains(w.Body.String(), "span0") {
				t.Errorf("%s: %s: tells something", c.name, path)
			}
		}
		if c.want != 200 {
			if w := ask(p, "/events", c.change); w.Code != c.want {
				t.Errorf("%s: /events: %d; %d is wanted", c.name, w.Code, c.want)
			}
		}
	}
	if w := ask(p, "/elsewhere"); w.Code != 404 {
		t.Errorf("%d where nothing is", w.Code)
	}
}

// With a token nothing is served without it, wherever it is asked from.
func TestWithATokenEverythingWantsIt(t *testing.T) {
	p := newPanel(t, Options{Token: testToken})
	p.State(stateAt(audit(t, "site"), 1))
	away := between("192.0.2.7:4000", "192.0.2.1:9977")
	bearer := header("Authorization", "Bearer "+testToken)
	cookie := header("Cookie", cookieName+"="+p.cookieValue())
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"nothing", func(*http.Request) {}, 401},
		{"the token", bearer, 200},
		{"the token, in the other case of its scheme", header("Authorization", "bearer "+testToken), 200},
		{"the cookie", cookie, 200},
		{"another cookie before it", header("Cookie", cookieName+"=x; "+cookieName+"="+p.cookieValue()), 200},
		{"the token as a cookie", header("Cookie", cookieName+"="+testToken), 401},
		{"the cookie as a token", header("Authorization", "Bearer "+p.cookieValue()), 401},
		{"an empty token", header("Authorization", "Bearer "), 401},
		{"no scheme", header("Authorization", testToken), 401},
		{"another scheme", header("Authorization", "Basic "+testToken), 401},
		{"a part of the token", header("Authorization", "Bearer "+testToken[:10]), 401},
		{"more than the token", header("Authorization", "Bearer "+testToken+"x"), 401},
		{"a name that leads here", func(r *http.Request) { bearer(r); r.Host = "sensor.example" }, 200},
		{"another origin", func(r *http.Request) { cookie(r); r.Header.Set("Origin", "http://evil.example") }, 403},
		{"an image of another page", func(r *http.Request) {
			cookie(r)
			headers("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors")(r)
		}, 403},
		{"POST", func(r *http.Request) { bearer(r); r.Method = "POST" }, 405},
	} {
		for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/report.json", "/elsewhere"} {
			want := c.want
			if path == "/elsewhere" && want == 200 {
				want = 404
			}
			w := ask(p, path, away, c.change)
			if w.Code != want {
				t.Errorf("%s: %s: %d; %d is wanted", c.name, path, w.Code, want)
			}
			if body := w.Body.String(); w.Code != 200 && (strings.Contains(body, "span0") || strings.Contains(body, testToken)) {
				t.Errorf("%s: %s: tells something", c.name, path)
			}
		}
		if c.want != 200 {
			if w := ask(p, "/events", c.change); w.Code != c.want {
				t.Errorf("%s: /events: %d; %d is wanted", c.name, w.Code, c.want)
			}
		}
	}
	for _, path := range []string{"/metrics?token=", "/events?token=", "/report.json?token=", "/?token=x", "/?token=x&token="} {
		if w := ask(p, path+testToken); w.Code != 401 || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d; the token in an address is only good for the page", path, w.Code)
		}
	}
}

// A reader opens the page with the token once; then the cookie is enough, and the
// token is not in the address any more.
func TestTheTokenInTheAddressGivesACookie(t *testing.T) {
	p := newPanel(t, Options{Token: testToken})
	address := "http://" + serve(t, p)
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	get := func(path string) *http.Response {
		r, err := c.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r
	}
	if r := get("/"); r.StatusCode != 401 || r.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d without the token", r.StatusCode)
	}
	r := get("/?token=" + testToken)
	set := r.Header.Get("Set-Cookie")
	for _, want := range []string{cookieName + "=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie %q has no %s", set, want)
		}
	}
	if strings.Contains(set, testToken) || r.StatusCode != 200 {
		t.Errorf("%d %s", r.StatusCode, set)
	}
	if r := get("/"); r.StatusCode != 200 {
		t.Errorf("%d with the cookie", r.StatusCode)
	}
	u, _ := url.Parse(address)
	if list := jar.Cookies(u); len(list) != 1 {
		t.Errorf("%d cookies", len(list))
	}
}

// Every answer, also one that refuses, can neither be framed nor kept nor taken
// for something else, and runs nothing that is not ours.
func TestHeaders(t *testing.T) {
	p := newPanel(t, Options{})
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/report.json", "/elsewhere", "/%zz"} {
		for _, change := range []func(*http.Request){host("127.0.0.1"), host("evil.example"), method("POST")} {
			if path == "/%zz" {
				continue // httptest makes no such request
			}
			h := ask(p, path, change).Header()
			for k, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Resource-Policy": "same-origin",
			} {
				if h.Get(k) != want {
					t.Errorf("%s: %s is %q", path, k, h.Get(k))
				}
			}
			policy := h.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
				if !strings.Contains(policy, want) {
					t.Errorf("%s: the policy %q has no %s", path, policy, want)
				}
			}
			for _, never := range []string{"unsafe", "*", "http:", "https:"} {
				if strings.Contains(policy, never) {
					t.Errorf("%s: the policy %q has %s", path, policy, never)
				}
			}
			if h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: another origin may read it", path)
			}
		}
	}
}
