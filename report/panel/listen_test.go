package panel

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func mustAddrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// Without a token nothing listens where others could ask.
func TestListen(t *testing.T) {
	for _, c := range []struct {
		address, token string
		listens        bool
	}{
		{"127.0.0.1:0", "", true},
		{"localhost:0", "", true},
		{"127.0.0.1:0", "short", true},
		{"0.0.0.0:0", "", false},
		{":0", "", false},
		{"[::]:0", "", false},
		{":0", "short", false},
		{":0", testToken, true},
		{"192.0.2.1:0", "", false},
		{"127.0.0.1", "", false},
		{"127.0.0.1:port", "", false},
	} {
		l, err := Listen(c.address, c.token)
		if (err == nil) != c.listens {
			t.Errorf("%s with %q: %v", c.address, c.token, err)
		}
		if err == nil {
			l.Close()
			continue
		}
		if c.token != "" && strings.Contains(err.Error(), c.token) {
			t.Errorf("the token stands in %q", err)
		}
	}
	if l, err := Listen("[::1]:0", ""); err == nil { // not every machine has IPv6
		l.Close()
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// Who sends too much, or nothing, is cut off.
func TestConnectionsAreBounded(t *testing.T) {
	address := serve(t, newPanel(t, Options{}))
	t.Run("a long header", func(t *testing.T) {
		c := dial(t, address)
		go io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Error(r, err)
		}
	})
	t.Run("a content", func(t *testing.T) {
		c := dial(t, address)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || r.StatusCode != http.StatusRequestEntityTooLarge || !r.Close {
			t.Error(r, err)
		}
	})
	t.Run("half a request", func(t *testing.T) {
		t.Parallel()
		c := dial(t, address)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: local")
		start := time.Now()
		io.Copy(io.Discard, c)
		if took := time.Since(start); took > 2*readWithin {
			t.Errorf("it was kept for %v", took)
		}
	})
}

// More connections than there is room for wait, and are served when others go.
func TestOnlySoManyConnections(t *testing.T) {
	address := serve(t, newPanel(t, Options{}))
	var open []net.Conn
	for range maxConnections {
		c := dial(t, address)
		io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	late := dial(t, address)
	io.WriteString(late, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	late.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if _, err := late.Read(make([]byte, 1)); err == nil {
		t.Fatal("one more is served at once")
	}
	open[0].Close()
	late.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := late.Read(make([]byte, 1)); err != nil {
		t.Error("it is not served when another went:", err)
	}
}
