package stream_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// rawClient speaks HTTP/2 by hand, for what no gRPC client would do: it answers no ping, obeys no setting and sends what it is told to.
type rawClient struct {
	t       testing.TB
	gate    *gate
	conn    net.Conn
	framer  *http2.Framer
	encoder *hpack.Encoder
	headers bytes.Buffer // what encoder has written
	stream  uint32       // the last one opened
}

// dialRaw opens a connection and says nothing. Nothing on it takes longer than patience.
func (g *gate) dialRaw() *rawClient {
	g.t.Helper()
	conn, err := g.listen(context.Background())
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		g.t.Fatal(err)
	}
	c := &rawClient{t: g.t, gate: g, conn: conn, framer: http2.NewFramer(conn, conn)}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.headers)
	return c
}

// openRaw opens a connection that can carry streams.
func (g *gate) openRaw() *rawClient {
	g.t.Helper()
	c := g.dialRaw()
	c.write([]byte(http2.ClientPreface))
	c.check(c.framer.WriteSettings())
	return c
}

func (c *rawClient) write(b []byte) {
	c.t.Helper()
	_, err := c.conn.Write(b)
	c.check(err)
}

func (c *rawClient) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// openStream calls MarketData.Stream with metadata as it is, and returns the stream's number.
func (c *rawClient) openStream(metadata ...hpack.HeaderField) uint32 {
	c.t.Helper()
	c.headers.Reset()
	for _, field := range append([]hpack.HeaderField{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "http"},
		{Name: ":path", Value: tickgatev1.MarketData_Stream_FullMethodName},
		{Name: ":authority", Value: "gate"},
		{Name: "content-type", Value: "application/grpc"},
		{Name: "te", Value: "trailers"},
	}, metadata...) {
		c.check(c.encoder.WriteField(field))
	}
	c.stream += 2
	id := c.stream - 1
	c.check(c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.headers.Bytes(), EndHeaders: true}))
	return id
}

// until reads frames until one of interest comes.
func (c *rawClient) until(wanted func(http2.Frame) bool) {
	c.t.Helper()
	for {
		frame, err := c.framer.ReadFrame()
		c.check(err)
		if wanted(frame) {
			return
		}
	}
}

// untilEnd reads frames until the gateway ends the connection; one that it keeps open fails the test.
func (c *rawClient) untilEnd(look func(http2.Frame)) {
	c.t.Helper()
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			c.checkEnded(err)
			return
		}
		look(frame)
	}
}

// checkEnded demands that a read failed because of the gateway and not because the test had waited for long enough.
func (c *rawClient) checkEnded(err error) {
	c.t.Helper()
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatalf("the connection is still open after %v", patience)
	}
}
