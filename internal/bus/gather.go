package bus

import (
	"net"
	"time"

	"github.com/nats-io/nats.go"
)

// Gather lets what the server sends gather before it is looked at, so that its receiver wakes once for many messages. At 10,000 messages a second that
// come one by one, waking costs far more than what is done with them (docs/adr/0012). The zero value changes nothing.
type Gather struct {
	// For returns the longest that messages may gather in the socket now before they are read; 0: not at all. It is asked before each read, and must be cheap. Nil: they never
	// may. Connections within the process have no socket, and do not gather.
	For func() time.Duration
	// Gathered is called when all that was read has been handed to the subscriptions, before the reader waits for more. It must not block. Nil: nobody
	// wants to know.
	Gathered func()
}

// options returns what makes connections gather.
func (g Gather) options(inProcess nats.InProcessConnProvider) []nats.Option {
	gathers := g.For != nil || g.Gathered != nil
	switch {
	case inProcess != nil && gathers:
		return []nats.Option{nats.InProcessServer(gatheringServer{inProcess, g})}
	case inProcess != nil:
		return []nats.Option{nats.InProcessServer(inProcess)}
	case gathers:
		return []nats.Option{nats.SetCustomDialer(gatheringDialer{g})}
	}
	return nil
}

type gatheringServer struct {
	nats.InProcessConnProvider
	gather Gather
}

// InProcessConn implements nats.InProcessConnProvider.
func (s gatheringServer) InProcessConn() (net.Conn, error) {
	conn, err := s.InProcessConnProvider.InProcessConn()
	return s.gather.wrap(conn, err)
}

type gatheringDialer struct{ gather Gather }

// Dial implements nats.CustomDialer.
func (d gatheringDialer) Dial(network, address string) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, nats.DefaultTimeout)
	return d.gather.wrap(conn, err)
}

func (g Gather) wrap(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &gatheringConn{Conn: conn, gather: g, socket: socketOf(conn)}, nil
}

// gatheringConn is a connection to NATS. Only nats.go's reader reads it, and reads again when it has handed on what it has.
type gatheringConn struct {
	net.Conn
	gather Gather

	// Owned by the reader.
	socket *socket       // nil: there is none, or the system has not what gathering takes
	more   bool          // the last read did not fill the buffer, so more has yet to come
	slept  time.Duration // when it last let messages gather
	read   int           // bytes since
}

// What gathers before it is read: about that much, and in a flood no longer than that, so that the kernel's buffer does not fill while the reader sleeps.
const (
	portion = 16 << 10
	flood   = time.Millisecond
)

// Read implements net.Conn. Without a socket there is no buffer in which messages could gather: whoever sends would wait.
func (c *gatheringConn) Read(p []byte) (int, error) {
	if c.gather.Gathered != nil {
		c.gather.Gathered()
	}
	if c.socket == nil {
		return c.Conn.Read(p)
	}
	announced := eachMessage
	if pause := c.pause(); pause > 0 {
		announced = whatGathers
		time.Sleep(pause)
		c.slept, c.read = pause, 0
	}
	n, err := c.socket.read(p, announced)
	c.more = err == nil && n < len(p)
	c.read += n
	return n, err
}

// pause returns for how long messages are to gather before the next read, by what the last pause brought.
func (c *gatheringConn) pause() time.Duration {
	if !c.more || c.gather.For == nil {
		return 0
	}
	enough := c.slept * portion / time.Duration(max(c.read, 1))
	return min(c.gather.For(), max(enough, flood))
}

// announcement is what the kernel has to tell the runtime after a read.
type announcement uint8

const (
	eachMessage announcement = iota
	whatGathers              // nothing: it will be read after a while
)
