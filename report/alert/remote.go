package alert

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// RemoteOptions say to which server a Remote sends what.
type RemoteOptions struct {
	Form  Form // one message; Octets frames it where the transport has no datagrams
	Dial  func(context.Context) (net.Conn, error)
	Frame func(message []byte) []byte
	Now   func() time.Time
}

// Remote is a sink that sends messages to a server that answers nothing, as those
// of syslog do. While the server is away alerts wait in the queue. What had been
// sent shortly before the connection broke may not have arrived; it is sent
// again, in order, so that the server may have it twice and, but for UDP, is
// never without it.
type Remote struct{ *queue }

// NewRemote returns a Remote, which connects at once.
func NewRemote(o RemoteOptions, q QueueOptions) *Remote {
	r := &Remote{newQueue(q)}
	r.start(func(ctx context.Context) {
		r.run(ctx, &connection{options: o, bound: cap(r.alerts), resent: func() { r.count(func(s *Stats) { s.Resent++ }) }})
	})
	return r
}

const (
	// unsureFor is how long after it was sent a message may be lost with its
	// connection. It is longer than a connection without answer lives.
	unsureFor = 15 * time.Second
	// probation is how long a connection that was made again is watched after
	// its first message: a port that nobody listens on says so.
	probation = 250 * time.Millisecond

	dialTimeout  = 10 * time.Second
	writeTimeout = 10 * time.Second
)

// connection is an output over the network.
type connection struct {
	options RemoteOptions
	bound   int // of unsure
	resent  func()

	conn   net.Conn
	gone   chan struct{} // closed when the peer has closed conn, or is not there
	since  time.Time     // when conn was made
	serial int           // of conn
	unsure []sent        // the last messages, in order
}

// sent is a message, and when it was sent over which connection.
type sent struct {
	message []byte
	at      time.Time
	serial  int
}

func (c *connection) send(ctx context.Context, a *Alert) error {
	message, err := c.options.Form(a)
	if err != nil {
		return hopeless{err}
	}
	message = c.options.Frame(message)
	if err := c.mend(ctx); err != nil {
		return err
	}
	if err := c.write(ctx, message); err != nil {
		return err
	}
	c.forget()
	if len(c.unsure) == c.bound {
		c.unsure = c.unsure[1:]
	}
	c.unsure = append(c.unsure, sent{message, c.options.Now(), c.serial})
	return nil
}

// forget drops what has arrived, as far as one can tell while conn is well.
func (c *connection) forget() {
	n := 0
	for n < len(c.unsure) && c.unsure[n].serial == c.serial && c.options.Now().Sub(c.unsure[n].at) > unsureFor {
		n++
	}
	c.unsure = c.unsure[n:]
}

// broken returns a closed channel where there is no connection.
func (c *connection) broken() <-chan struct{} {
	if c.conn == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	return c.gone
}

// mend connects, unless the connection is well, and sends again what may be lost.
func (c *connection) mend(ctx context.Context) error {
	if c.conn != nil {
		select {
		case <-c.gone:
			c.close()
		default:
			return nil
		}
	}
	if rest := probation - c.options.Now().Sub(c.since); rest > 0 { // the last one did not live
		sleep(ctx, rest, nil)
	}
	conn, err := c.options.Dial(ctx)
	if err != nil {
		return err
	}
	c.conn, c.gone, c.since = conn, make(chan struct{}), c.options.Now()
	c.serial++
	go watch(conn, c.gone)
	for i := range c.unsure {
		if err := c.write(ctx, c.unsure[i].message); err != nil && !isHopeless(err) {
			return err
		}
		c.resent()
		c.unsure[i].at, c.unsure[i].serial = c.options.Now(), c.serial
		if i == 0 && !sleep(ctx, probation, c.gone) {
			c.close()
			return errors.Join(errors.New("the server closes the connection, or nobody listens there"), ctx.Err())
		}
	}
	return nil
}

// watch reads until the peer closes the connection or is found not to be there.
func watch(conn net.Conn, gone chan<- struct{}) {
	io.Copy(io.Discard, conn)
	close(gone)
}

// write writes a message; when it fails the connection is given up.
func (c *connection) write(ctx context.Context, message []byte) error {
	c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	stop := context.AfterFunc(ctx, func() { c.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := c.conn.Write(message)
	if errors.Is(err, syscall.EMSGSIZE) { // of a datagram
		return hopeless{err}
	}
	if err != nil {
		c.close()
	}
	return err
}

func (c *connection) owes() int {
	if c.conn != nil {
		select {
		case <-c.gone:
		default:
			return 0
		}
	}
	return len(c.unsure)
}

// close ends the connection, and what watches it. Of what was sent over it, that
// which is long ago has arrived.
func (c *connection) close() {
	if c.conn == nil {
		return
	}
	c.conn.Close()
	<-c.gone
	c.forget()
	c.conn = nil
}
