package classify

import (
	"bytes"
	"strconv"
	"strings"
)

// message reads one message and returns what follows it; nothing does when its
// body goes on to the end or when what follows is no message.
func (r *httpReader) message(b []byte) []byte {
	if b[0] == '\r' || b[0] == '\n' {
		return b[1:]
	}
	line, _, whole := cutLine(b)
	start, ok := r.start(line)
	if !whole || !ok {
		r.leave(b)
		return nil
	}
	r.seen = true
	h, rest := readHead(b)
	r.endless = r.endless || h.endless(b)
	if opensTunnel(h) {
		r.leave(b)
	}
	if start.status != 0 {
		return r.response(start, h, b, rest)
	}
	return r.request(start, h, b, rest)
}

// maxRequests bounds the requests whose responses are told apart.
const maxRequests = 1024

func (r *httpReader) request(start startLine, h head, b, rest []byte) []byte {
	left := len(b)
	method := string(start.method)
	known := len(r.http.Methods)
	r.http.Methods = addOnce(r.http.Methods, method, maxMethods)
	if len(r.http.Methods) > known {
		r.mark(method, left)
	}
	if len(r.requests) < maxRequests {
		r.requests = append(r.requests, method)
	}
	r.upgrade = nil
	if isWebSocket(h) {
		r.upgrade = b
	}
	path, query := r.target(method, start.target)
	if r.http.Path == "" {
		r.http.Path = path
	}
	if r.http.Host == "" {
		r.http.Host = hostOf(method, start.target, h)
	}
	r.credentials(h, left)
	r.signature(query, h, left)
	switch {
	case method == "CONNECT":
		return rest
	case r.httpConn.client != nil:
		return nil
	}
	return r.body(h, rest)
}

// target splits a request target (RFC 9112, section 3.2) into path and query,
// and notes user information in it.
func (r *httpReader) target(method string, target []byte) (path string, query []byte) {
	whole, query, _ := bytes.Cut(target, []byte{'?'})
	path, password := cleanURL(whole)
	_, inQuery := cleanURL(target)
	r.http.URLPassword = r.http.URLPassword || password || inQuery
	if _, rest, ok := strings.Cut(path, "://"); ok {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	if method == "CONNECT" {
		path = ""
	}
	return path, query
}

// hostOf returns the host that a request is for, without its port: of the
// target where that names one, which overrules the field (RFC 9112, section
// 3.2.2).
func hostOf(method string, target []byte, h head) string {
	host := h.get("Host")
	switch {
	case bytes.Contains(target, []byte("://")):
		return URLHost(target)
	case method == "CONNECT":
		host = target
	}
	return URLHost(append([]byte("http://"), host...))
}

func (r *httpReader) credentials(h head, left int) {
	for name, value := range h.all() {
		switch {
		case named(name, "User-Agent"):
			if r.http.UserAgent == "" {
				r.http.UserAgent = text(value)
			}
		case named(name, "SOAPAction"):
			r.action(value, left)
		case named(name, "Authorization"), named(name, "Proxy-Authorization"):
			if scheme(value) == "basic" && !r.http.BasicAuth {
				r.http.BasicAuth = true
				r.mark("Authorization", left)
			}
		case named(name, "Referer"):
			_, password := cleanURL(value)
			r.http.URLPassword = r.http.URLPassword || password
		}
	}
}

const maxActions = 8

// action notes the name behind the '#' of a SOAPAction (UPnP Device Architecture
// 2.0, section 3.2.1): "urn:…:service:WANIPConnection:1#AddPortMapping".
func (r *httpReader) action(value []byte, left int) {
	service, name, ok := bytes.Cut(bytes.Trim(value, `"`), []byte{'#'})
	if !ok || !bytes.HasPrefix(service, []byte("urn:")) || !isToken(name) || len(name) > 64 {
		return
	}
	known := len(r.http.Actions)
	if r.http.Actions = addOnce(r.http.Actions, string(name), maxActions); len(r.http.Actions) > known {
		r.mark(string(name), left)
	}
}

func (r *httpReader) response(start startLine, h head, b, rest []byte) []byte {
	if r.http.StatusCode < 200 && (r.http.StatusCode == 0 || start.status >= 200) {
		r.http.StatusCode = start.status
		r.mark("response", len(b))
	}
	if start.status == 101 {
		r.http.Upgrade = strings.ToLower(text(h.get("Upgrade")))
		if r.leave(rest); isWebSocket(h) {
			r.leave(b)
		}
		return nil
	}
	if start.status < 200 {
		return rest
	}
	_, given, _ := h.contentLength()
	switch {
	case r.httpConn.server != nil:
		return nil
	case r.isBodiless(start.status):
		return rest
	case !given && !isChunked(h): // to the end of the connection
		r.leave(rest)
		return nil
	}
	return r.body(h, rest)
}

// isBodiless reports whether the next final response, of the given status, has
// no body (RFC 9112, section 6.3).
func (r *httpReader) isBodiless(status int) bool {
	method := ""
	if r.responses < len(r.requests) {
		method = r.requests[r.responses]
	}
	r.responses++
	return status == 204 || status == 304 || method == "HEAD" || method == "CONNECT" && status < 300
}

// body skips a message's body (RFC 9112, section 6.3).
func (r *httpReader) body(h head, rest []byte) []byte {
	if isChunked(h) {
		return skipChunks(rest)
	}
	n, _, ok := h.contentLength()
	r.malformed = r.malformed || !ok
	return rest[min(n, len(rest)):]
}

func isChunked(h head) bool {
	return strings.HasSuffix(strings.ToLower(text(h.get("Transfer-Encoding"))), "chunked")
}

// skipChunks skips a chunked body with its trailers (RFC 9112, section 7.1).
func skipChunks(b []byte) []byte {
	for {
		line, rest, ok := cutLine(b)
		size, _, _ := bytes.Cut(line, []byte{';'})
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if !ok || err != nil || n > uint64(len(rest)) {
			return nil
		}
		b = rest[n:]
		if n == 0 {
			break
		}
		if _, b, ok = cutLine(b); !ok {
			return nil
		}
	}
	for {
		line, rest, ok := cutLine(b)
		if b = rest; !ok || len(line) == 0 {
			return b
		}
	}
}

// mark points at the message that has left bytes from its first on.
func (r *httpReader) mark(what string, left int) {
	if len(r.marks) < maxMarks {
		r.marks = append(r.marks, Mark{What: what, Server: r.server, Offset: r.end - left})
	}
}
