package feed

import "sync/atomic"

// link carries what nats.go says of the connection to the feed goroutine. nats.go calls its handlers one after the other, so the counts follow the
// order of events; both are kept, so that a loss is noticed even if the connection is back before the feed goroutine looks.
type link struct {
	ups   atomic.Uint64
	downs atomic.Uint64
	wake  chan struct{} // of one; the handlers send, the feed goroutine receives, never closed
}

func newLink() *link { return &link{wake: make(chan struct{}, 1)} }

func (l *link) up() {
	l.ups.Add(1)
	l.signal()
}

func (l *link) down(error) {
	l.downs.Add(1)
	l.signal()
}

func (l *link) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// connected reports whether the connection stands; the handler that tells of a change may not have run yet.
func (l *link) connected() bool { return l.ups.Load() > l.downs.Load() }

// reconnects returns how often the connection has come back.
func (l *link) reconnects() uint64 { return max(l.ups.Load(), 1) - 1 }
