package subscription

import (
	"time"

	"tickgate/pkg/tick"
)

// Kinds selects groups of fields.
type Kinds uint8

// The kinds; 0 stands for all.
const (
	Quotes Kinds = 1 << iota
	Trades
	Statuses

	AllKinds = Quotes | Trades | Statuses
)

// changes returns the groups of the kinds.
func (k Kinds) changes() tick.Changes {
	var c tick.Changes
	if k&Quotes != 0 {
		c |= tick.ChangedQuote
	}
	if k&Trades != 0 {
		c |= tick.ChangedTrade | tick.ChangedRange
	}
	if k&Statuses != 0 {
		c |= tick.ChangedStatus
	}
	return c
}

// subscription is one symbol of one session. Owned by the worker. There are half a million of them at 50,000 streams of ten symbols, so it is
// kept small: what the client holds follows from where it was last sent.
type subscription struct {
	symbol *Symbol
	lane   *lane
	told   *State // what the client believes

	lastPosition uint64 // ring position up to which the client has been served
	lastSequence uint64 // of the newest event among them
	lastMissing  uint64 // Record.Missing then
	epoch        uint64 // in force at the client; 0 before the first record

	laneIndex  int32
	watchIndex int32
	skipped    uint32 // events passed over since the last update because only other kinds changed
	sentMillis uint32 // when the last update was sent, milliseconds since the hub's start; wraps
	version    uint16 // Record.Version announced
	kinds      Kinds
	pendingGap GapReason // to be told before the next update; 0: none
	numbering  numbering

	ready    bool // on session.ready, and to be served
	snapshot bool // the next update is full state
	everSent bool // an update was sent since it was subscribed, and sentMillis counts
}

// numbering says which updates give their sequence. A client that asks for it works out those that follow from its previous update.
type numbering uint8

const (
	numberEvery numbering = iota
	numberNext            // the client works sequences out, but has nothing that the next one follows from
	numberNone            // the next one follows, unless an event is missing
)

// interrupt has the next update give its sequence.
func (n *numbering) interrupt() {
	if *n == numberNone {
		*n = numberNext
	}
}

// resume has the updates after one that was sent follow from it.
func (n *numbering) resume() {
	if *n == numberNext {
		*n = numberNone
	}
}

// dueAgain reports whether an interval had passed since the last update at a due moment. Due moments lie on a grid; half of the interval is left for the unevenness of
// sending, so that an update sent late on one moment does not cost the next one. It goes by the moment, not by when the worker came to it: else two late ones in a row would bring a third
// too early.
func (sub *subscription) dueAgain(moment time.Time, interval time.Duration) bool {
	if !sub.everSent {
		return true
	}
	since := sub.lane.session.worker.millis(moment) - sub.sentMillis
	if since > -uint32(interval.Milliseconds()) { // sent after the moment, which is less than an interval ago
		return false
	}
	elapsed := time.Duration(since) * time.Millisecond
	return elapsed >= interval/2
}

func (w *worker) millis(now time.Time) uint32 {
	return uint32(now.Sub(w.hub.started).Milliseconds())
}

// markReady puts the subscription among what the session sends in its next turn.
func (s *Session) markReady(sub *subscription) {
	if !sub.ready {
		sub.ready = true
		s.ready = append(s.ready, sub)
	}
	s.worker.giveTurn(s)
}

func (w *worker) watch(sub *subscription) {
	sub.symbol.watch(w.index, sub)
	w.hub.table.intervals.pushed.Add(1)
	w.watched[sub.symbol.id] = sub.symbol
}

func (w *worker) unwatch(sub *subscription) {
	sub.symbol.unwatch(w.index, sub)
	w.hub.table.intervals.pushed.Add(-1)
	if sub.symbol.watchers[w.index] == nil {
		w.watched[sub.symbol.id] = nil
	}
}

// remove ends a subscription, but for its entry in session.subscriptions.
func (w *worker) remove(sub *subscription) {
	sub.lane.remove(sub)
	if sub.symbol.ring.Load() == nil { // the subscription held it in the table
		w.hub.table.Release(sub.symbol)
	}
	w.hub.table.subscriptions.Add(-1)
}
