package subscription

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Hub owns the flush workers.
type Hub struct {
	// Immutable after NewHub.
	table   *Table
	config  Config
	workers []*worker
	started time.Time // base of all schedules

	connections atomic.Uint64 // made so far; spreads them over workers and phases
}

// NewHub returns a hub over table, which must have no symbols and no other hub yet.
func NewHub(table *Table, config Config) (*Hub, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	h := &Hub{table: table, config: config, started: config.Now()}
	for i := range config.Workers {
		h.workers = append(h.workers, newWorker(i, h))
	}
	table.workers = h.workers
	return h, nil
}

// Run runs the flush workers until ctx is done; it returns when all have ended. Sessions that are still attached then are closed. It is called once.
func (h *Hub) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for _, w := range h.workers {
		workers.Go(func() { w.run(ctx) })
	}
	workers.Wait()
	return nil
}

// Table returns the symbol table that the hub serves.
func (h *Hub) Table() *Table { return h.table }

// Conn groups the sessions of one connection: they share a worker and a phase.
type Conn struct {
	// Immutable after NewConn.
	worker *worker
	phase  float64 // 0 <= phase < 1: where in each interval the connection's sessions are due

	// Owned by the worker.
	groups  []*flushGroup // one per interval in use
	waiting []*Session    // sessions that have a turn in this round
}

// NewConn returns the group of a new connection. It needs no closing. Phases follow the golden ratio, which spreads any number of
// connections evenly over an interval.
func (h *Hub) NewConn() *Conn {
	n := h.connections.Add(1) - 1
	_, phase := math.Modf(float64(n/uint64(len(h.workers))) * (math.Phi - 1))
	return &Conn{worker: h.workers[n%uint64(len(h.workers))], phase: phase}
}

// Worker returns the index of the worker that serves the connection, below Hub.Workers.
func (c *Conn) Worker() int { return c.worker.index }

// Housekeeping returns how often a worker looks after its sessions.
func (h *Hub) Housekeeping() time.Duration { return h.config.Housekeeping }

// Workers returns the number of flush workers.
func (h *Hub) Workers() int { return len(h.workers) }

// Broadcast runs f for every session, each on its worker in the session's next turn, and returns when the workers have taken note of it.
func (h *Hub) Broadcast(ctx context.Context, f func(*Session)) error {
	for _, w := range h.workers {
		done := make(chan struct{})
		if w.post(func() {
			for _, s := range w.sessions {
				s.urgent = append(s.urgent, func() { f(s) })
				w.giveTurn(s)
			}
			close(done)
		}) == refused {
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Each runs f for every session as soon as its worker can, whether or not the session can send. It does not wait.
func (h *Hub) Each(f func(*Session)) {
	for _, w := range h.workers {
		w.post(func() {
			for _, s := range w.sessions {
				f(s)
			}
		})
	}
}
