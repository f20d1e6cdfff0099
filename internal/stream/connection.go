package stream

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"tickgate/pkg/subscription"
)

// connection is what the streams of one TCP connection share. It travels as gRPC's AuthInfo, which costs nothing per message.
type connection struct {
	credentials.AuthInfo
	raw   net.Conn // closed to get rid of a client that does not read
	group *subscription.Conn
}

// closeAtOnce drops what the kernel still holds for the client, which would else keep it for minutes. It does not block.
func (c *connection) closeAtOnce() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.raw.Close()
}

// connectionCredentials wraps other credentials and makes a connection of every handshake.
type connectionCredentials struct {
	credentials.TransportCredentials
	hub *subscription.Hub
}

// ServerHandshake implements credentials.TransportCredentials.
func (c connectionCredentials) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return nil, nil, err
	}
	return conn, &connection{AuthInfo: info, raw: raw, group: c.hub.NewConn()}, nil
}

// Clone implements credentials.TransportCredentials.
func (c connectionCredentials) Clone() credentials.TransportCredentials {
	return connectionCredentials{TransportCredentials: c.TransportCredentials.Clone(), hub: c.hub}
}

func connectionOf(ctx context.Context) *connection {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	c, _ := p.AuthInfo.(*connection)
	return c
}

// Disconnect closes the connection of a call at once: of a client that does not read there is no other way to get rid.
func Disconnect(ctx context.Context) {
	if c := connectionOf(ctx); c != nil {
		c.closeAtOnce()
	}
}
