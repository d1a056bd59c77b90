package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"
	"time"
)

// DialUDP returns a function that makes sockets to a server (RFC 5426).
func DialUDP(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) { return dialer().DialContext(ctx, "udp", address) }
}

// DialTCP returns a function that connects to a server (RFC 6587).
func DialTCP(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) { return dialer().DialContext(ctx, "tcp", address) }
}

// DialTLS returns a function that connects to a server by TLS (RFC 5425).
func DialTLS(address string, config *tls.Config) func(context.Context) (net.Conn, error) {
	d := &tls.Dialer{NetDialer: dialer(), Config: config}
	return func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
}

// dialer finds out within some ten seconds that a server is gone that does not
// say so, whether or not something was sent to it.
func dialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
		Control:         limitUnacknowledged,
	}
}

// Datagram leaves a message as it is.
func Datagram(message []byte) []byte { return message }

// Octets puts a message's length before it (octet counting of RFC 6587, section
// 3.4.1; RFC 5425, section 4.3).
func Octets(message []byte) []byte {
	return append(append(strconv.AppendInt(nil, int64(len(message)), 10), ' '), message...)
}

// TLSConfig returns a configuration that trusts the certificates of a PEM file, or
// with "" those of the system, and wants the server to be of the name, or with
// "" of the host that is dialled.
func TLSConfig(caFile, name string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}
	if caFile == "" {
		return c, nil
	}
	text, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return nil, errors.New("no certificate is in it: " + caFile)
	}
	return c, nil
}
