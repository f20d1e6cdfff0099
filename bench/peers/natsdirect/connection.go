package natsdirect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/nats-io/nats.go"

	"tickgate/bench/load"
)

// errClosed says that a connection was lost.
var errClosed = errors.New("natsdirect: the connection was closed")

// connection carries streams.
type connection struct {
	url string // immutable

	// Set by dialled, immutable after it.
	dialled sync.Once
	conn    *nats.Conn // nil: there is none
	err     error

	// mu guards the field below.
	mu      sync.Mutex
	streams map[*nats.Subscription]*load.Stream
}

// dialerOf is a load.Dialer as nats.go wants it.
type dialerOf struct {
	ctx    context.Context
	dialer *load.Dialer
}

// Dial implements nats.CustomDialer.
func (d dialerOf) Dial(network, address string) (net.Conn, error) {
	return d.dialer.Dial(d.ctx, network, address)
}

// dial returns the connection, and makes it for the first that asks.
func (c *connection) dial(ctx context.Context, d *driver) (*nats.Conn, error) {
	c.dialled.Do(func() {
		d.callbacks.Add(1)
		c.conn, c.err = nats.Connect(c.url, nats.Name("bench natsdirect"), nats.NoReconnect(), nats.SetCustomDialer(dialerOf{ctx, d.dialer}),
			nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) { c.failed(s, err) }),
			nats.ClosedHandler(func(conn *nats.Conn) {
				defer d.callbacks.Done()
				c.failed(nil, errors.Join(errClosed, conn.LastError()))
			}))
		if c.err != nil {
			d.callbacks.Done()
			c.err = fmt.Errorf("natsdirect: connect to %s: %w", c.url, c.err)
		}
	})
	return c.conn, c.err
}

// add says whose a subscription is.
func (c *connection) add(subscription *nats.Subscription, s *load.Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams == nil {
		c.streams = map[*nats.Subscription]*load.Stream{}
	}
	c.streams[subscription] = s
}

// failed reports an error of one subscription, or of the connection (nil) and so of all its streams. It is on a goroutine of nats.go.
func (c *connection) failed(subscription *nats.Subscription, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.streams[subscription]; ok {
		s.Lost(fmt.Errorf("natsdirect: %s: %w", subscription.Subject, err))
		return
	}
	for _, s := range c.streams {
		s.Lost(err)
	}
}

// close is called when no stream is being opened any more.
func (c *connection) close() {
	if c.conn != nil {
		c.conn.Close()
	}
}
