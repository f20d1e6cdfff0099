package floor

import (
	"net"
	"sync"
	"sync/atomic"
)

// places are the due times within the interval, and the connections that have them.
type places struct {
	connections []atomic.Pointer[net.Conn] // nil: free. Taken by the acceptor, freed by the place's writer.

	// mu guards the fields below.
	mu     sync.Mutex
	free   []int // the last is taken next
	closed bool
}

func newPlaces(n int) *places {
	p := &places{connections: make([]atomic.Pointer[net.Conn], n)}
	for i := n - 1; i >= 0; i-- {
		p.free = append(p.free, i)
	}
	return p
}

// take gives the connection a place, and returns false if there is none. From then on the place's writer writes to it.
func (p *places) take(connection net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.free) == 0 {
		return false
	}
	n := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	p.connections[n].Store(&connection)
	return true
}

// drop closes the connection of a place and frees it.
func (p *places) drop(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if connection := p.connections[n].Swap(nil); connection != nil {
		_ = (*connection).Close()
		p.free = append(p.free, n)
	}
}

// close closes all connections, for good.
func (p *places) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for n := range p.connections {
		if connection := p.connections[n].Swap(nil); connection != nil {
			_ = (*connection).Close()
		}
	}
}
