package classify

import (
	"bytes"
	"net/netip"
	"strings"
)

// message reads a message whose head is h and returns what follows its body.
// left is the number of bytes from its first on.
func (r *rtspReader) message(start startLine, h head, rest []byte, left int) []byte {
	r.seen = true
	if r.rtsp.Version == "" {
		r.rtsp.Version = start.version
	}
	n, _, ok := h.contentLength()
	r.malformed = r.malformed || !ok
	body := rest[:min(n, len(rest))]
	if len(body) < n { // the line that is cut off says nothing yet
		body = body[:bytes.LastIndexByte(body, '\n')+1]
	}
	if start.status != 0 {
		r.response(start.status, h, left)
	} else {
		r.request(start, h, left)
	}
	r.common(h, left)
	if bytes.HasPrefix(body, []byte("v=0")) {
		r.description(body)
	}
	return rest[min(n, len(rest)):]
}

func (r *rtspReader) request(start startLine, h head, left int) {
	r.asked[r.side()] = true
	method := string(start.method)
	known := len(r.rtsp.Methods)
	r.rtsp.Methods = addOnce(r.rtsp.Methods, method, maxMethods)
	if method == "SETUP" || len(r.rtsp.Methods) > known {
		r.mark(method, left)
	}
	url, password := cleanURL(start.target)
	r.rtsp.URLPassword = r.rtsp.URLPassword || password
	if r.rtsp.URL == "" && url != "*" {
		r.rtsp.URL = url
	}
	if method == "SETUP" && len(r.requests) < r.maxExchanges() {
		if x := r.exchange(h, 0); !r.repeats(r.requests, x) {
			r.requests = append(r.requests, x)
		}
	}
}

func (r *rtspReader) response(status int, h head, left int) {
	r.answered[r.side()] = true
	known := len(r.rtsp.StatusCodes)
	r.rtsp.StatusCodes = addOnce(r.rtsp.StatusCodes, status, maxStatuses)
	if known == 0 {
		r.mark("response", left)
	}
	if len(r.responses) < r.maxExchanges() && (status >= 300 || h.get("Transport") != nil) {
		if x := r.exchange(h, status); !r.repeats(r.responses, x) {
			r.responses = append(r.responses, x)
		}
	}
}

func (r *rtspReader) exchange(h head, status int) rtspExchange {
	x := rtspExchange{server: r.server, cseq: text(h.get("CSeq")), status: status}
	var hosts []string
	x.transports, hosts = parseTransports(h.get("Transport"))
	for _, host := range hosts {
		r.external(host)
	}
	return x
}

// common reads the fields that requests and responses share.
func (r *rtspReader) common(h head, left int) {
	for name, value := range h.all() {
		switch {
		case named(name, "User-Agent"):
			if r.rtsp.UserAgent == "" {
				r.rtsp.UserAgent = text(value)
			}
		case named(name, "Authorization"), named(name, "Proxy-Authorization"):
			known := len(r.rtsp.Auth)
			if s := scheme(value); s != "" {
				r.rtsp.Auth = addOnce(r.rtsp.Auth, s, 8)
			}
			if len(r.rtsp.Auth) > known {
				r.mark("Authorization", left)
			}
		case named(name, "WWW-Authenticate"), named(name, "Proxy-Authenticate"):
			if s := scheme(value); s != "" {
				r.rtsp.AuthOffered = addOnce(r.rtsp.AuthOffered, s, 8)
			}
		case named(name, "Content-Base"), named(name, "Location"):
			r.external(URLHost(value))
		}
	}
}

// description reads the connection addresses of an SDP body (RFC 8866, section
// 5.7): "c=IN IP4 224.2.36.42/127".
func (r *rtspReader) description(body []byte) {
	for line := range bytes.Lines(body) {
		value, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("c="))
		if !ok {
			continue
		}
		if f := bytes.Fields(value); len(f) == 3 {
			host, _, _ := strings.Cut(text(f[2]), "/")
			r.external(strings.ToLower(host))
		}
	}
}

// external notes a host that a message names; the unspecified address, which
// leaves the choice open, names none.
func (r *rtspReader) external(host string) {
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		return
	}
	r.rtsp.External = addOnce(r.rtsp.External, host, maxExternal)
}

// mark points at the message that has left bytes from its first on.
func (r *rtspReader) mark(what string, left int) {
	if len(r.marks) == maxMarks {
		return
	}
	at := r.offset
	if !r.fixed {
		at += r.end - left
	}
	r.marks = append(r.marks, Mark{What: what, Server: r.server, Offset: at})
}
