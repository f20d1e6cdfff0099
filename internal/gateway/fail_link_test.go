package gateway_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// link is a TCP proxy in front of one part of the system, with which a test breaks the network.
type link struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup // all goroutines of the link

	// mu guards the fields below.
	mu       sync.Mutex
	passing  chan struct{} // closed while bytes pass
	frozen   bool
	closed   bool
	ends     map[net.Conn]side
	accepted int
}

// side is where an end of a connection leads to.
type side uint8

const (
	sideNear side = iota // who has connected
	sideFar              // the target
)

// newLink returns a link to target, which is closed at the end of the test.
func newLink(t testing.TB, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target, passing: make(chan struct{}), ends: make(map[net.Conn]side)}
	close(l.passing)
	l.running.Go(l.serve)
	t.Cleanup(l.close)
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

// connections returns how many were ever accepted.
func (l *link) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accepted
}

// freeze makes the network a black hole: connections stay open, new ones are accepted, and nothing passes, an end of a connection neither.
func (l *link) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.frozen {
		l.frozen, l.passing = true, make(chan struct{})
	}
}

// thaw lets everything pass again, beginning with what was held.
func (l *link) thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen {
		l.frozen = false
		close(l.passing)
	}
}

// hangUp ends all connections to the target in the same moment, and those who have connected do not notice: for them the network is a black hole from now on.
func (l *link) hangUp() {
	l.freeze()
	l.mu.Lock()
	defer l.mu.Unlock()
	for end, leads := range l.ends {
		if leads == sideFar {
			_ = end.Close()
		}
	}
}

func (l *link) close() {
	_ = l.listener.Close()
	l.mu.Lock()
	l.closed = true
	for end := range l.ends {
		_ = end.Close()
	}
	l.mu.Unlock()
	l.thaw()
	l.running.Wait()
}

// pass waits until bytes pass.
func (l *link) pass() {
	l.mu.Lock()
	passing := l.passing
	l.mu.Unlock()
	<-passing
}

// hold keeps an end for close, and reports false if that was called already.
func (l *link) hold(end net.Conn, leads side) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = end.Close()
		return false
	}
	l.ends[end] = leads
	return true
}

func (l *link) drop(end net.Conn) {
	_ = end.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ends, end)
}

func (l *link) serve() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		if !l.hold(near, sideNear) {
			return
		}
		l.mu.Lock()
		l.accepted++
		l.mu.Unlock()
		l.running.Go(func() { l.join(near) })
	}
}

// join connects an accepted connection with the target until one of them ends.
func (l *link) join(near net.Conn) {
	defer l.drop(near)
	l.pass()
	far, err := net.DialTimeout("tcp", l.target, 5*time.Second)
	if err != nil || !l.hold(far, sideFar) {
		return
	}
	defer l.drop(far)
	var copying sync.WaitGroup
	copying.Go(func() { l.copy(far, near) })
	l.copy(near, far)
	copying.Wait()
}

func (l *link) copy(to io.WriteCloser, from io.ReadCloser) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		l.pass()
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}
