package testlink

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Link is a TCP proxy in front of one part of the system, with which a test breaks the network. Its methods may be called from anywhere.
type Link struct {
	// Immutable.
	listener net.Listener

	running sync.WaitGroup // all goroutines of the link

	// mu guards the fields below.
	mu       sync.Mutex
	target   string
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

// New returns a link to target, which is closed at the end of the test.
func New(t testing.TB, target string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, target: target, passing: make(chan struct{}), ends: make(map[net.Conn]side)}
	close(l.passing)
	l.running.Go(l.serve)
	t.Cleanup(l.Close)
	return l
}

// Address returns where to connect to in place of the target.
func (l *Link) Address() string { return l.listener.Addr().String() }

// Redirect has connections that are made from now on lead to another target.
func (l *Link) Redirect(target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target = target
}

// Connections returns how many were ever accepted.
func (l *Link) Connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accepted
}

// Freeze makes the network a black hole: connections stay open, new ones are accepted, and nothing passes, an end of a connection neither.
func (l *Link) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.frozen {
		l.frozen, l.passing = true, make(chan struct{})
	}
}

// Thaw lets everything pass again, beginning with what was held.
func (l *Link) Thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen {
		l.frozen = false
		close(l.passing)
	}
}

// HangUp ends all connections to the target in the same moment, and those who have connected do not notice: for them the network is a black hole from now on.
func (l *Link) HangUp() { l.end(func(leads side) bool { return leads == sideFar }) }

// Sever ends all connections on both sides. Those that are made from now on lead nowhere until Thaw.
func (l *Link) Sever() { l.end(func(side) bool { return true }) }

func (l *Link) end(which func(side) bool) {
	l.Freeze()
	l.mu.Lock()
	defer l.mu.Unlock()
	for end, leads := range l.ends {
		if which(leads) {
			_ = end.Close()
		}
	}
}

// Close ends everything. The end of the test does, too.
func (l *Link) Close() {
	_ = l.listener.Close()
	l.mu.Lock()
	l.closed = true
	for end := range l.ends {
		_ = end.Close()
	}
	l.mu.Unlock()
	l.Thaw()
	l.running.Wait()
}

// pass waits until bytes pass.
func (l *Link) pass() {
	l.mu.Lock()
	passing := l.passing
	l.mu.Unlock()
	<-passing
}

// hold keeps an end for close, and reports false if that was called already.
func (l *Link) hold(end net.Conn, leads side) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = end.Close()
		return false
	}
	l.ends[end] = leads
	return true
}

func (l *Link) drop(end net.Conn) {
	_ = end.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ends, end)
}

func (l *Link) serve() {
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
func (l *Link) join(near net.Conn) {
	defer l.drop(near)
	l.pass()
	l.mu.Lock()
	target := l.target
	l.mu.Unlock()
	far, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil || !l.hold(far, sideFar) {
		return
	}
	defer l.drop(far)
	var copying sync.WaitGroup
	copying.Go(func() { l.copy(far, near) })
	l.copy(near, far)
	copying.Wait()
}

func (l *Link) copy(to io.WriteCloser, from io.ReadCloser) {
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
