package alert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// PostOptions say to where requests are posted.
type PostOptions struct {
	URL    *url.URL    // https, or http to this machine; what is in it is a secret but for the host
	Secret []byte      // to sign with; without, nothing is signed
	Agent  string      // User-Agent
	TLS    *tls.Config // nil for the system's certificates
	Now    func() time.Time
}

// Poster posts JSON to one server. It follows no redirects: alerts go to the
// server that was named, or wait.
type Poster struct {
	options PostOptions
	client  http.Client
}

const (
	postTimeout   = 15 * time.Second // of all of a request
	maxRetryAfter = time.Hour        // that a server can ask for
	maxAnswer     = 64 << 10         // octets that are read of it
)

// NewPoster returns a Poster. To http it goes by no proxy, and only to addresses
// of this machine, whatever its name resolves to.
func NewPoster(o PostOptions) *Poster {
	d := &net.Dialer{Timeout: dialTimeout}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: d.DialContext, TLSClientConfig: o.TLS, TLSHandshakeTimeout: dialTimeout,
		MaxConnsPerHost: 1, MaxResponseHeaderBytes: maxAnswer, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
	if o.URL.Scheme == "http" {
		t.Proxy, d.Control = nil, onlyLoopback
	}
	p := &Poster{options: o}
	p.client = http.Client{
		Transport: t, Timeout: postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

func onlyLoopback(_, address string, _ syscall.RawConn) error {
	if a, err := netip.ParseAddrPort(address); err != nil || !a.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is not of this machine; use https", address)
	}
	return nil
}

// later is an error of a server that says when to come again.
type later struct {
	error
	wait time.Duration
}

// retryAfter returns how long to wait: as long as the server wants, or as long as
// was planned, whichever is longer.
func retryAfter(err error, planned time.Duration) time.Duration {
	var l later
	if errors.As(err, &l) {
		return max(planned, l.wait)
	}
	return planned
}

// post posts a body. Its error is hopeless where the server answers that the
// request will not be taken: 4xx, but for 408 and 429. A redirect is no such
// answer: what is posted there waits until the address is put right.
func (p *Poster) post(ctx context.Context, key string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.options.URL.String(), bytes.NewReader(body))
	if err != nil {
		return hopeless{withoutURL(err)}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", p.options.Agent)
	r.Header.Set("Idempotency-Key", key)
	if len(p.options.Secret) > 0 {
		r.Header.Set(SignatureHeader, Sign(p.options.Secret, p.options.Now(), body))
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	says := fmt.Errorf("the server answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	switch code := answer.StatusCode; {
	case 200 <= code && code < 300:
		return nil
	case 300 <= code && code < 400:
		return fmt.Errorf("%w, which is not followed: give the address that it redirects to", says)
	case 400 <= code && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests:
		return hopeless{says}
	}
	return later{says, p.asked(answer.Header.Get("Retry-After"))}
}

// asked reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date.
func (p *Poster) asked(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(p.options.Now()), 0), maxRetryAfter)
	}
	return 0
}

// withoutURL returns an error without the URL, whose path is a secret of many
// services.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// idempotencyKey names a request: the same as long as it is in the spool.
func idempotencyKey(serial uint64, body []byte) string {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, serial))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil)[:16])
}
