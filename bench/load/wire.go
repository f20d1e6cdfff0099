package load

import (
	"context"
	"net"
	"sync/atomic"
)

// Dialer dials connections that count what they read.
type Dialer struct {
	dialer net.Dialer
	read   atomic.Uint64
}

// Dial is for a driver's library to dial with.
func (d *Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := d.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &counted{Conn: connection, read: &d.read}, nil
}

type counted struct {
	net.Conn

	read *atomic.Uint64 // shared: one addition per read is nothing beside the system call
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(uint64(n))
	return n, err
}
