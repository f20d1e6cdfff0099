package subscription

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

// Errors of a session's commands.
var (
	// ErrSessionFull says that the session has MaxSubscriptions subscriptions: reject the symbol.
	ErrSessionFull = errors.New("subscription: too many subscriptions")
	// ErrAcknowledgement says that a client acknowledges a batch that was never sent: end its stream.
	ErrAcknowledgement = errors.New("subscription: acknowledgement of a batch that was not sent")
)

// Request is the wish for one symbol.
type Request struct {
	Symbol     *Symbol // from Table.Acquire; Subscribe takes it over
	Conflation Conflation
	Kinds      Kinds   // 0: all
	Resume     *Resume // nil: from a snapshot
}

// Resume is what a client still holds from an earlier stream.
type Resume struct {
	Epoch        uint64
	LastSequence uint64
}

// Holding is one subscription as its session sees it. Record and Position are of this moment; Position is 0 while the symbol is pending.
type Holding struct {
	Symbol       *Symbol
	State        *State
	Record       tick.Record
	Position     uint64
	Conflation   Conflation
	Kinds        Kinds
	LastSequence uint64
}

// Subscribe adds a symbol, or changes the one that is subscribed already; either way its first update is a snapshot, unless it resumes. The answer must be
// handed over within the same command, so that it goes before that update. Only commands call it.
func (s *Session) Subscribe(request Request) (Holding, error) {
	table := s.worker.hub.table
	sub := s.subscriptions[request.Symbol]
	if sub != nil {
		table.Release(request.Symbol)
		sub.lane.remove(sub)
	} else {
		if limit := s.worker.config.MaxSubscriptions; len(s.subscriptions) >= limit {
			table.Release(request.Symbol)
			return Holding{}, fmt.Errorf("%w: %d, at most %d", ErrSessionFull, len(s.subscriptions), limit)
		}
		sub = &subscription{symbol: request.Symbol, waits: request.Symbol.ring.Load() == nil}
		s.subscriptions[request.Symbol] = sub
		table.subscriptions.Add(1)
	}
	sub.kinds = request.Kinds
	if sub.kinds == 0 {
		sub.kinds = AllKinds
	}
	s.lane(s.worker.hub.Grant(request.Conflation)).add(sub)
	return s.position(sub, request.Resume), nil
}

// position sets where the client stands: just before the newest record, or where it resumes.
func (s *Session) position(sub *subscription, resume *Resume) Holding {
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

// resume moves the subscription back to the last update the client has, and reports false if that is not known here: another epoch than that of the newest
// record, a sequence yet to come, or one older than the ring.
func (sub *subscription) resume(resume *Resume, newest uint64) bool {
	ring := sub.symbol.ring.Load()
	var words tick.Words
	var r tick.Record
	// after reports whether the record of position is newer than what the client has. What is overwritten is older.
	after := func(position uint64) bool {
		if ring.Read(position, words[:]).Status != ringbuf.Copied {
			return false
		}
		r.Unpack(&words)
		return r.Epoch > resume.Epoch || r.Epoch == resume.Epoch && r.Sequence > resume.LastSequence
	}
	if resume.Epoch != sub.epoch || resume.LastSequence == 0 { // LastSequence 0: nothing was ever taken
		return false
	}
	known := uint64(sort.Search(int(newest), func(i int) bool { return after(uint64(i) + 1) })) // newest position not after
	if known == 0 || ring.Read(known, words[:]).Status != ringbuf.Copied {
		return false
	}
	r.Unpack(&words)
	if r.Epoch != resume.Epoch || known == newest && r.Sequence != resume.LastSequence {
		return false
	}
	sub.lastPosition, sub.lastSequence = known, resume.LastSequence
	// Events between this record and the client's are missing here, not there.
	sub.lastMissing = r.Missing + resume.LastSequence - r.Sequence
	sub.snapshot = false
	return true
}

// Unsubscribe removes a symbol and reports whether it was subscribed. No update of it follows. Only commands call it.
func (s *Session) Unsubscribe(symbol *Symbol) bool {
	sub := s.subscriptions[symbol]
	if sub == nil {
		return false
	}
	delete(s.subscriptions, symbol)
	s.worker.remove(sub)
	s.withdraw(sub)
	return true
}

// UnsubscribeAll removes every symbol and returns how many there were. Only commands call it.
func (s *Session) UnsubscribeAll() int {
	count := len(s.subscriptions)
	for symbol := range s.subscriptions {
		s.Unsubscribe(symbol)
	}
	return count
}

// SetConflation changes the conflation of a subscribed symbol and reports whether it is subscribed. Only commands call it.
func (s *Session) SetConflation(symbol *Symbol, wish Conflation) bool {
	sub := s.subscriptions[symbol]
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
func (s *Session) Subscribed() int { return len(s.subscriptions) }

// Holdings calls yield for every subscription, in no order. Only commands call it.
func (s *Session) Holdings(yield func(Holding) bool) {
	for symbol, sub := range s.subscriptions {
		h := Holding{Symbol: symbol, Conflation: sub.lane.conflation, Kinds: sub.kinds, LastSequence: sub.lastSequence, State: symbol.State()}
		if h.Position = symbol.Latest(&h.Record); !sub.everSent {
			h.LastSequence = 0
		}
		if !yield(h) {
			return
		}
	}
}

// SetFreshness bounds the age of unacknowledged batches, clamps and returns the bound; 0 turns it off. Only commands call it.
func (s *Session) SetFreshness(bound time.Duration) time.Duration {
	if bound <= 0 {
		s.freshness = freshness{}
	} else {
		s.freshness.bound = min(max(bound, s.worker.config.MinFreshness), s.worker.config.MaxFreshness)
	}
	return s.freshness.bound
}

// Acknowledge notes that the client has taken everything up to a batch. Only functions given to Post or Execute call it.
func (s *Session) Acknowledge(streamSequence uint64) error {
	if streamSequence > s.lastBatch {
		return fmt.Errorf("%w: %d, the last one is %d", ErrAcknowledgement, streamSequence, s.lastBatch)
	}
	s.freshness.acknowledge(streamSequence, s.lastBatch)
	return nil
}
