package subscription

import (
	"sync/atomic"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

// Symbol is one entry of the table.
type Symbol struct {
	// Immutable after creation.
	name string
	id   uint32

	// Set once by the feed when it opens the symbol; nil while the symbol is pending.
	ring atomic.Pointer[ringbuf.Ring]
	// Set by the feed, read by the workers.
	state atomic.Pointer[State]

	// Bit w is set by worker w while it has pushed subscriptions of the symbol; the feed reads it to know whom to wake.
	pushedTo atomic.Uint64
	// watchers[w] are the pushed subscriptions of worker w, which owns that element.
	watchers [][]*subscription

	// Guarded by Table.mu: how many subscriptions keep the entry alive while it is pending.
	waiting int
}

// Name returns the symbol as the feed and the clients spell it.
func (s *Symbol) Name() string { return s.name }

// ID names the symbol in updates. It is unique among the symbols that are in the table at one time.
func (s *Symbol) ID() uint32 { return s.id }

// State returns what the value is worth; never nil, never to be changed.
func (s *Symbol) State() *State { return s.state.Load() }

// Position returns how many records the feed has published, 0 for a pending symbol.
func (s *Symbol) Position() uint64 {
	if ring := s.ring.Load(); ring != nil {
		return ring.Head()
	}
	return 0
}

// Latest reads the newest record and returns its position; 0 if there is none.
func (s *Symbol) Latest(r *tick.Record) uint64 {
	ring := s.ring.Load()
	if ring == nil {
		return 0
	}
	var words tick.Words
	position := ring.Latest(words[:])
	if position != 0 {
		r.Unpack(&words)
	}
	return position
}

// watch and unwatch are called by the worker that owns the subscription.
func (s *Symbol) watch(worker int, sub *subscription) {
	list := s.watchers[worker]
	sub.watchIndex = int32(len(list))
	s.watchers[worker] = append(list, sub)
	if len(list) == 0 {
		s.pushedTo.Or(1 << worker)
	}
}

func (s *Symbol) unwatch(worker int, sub *subscription) {
	list := s.watchers[worker]
	last := len(list) - 1
	moved := list[last]
	list[sub.watchIndex], list[last] = moved, nil
	moved.watchIndex = sub.watchIndex
	s.watchers[worker] = list[:last]
	if last == 0 {
		s.watchers[worker] = nil
		s.pushedTo.And(^uint64(1 << worker))
	}
}
