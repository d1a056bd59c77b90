package panel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// DefaultAddress is one that only this machine reaches.
const DefaultAddress = "127.0.0.1:9977"

// minToken is how long a token must be that strangers may try to guess.
const minToken = 16

// Listen listens at a TCP address, "host:port". One that others than this machine
// reach, as is one without a host, needs a token of at least 16 bytes. What is
// sent over it is not encrypted: where the network is not trusted, wrap the
// listener by crypto/tls.
func Listen(address, token string) (net.Listener, error) {
	at, err := net.ResolveTCPAddr("tcp", address)
	switch {
	case err != nil:
		return nil, err
	case at.IP.IsLoopback():
	case token == "":
		return nil, fmt.Errorf("others than this machine can reach %s: give a token, or an address such as %s", address, DefaultAddress)
	case len(token) < minToken:
		return nil, fmt.Errorf("others than this machine can reach %s, and could guess the token: give one of at least %d characters", address, minToken)
	}
	return net.ListenTCP("tcp", at)
}

// What a connection may take.
const (
	maxConnections = 128
	maxHeader      = 16 << 10
	readWithin     = 5 * time.Second
	answerWithin   = time.Minute // the stream of events sets its own
	idleFor        = time.Minute
)

// Serve serves a listener until Close, which closes it; then it returns nil. At
// most 128 connections are taken at a time: others wait.
func (p *Panel) Serve(l net.Listener) error {
	s := &http.Server{
		Handler: p.handler, ErrorLog: p.opt.Log, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: readWithin, ReadTimeout: 2 * readWithin, WriteTimeout: answerWithin, IdleTimeout: idleFor,
	}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.servers = append(p.servers, s)
	}
	p.mu.Unlock()
	if closed {
		l.Close()
		return nil
	}
	err := s.Serve(&fewAtATime{Listener: l, room: make(chan struct{}, maxConnections), done: make(chan struct{})})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// shut ends a server: what is being answered has a second.
func shut(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.Shutdown(ctx) == nil {
		return nil
	}
	return s.Close()
}

// fewAtATime is a listener that bounds the connections that are open, so that
// nobody can take the file descriptors of the sensor.
type fewAtATime struct {
	net.Listener
	room   chan struct{}
	done   chan struct{}
	closed sync.Once
}

func (l *fewAtATime) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	return &oneOfFew{Conn: c, leave: sync.OnceFunc(func() { <-l.room })}, nil
}

func (l *fewAtATime) Close() error {
	l.closed.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type oneOfFew struct {
	net.Conn
	leave func()
}

func (c *oneOfFew) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
