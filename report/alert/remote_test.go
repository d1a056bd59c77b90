package alert

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// collector is a syslog server on loopback.
type collector struct {
	mu       sync.Mutex
	messages []string
	conns    []net.Conn
}

// take reads messages from a connection, framed by octet counting.
func (c *collector) take(conn net.Conn) {
	c.mu.Lock()
	c.conns = append(c.conns, conn)
	c.mu.Unlock()
	r := bufio.NewReader(conn)
	for {
		count, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(count, " "))
		if err != nil {
			c.add("no count: " + count)
			return
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(r, message); err != nil {
			return
		}
		c.add(string(message))
	}
}

func (c *collector) add(message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, message)
}

func (c *collector) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go c.take(conn)
	}
}

// hangUp closes all connections.
func (c *collector) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// ids returns the ids of what came, in order.
func (c *collector) ids(t *testing.T) (all []string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.messages {
		m, err := readSyslog(text)
		if err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		all = append(all, m.parameters["id"])
	}
	return all
}

// has reports whether the last alert is the one before id(to).
func (c *collector) has(t *testing.T, to int) bool {
	got := c.ids(t)
	return len(got) > 0 && got[len(got)-1] == id(to-1)
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestSyslogOverUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := open(t, "syslog://"+conn.LocalAddr().String()+"?facility=local3", world(t))
	buf := make([]byte, 65536)
	for i := range 20 {
		tell(t, s, i, i+1)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := readSyslog(string(buf[:n])); err != nil || m.parameters["id"] != id(i) || m.priority != "155" {
			t.Fatalf("%v: %q", err, buf[:n])
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Told != 20 || got.Resent != 0 || got.Failed != 0 {
		t.Errorf("%+v", got)
	}
}

// A port that nobody listens on says so; what was sent there is sent again.
func TestSyslogOverUDPToAServerThatComesLater(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := conn.LocalAddr().String()
	conn.Close()
	s := open(t, "syslog://"+address, world(t))
	tell(t, s, 0, 50)
	wait(t, "it is noticed that nobody is there", func() bool { return s.Stats().Failed > 1 })
	if conn, err = net.ListenPacket("udp", address); err != nil {
		t.Skip(err)
	}
	defer conn.Close()
	var got []string
	buf := make([]byte, 65536)
	for len(got) == 0 || got[len(got)-1] != id(49) {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			t.Fatalf("%v after %q, %+v", err, got, s.Stats())
		}
		m, err := readSyslog(string(buf[:n]))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.parameters["id"])
	}
	inOrder(t, got, 0, 50)
}

func TestSyslogOverTCP(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	var c collector
	go c.serve(l)
	s := open(t, "syslog+tcp://"+l.Addr().String(), world(t))
	tell(t, s, 0, 300)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, "all are there", func() bool { return c.has(t, 300) })
	inOrder(t, c.ids(t), 0, 300)
	if got := s.Stats(); got.Told != 300 || got.Failed != 0 || got.Resent != 0 {
		t.Errorf("%+v", got)
	}
}

func TestCEFOverTCP(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	var c collector
	go c.serve(l)
	s := open(t, "syslog+tcp://"+l.Addr().String()+"?format=cef", world(t))
	tell(t, s, 0, 1)
	s.Close()
	wait(t, "it is there", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.messages) == 1 })
	m, err := readSyslog(c.messages[0])
	if err != nil {
		t.Fatal(err)
	}
	head, ext := readCEF(t, m.said)
	if head[3] != "1.0.0" || ext["externalId"] != id(0) {
		t.Errorf("%q %q", head, ext)
	}
}

func TestNothingIsLostWhileTheServerIsAway(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	address := l.Addr().String()
	l.Close()
	s := open(t, "syslog+tcp://"+address, world(t))
	tell(t, s, 0, 1000)
	wait(t, "it is noticed that nobody is there", func() bool { got := s.Stats(); return got.Failed > 2 && got.Failing })
	if got := s.Stats(); got.Dropped != 0 || got.Told != 0 || got.Waiting < 999 {
		t.Errorf("while it is away: %+v", got)
	}
	var c collector
	go c.serve(listen(t, address))
	wait(t, "all are there", func() bool { return c.has(t, 1000) })
	inOrder(t, c.ids(t), 0, 1000)
}

func TestAQueueThatIsFullCountsWhatIsDropped(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	address := l.Addr().String()
	l.Close()
	s := open(t, "syslog+tcp://"+address+"?queue=10", world(t))
	dropped := 0
	for i := range 100 {
		if errors.Is(s.Tell(newAlert(id(i))), ErrFull) {
			dropped++
		}
	}
	if got := s.Stats(); dropped < 85 || got.Dropped != uint64(dropped) {
		t.Errorf("%d were refused, %+v", dropped, got)
	}
	began := time.Now()
	if err := s.Close(); err == nil || time.Since(began) > Grace+2*time.Second {
		t.Errorf("Close of what cannot be told: %v after %s", err, time.Since(began))
	}
	if got := s.Stats(); got.Dropped != 100 || got.Told != 0 || got.Waiting != 0 {
		t.Errorf("%+v", got)
	}
}

// A server that goes away with messages that it did not read gets them again.
func TestAServerThatRestartsGetsAllInOrder(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	address := l.Addr().String()
	var c collector
	gone := make(chan struct{})
	go func() { // it reads nothing, and hangs up
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.(*net.TCPConn).SetReadBuffer(1 << 20)
		<-gone
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
		l.Close()
	}()
	s := open(t, "syslog+tcp://"+address, world(t))
	tell(t, s, 0, 20)
	wait(t, "twenty are sent", func() bool { return s.Stats().Told == 20 })
	close(gone)
	wait(t, "that is noticed", func() bool { return s.Stats().Failed > 0 })
	tell(t, s, 20, 40)
	go c.serve(listen(t, address))
	wait(t, "all are there", func() bool { return c.has(t, 40) })
	inOrder(t, c.ids(t), 0, 40)
	if got := s.Stats(); got.Resent < 20 || got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
}

// With a server that hangs up again and again each alert arrives, and the first
// time that each does they are in order.
func TestAServerThatKeepsHangingUpMissesNothing(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	var c collector
	go c.serve(l)
	s := open(t, "syslog+tcp://"+l.Addr().String(), world(t))
	for i := range 6 {
		tell(t, s, i*20, i*20+20)
		wait(t, "they are sent", func() bool { return s.Stats().Told == uint64(i*20+20) })
		c.hangUp()
		wait(t, "it is back", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.conns) == 1 })
	}
	s.Close()
	wait(t, "the last is there", func() bool { return slices.Contains(c.ids(t), id(119)) })
	var first []string
	for _, got := range c.ids(t) {
		if !slices.Contains(first, got) {
			first = append(first, got)
		}
	}
	inOrder(t, first, 0, 120)
}

// A server that accepts and reads nothing does not hold Tell or Close up.
func TestAServerThatDoesNotReadDoesNotHoldUp(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.(*net.TCPConn).SetReadBuffer(1)
			t.Cleanup(func() { conn.Close() })
		}
	}()
	s := open(t, "syslog+tcp://"+l.Addr().String()+"?queue=100", world(t))
	stuck := func() bool { // the queue is full, and stays so
		before := s.Stats().Told
		time.Sleep(100 * time.Millisecond)
		return errors.Is(s.Tell(newAlert("f")), ErrFull) && s.Stats().Told == before
	}
	for i := 0; i%1000 != 0 || !stuck(); i++ {
		s.Tell(newAlert(id(i)))
		if len(s.(*Remote).alerts) > 90 {
			time.Sleep(100 * time.Microsecond)
		}
	}
	began := time.Now()
	if err := s.Close(); err == nil || time.Since(began) > Grace+2*time.Second {
		t.Errorf("Close: %v after %s", err, time.Since(began))
	}
}

// authority makes a CA, as a PEM file, and a server's certificate by it.
func authority(t *testing.T, host string) (file string, server tls.Certificate) {
	t.Helper()
	make := func(template, parent *x509.Certificate, by *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if by == nil {
			by = key
		}
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		return der, key
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, caKey := make(ca, ca, nil)
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	if host != "" {
		leaf.IPAddresses = nil
	}
	der, key := make(leaf, parsed, caKey)
	file = t.TempDir() + "/ca.pem"
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestSyslogOverTLS(t *testing.T) {
	ca, cert := authority(t, "logs.example.com")
	l := tls.NewListener(listen(t, "127.0.0.1:0"), &tls.Config{Certificates: []tls.Certificate{cert}})
	var c collector
	go c.serve(l)
	s := open(t, fmt.Sprintf("syslog+tls://%s?ca=%s&name=logs.example.com", l.Addr(), ca), world(t))
	tell(t, s, 0, 50)
	wait(t, "fifty are there", func() bool { return c.has(t, 50) })
	c.hangUp()
	wait(t, "it is back", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.conns) == 1 })
	tell(t, s, 50, 100)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, "all are there", func() bool { return c.has(t, 100) })
	got := c.ids(t)
	inOrder(t, got[:50], 0, 50)
	inOrder(t, got[len(got)-100:], 0, 100) // the first fifty may have been lost
}

func TestAServerThatIsNotTrustedIsToldNothing(t *testing.T) {
	ca, cert := authority(t, "logs.example.com")
	l := tls.NewListener(listen(t, "127.0.0.1:0"), &tls.Config{Certificates: []tls.Certificate{cert}})
	var c collector
	go c.serve(l)
	var sinks Sinks
	for _, options := range []string{"?ca=" + ca, "?name=logs.example.com", "?ca=" + ca + "&name=other.example.com"} {
		s := open(t, "syslog+tls://"+l.Addr().String()+options, world(t))
		sinks = append(sinks, s)
		tell(t, s, 0, 1)
		wait(t, "it fails", func() bool { return s.Stats().Failed > 1 })
		if got := s.Stats(); got.Told != 0 || !strings.Contains(got.Error, "certificate") {
			t.Errorf("%s: %+v", options, got)
		}
	}
	sinks.Close()
	if len(c.messages) != 0 {
		t.Errorf("it got %q", c.messages)
	}
}
