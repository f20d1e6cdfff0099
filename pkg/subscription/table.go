package subscription

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

// Errors of the table: reject the symbol, count it, and say which limit it is.
var (
	// ErrTableFull says that the table holds MaxSymbols symbols.
	ErrTableFull = errors.New("subscription: the symbol table is full")
	// ErrPendingFull says that clients already wait for MaxPending symbols that the feed has not sent.
	ErrPendingFull = errors.New("subscription: too many symbols that the feed has not sent")
)

// Table holds all symbols of a gateway.
type Table struct {
	// Immutable after NewTable.
	config TableConfig

	// Set once by NewHub, before the feed publishes.
	workers []*worker

	// mu guards the fields below, and Symbol.waiting.
	mu      sync.RWMutex
	symbols map[string]*Symbol
	free    []uint32 // ids of pending symbols that nobody waits for any more
	nextID  uint32
	pending int

	// Counted for the stats.
	subscriptions atomic.Int64
	intervals     intervals
}

// Subscriptions returns how many subscriptions all sessions have.
func (t *Table) Subscriptions() int64 { return t.subscriptions.Load() }

// NewTable returns an empty table.
func NewTable(config TableConfig) (*Table, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &Table{config: config, symbols: make(map[string]*Symbol), nextID: 1}, nil
}

// Open returns the symbol under which the feed publishes, and gives it its ring if it has none. The caller has validated the name.
func (t *Table) Open(name string) (*Symbol, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.symbols[name]
	if s == nil {
		if len(t.symbols) >= t.config.MaxSymbols {
			return nil, fmt.Errorf("%w: it holds %d; raise max-symbols", ErrTableFull, t.config.MaxSymbols)
		}
		s = t.addLocked(name)
	} else if s.ring.Load() == nil {
		t.pending--
	}
	if s.ring.Load() == nil {
		ring, err := ringbuf.New(t.config.RingDepth, tick.RecordWords)
		if err != nil {
			return nil, err
		}
		s.ring.Store(ring)
	}
	return s, nil
}

// Acquire returns the symbol that a client names, and makes it a pending one if the feed has not sent it. Every Acquire is followed by one Release, or
// handed to Session.Subscribe, which releases it in time. The caller has validated the name.
func (t *Table) Acquire(name string) (*Symbol, error) {
	if s := t.Lookup(name); s != nil && s.ring.Load() != nil {
		return s, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.symbols[name]
	if s == nil {
		if t.pending >= t.config.MaxPending {
			return nil, fmt.Errorf("%w: clients wait for %d; raise max-pending-symbols", ErrPendingFull, t.pending)
		}
		if len(t.symbols) >= t.config.MaxSymbols {
			return nil, fmt.Errorf("%w: it holds %d; raise max-symbols", ErrTableFull, t.config.MaxSymbols)
		}
		s = t.addLocked(name)
		t.pending++
	}
	s.waiting++
	return s, nil
}

// Release gives back what Acquire returned. A pending symbol that nobody waits for leaves the table.
func (t *Table) Release(s *Symbol) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.waiting == 0 { // it was acquired after the feed had opened it
		return
	}
	s.waiting--
	if s.waiting == 0 && s.ring.Load() == nil {
		delete(t.symbols, s.name)
		t.free = append(t.free, s.id)
		t.pending--
	}
}

// Lookup returns the symbol or nil.
func (t *Table) Lookup(name string) *Symbol {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.symbols[name]
}

// List returns up to limit symbols that the feed has opened, ordered by name, that begin with prefix and come after the name after.
func (t *Table) List(prefix, after string, limit int) []*Symbol {
	t.mu.RLock()
	var found []*Symbol
	for name, s := range t.symbols {
		if name > after && strings.HasPrefix(name, prefix) && s.ring.Load() != nil {
			found = append(found, s)
		}
	}
	t.mu.RUnlock()
	slices.SortFunc(found, func(a, b *Symbol) int { return strings.Compare(a.name, b.name) })
	return found[:min(len(found), limit)]
}

// Count returns how many symbols the feed has opened and how many are pending.
func (t *Table) Count() (opened, pending int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.symbols) - t.pending, t.pending
}

// Publish appends the record to the symbol's ring and wakes the workers that push it. Only the feed goroutine calls it, on symbols
// from Open. It never waits.
func (t *Table) Publish(s *Symbol, r *tick.Record) {
	var words tick.Words
	r.Pack(&words)
	s.ring.Load().Publish(words[:])
	if pushed := s.pushedTo.Load(); pushed != 0 {
		t.markDirty(s.id, pushed)
	}
}

// SetState sets the state of a symbol. The caller follows a series of SetState with one StatesChanged. A state that a new record brings is set
// before the record is published, so that no worker sees the record under the old state.
func (t *Table) SetState(s *Symbol, state *State) { s.state.Store(state) }

// StatesChanged makes every worker tell its sessions what they were not told yet.
func (t *Table) StatesChanged() {
	for _, w := range t.workers {
		w.statesChanged.Store(true)
		w.signal()
	}
}

func (t *Table) markDirty(id uint32, workers uint64) {
	for _, w := range t.workers {
		if workers&(1<<w.index) != 0 && w.dirty.add(id) {
			w.signal()
		}
	}
}

func (t *Table) addLocked(name string) *Symbol {
	id := t.nextID
	if last := len(t.free) - 1; last >= 0 {
		id, t.free = t.free[last], t.free[:last]
	} else {
		t.nextID++
	}
	s := &Symbol{name: strings.Clone(name), id: id, watchers: make([][]*subscription, len(t.workers))}
	s.state.Store(neverSeen)
	t.symbols[s.name] = s
	return s
}
