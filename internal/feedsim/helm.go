package feedsim

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrNotRunning says that a command came before Run began or after it ended. Nothing has changed.
var ErrNotRunning = errors.New("feedsim: the feed is not running")

// helm takes orders from anybody to the goroutine of Run, which looks for them between two events: one atomic load each while there are none.
type helm struct {
	// called: orders wait. Stored under mu, loaded by Run.
	called atomic.Bool

	// Owned by Run: ends when an order comes, or with the context of Run.
	wait context.Context

	// mu guards the fields below.
	mu     sync.Mutex
	ctx    context.Context    // of Run; nil: Run takes no orders, not yet or not any more
	wake   context.CancelFunc // of wait
	orders []order
}

// order is something for Run to do between two events.
type order struct {
	do       func() error
	answered chan answer // of one; sent to once, never closed
}

// answer is the state after an order, and why it was refused.
type answer struct {
	state State
	err   error
}

func (h *helm) begin(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx = ctx
	h.wait, h.wake = context.WithCancel(ctx)
}

// end refuses what still waits, and everything from now on.
func (h *helm) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx = nil
	h.wake()
	for _, o := range h.orders {
		o.answered <- answer{err: ErrNotRunning}
	}
	h.orders = nil
}

// take returns the orders that wait.
func (h *helm) take() []order {
	h.mu.Lock()
	defer h.mu.Unlock()
	orders := h.orders
	h.orders = nil
	h.called.Store(false)
	h.wake()
	h.wait, h.wake = context.WithCancel(h.ctx)
	return orders
}

// give has Run do something, and returns how that went.
func (h *helm) give(do func() error) (State, error) {
	o := order{do: do, answered: make(chan answer, 1)}
	h.mu.Lock()
	if h.ctx == nil {
		h.mu.Unlock()
		return State{}, ErrNotRunning
	}
	h.orders = append(h.orders, o)
	h.called.Store(true)
	h.wake()
	h.mu.Unlock()
	a := <-o.answered
	return a.state, a.err
}

// obey carries out the orders that wait.
func (f *Feed) obey() {
	for _, o := range f.helm.take() {
		err := o.do()
		o.answered <- answer{state: f.state(), err: err}
	}
}
