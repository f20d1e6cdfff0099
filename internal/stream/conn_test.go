package stream_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

func listenTCP(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return smallBuffers{listener}
}

// smallBuffers has the kernel hold little for each connection, so that one that is not read is full soon.
type smallBuffers struct{ net.Listener }

// Accept implements net.Listener.
func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		_ = conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
	}
	return conn, err
}

// gag stops a connection from being read, as if the client's machine had frozen.
type gag struct {
	mu      sync.Mutex
	changed *sync.Cond
	stopped bool // guarded by mu
}

func newGag() *gag {
	g := &gag{}
	g.changed = sync.NewCond(&g.mu)
	return g
}

func (g *gag) wrap(conn net.Conn) net.Conn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(4 << 10)
	}
	return &gagged{Conn: conn, gag: g}
}

func (g *gag) stop()    { g.set(true) }
func (g *gag) release() { g.set(false) }

func (g *gag) set(stopped bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = stopped
	g.changed.Broadcast()
}

type gagged struct {
	net.Conn
	gag *gag
}

// Read implements net.Conn.
func (c *gagged) Read(p []byte) (int, error) {
	c.gag.mu.Lock()
	for c.gag.stopped {
		c.gag.changed.Wait()
	}
	c.gag.mu.Unlock()
	return c.Conn.Read(p)
}

// watch notes when a connection last brought something, and when it ended.
type watch struct {
	mu        sync.Mutex
	lastBytes time.Time // guarded by mu
	end       time.Time // guarded by mu; zero: it has not ended
}

func (w *watch) wrap(conn net.Conn) net.Conn { return &watched{Conn: conn, watch: w} }

func (w *watch) seen() (lastBytes, end time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lastBytes, w.end
}

type watched struct {
	net.Conn
	watch *watch
}

// Read implements net.Conn.
func (c *watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	if n > 0 {
		c.watch.lastBytes = time.Now()
	}
	if err != nil && c.watch.end.IsZero() {
		c.watch.end = time.Now()
	}
	return n, err
}
