package subscription

import (
	"errors"
	"fmt"
	"slices"

	"tickgate/pkg/tick"
)

// ErrSessionFull says that the session has MaxSubscriptions subscriptions: reject the symbol.
var ErrSessionFull = errors.New("subscription: too many subscriptions")

// Request is the wish for one symbol.
type Request struct {
	Symbol     *Symbol // from Table.Acquire; Subscribe takes it over
	Conflation Conflation
	Kinds      Kinds   // 0: all
	Resume     *Resume // nil: from a snapshot
	Implied    bool    // the client works out sequences that follow from its previous update
}

// Holding is one subscription as its session sees it. Record and Position are of this moment; Position is 0 while the symbol is pending.
type Holding struct {
	Symbol       *Symbol
	State        *State
	Record       tick.Record
	Position     uint64
	Conflation   Conflation
	Kinds        Kinds
	LastSequence uint64 // newest event that was sent, or passed over because only other kinds changed; 0 before the first update
}

// Subscribe adds a symbol, or changes the one that is subscribed already; either way its first update is a snapshot, unless it resumes. The answer must be
// handed over within the same command, so that it goes before that update. Only commands call it.
func (s *Session) Subscribe(request Request) (Holding, error) {
	table := s.worker.hub.table
	sub := s.subscriptions.get(request.Symbol)
	if sub != nil {
		table.Release(request.Symbol)
		sub.lane.remove(sub)
	} else {
		if limit := s.worker.config.MaxSubscriptions; s.subscriptions.len() >= limit {
			table.Release(request.Symbol)
			return Holding{}, fmt.Errorf("%w: %d, at most %d", ErrSessionFull, s.subscriptions.len(), limit)
		}
		sub = &subscription{symbol: request.Symbol}
		s.subscriptions.add(sub)
		table.subscriptions.Add(1)
	}
	sub.kinds = request.Kinds
	if sub.kinds == 0 {
		sub.kinds = AllKinds
	}
	sub.numbering = numberEvery
	if request.Implied {
		sub.numbering = numberNext
	}
	s.lane(s.worker.hub.Grant(request.Conflation)).add(sub)
	return s.place(sub, request.Resume), nil
}

// place sets where the client stands: just before the newest record, or where it resumes.
func (s *Session) place(sub *subscription, resume *Resume) Holding {
	holding := Holding{Symbol: sub.symbol, Conflation: sub.lane.conflation, Kinds: sub.kinds}
	r := &holding.Record
	holding.Position = sub.symbol.Latest(r)
	holding.State = sub.symbol.State() // after the record was read
	sub.told, sub.snapshot, sub.pendingGap, sub.skipped, sub.everSent = holding.State, true, 0, 0, false
	if holding.Position == 0 {
		sub.told = neverSeen
		holding.State = neverSeen
		if resume != nil {
			sub.pendingGap = GapResume
		}
		return holding
	}
	sub.version, sub.epoch = r.Version, r.Epoch
	sub.lastPosition, sub.lastSequence, sub.lastMissing = holding.Position-1, r.Sequence-1, r.Missing
	if resume != nil && !sub.resume(resume, holding.Position) {
		sub.pendingGap = GapResume
	}
	if sub.snapshot || sub.lastPosition < holding.Position {
		s.markReady(sub)
	}
	return holding
}

// Unsubscribe removes a symbol and reports whether it was subscribed. No update of it follows. Only commands call it.
func (s *Session) Unsubscribe(symbol *Symbol) bool {
	place := s.subscriptions.find(symbol)
	if place < 0 {
		return false
	}
	sub := s.subscriptions.list[place]
	s.subscriptions.remove(place)
	s.worker.remove(sub)
	s.withdraw(sub)
	return true
}

// UnsubscribeAll removes every symbol and returns how many there were. Only commands call it.
func (s *Session) UnsubscribeAll() int {
	count := s.subscriptions.len()
	for last := count - 1; last >= 0; last-- {
		s.Unsubscribe(s.subscriptions.list[last].symbol)
	}
	return count
}

// SetConflation changes the conflation of a subscribed symbol and reports whether it is subscribed. Only commands call it.
func (s *Session) SetConflation(symbol *Symbol, wish Conflation) bool {
	sub := s.subscriptions.get(symbol)
	if sub == nil {
		return false
	}
	granted := s.worker.hub.Grant(wish)
	if sub.lane.conflation == granted {
		return true
	}
	sub.lane.remove(sub)
	s.lane(granted).add(sub)
	switch {
	case granted.Policy != PolicyInterval && symbol.Position() > sub.lastPosition:
		s.markReady(sub) // published before this lane watched
	case granted.Policy == PolicyInterval && !sub.snapshot:
		s.withdraw(sub) // it waits for its due moment now
	}
	return true
}

// withdraw takes the subscription out of what is to be sent in this turn; dropWithdrawn does the work once for a command.
func (s *Session) withdraw(sub *subscription) {
	sub.ready = false
	s.withdrawn = true
}

// dropWithdrawn keeps ready as small as what is subscribed, also while nothing can be sent for a long time.
func (s *Session) dropWithdrawn() {
	if !s.withdrawn {
		return
	}
	s.withdrawn = false
	s.ready = slices.DeleteFunc(s.ready, func(sub *subscription) bool { return !sub.ready })
	if len(s.ready) == 0 { // what was held back is not wanted any more
		s.held = 0
	}
}

// Subscribed returns how many symbols the session has. Only commands call it.
func (s *Session) Subscribed() int { return s.subscriptions.len() }

// Holdings calls yield for every subscription, in no order. Only commands call it.
func (s *Session) Holdings(yield func(Holding) bool) {
	for _, sub := range s.subscriptions.list {
		symbol := sub.symbol
		h := Holding{Symbol: symbol, Conflation: sub.lane.conflation, Kinds: sub.kinds, LastSequence: sub.lastSequence, State: symbol.State()}
		if h.Position = symbol.Latest(&h.Record); !sub.everSent {
			h.LastSequence = 0
		}
		if !yield(h) {
			return
		}
	}
}
