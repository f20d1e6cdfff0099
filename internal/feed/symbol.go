package feed

import (
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// symbol is what the feed goroutine knows of one symbol.
type symbol struct {
	entry  *subscription.Symbol
	record tick.Record // newest; what is in the ring

	publisher *publisher // whose event was applied last; nil before the first
	index     int        // in publisher.symbols

	// beginning: a warm start has made the first record, and EndWarmStart will publish it. Until then live events are merged into it.
	beginning bool

	// doubt is why the value may no longer be true even though the publisher is heard: BusLost until it is confirmed after a lost bus, FeedSilent
	// while the publisher has restarted and not sent the symbol since. 0: no doubt.
	doubt subscription.StateReason

	// maybeLost: there is doubt because events of its publisher were lost that may have been its newest. An event dispels it, and what the stream has if it has all of them.
	maybeLost bool

	refused uint64 // newest events that did not fit the record
}

// dispel ends all doubt.
func (s *symbol) dispel() { s.doubt, s.maybeLost = 0, false }

// known reports whether an event was ever applied.
func (s *symbol) known() bool { return s.record.Epoch != 0 }

// hole returns how many events are missing between the record and a newer event. Before the first event of the symbol or of an epoch nothing
// counts as missing.
func (s *symbol) hole(e *tick.Event) uint64 {
	if e.Epoch != s.record.Epoch {
		return 0
	}
	return e.Sequence - s.record.Sequence - 1
}

// order says where an event stands relative to the record.
func (s *symbol) order(e *tick.Event) order {
	switch r := &s.record; {
	case e.Epoch > r.Epoch:
		return newer
	case e.Epoch < r.Epoch:
		return ofOlderEpoch
	case e.Sequence > r.Sequence:
		return newer
	case e.Sequence == r.Sequence:
		return duplicate
	}
	return outOfOrder
}

type order uint8

const (
	newer order = iota
	duplicate
	outOfOrder
	ofOlderEpoch
)

// worth returns the reason of the state that the symbol should have; every reason belongs to one market state.
func (s *symbol) worth() subscription.StateReason {
	switch {
	case s.doubt != 0:
		return s.doubt
	case s.publisher == nil || s.publisher.silent:
		return subscription.FeedSilent
	case s.record.Status == tick.StatusHalted:
		return subscription.Venue
	}
	return subscription.FeedLive
}

// bringsState reports whether the record, which is about to be published, comes with a state of its own: another one, or stale as before. A value that comes while its symbol
// is stale is stale since its receipt, and clients are told so with it: else it would pass for a sign of life.
func (s *symbol) bringsState() bool {
	reason := s.worth()
	return reason != s.entry.State().Reason || marketState(reason) == subscription.Stale
}

// states makes states that begin at one moment, one of each reason, so that the symbols that change at that moment share them.
type states struct {
	since    tick.Time
	byReason [subscription.NotSeen + 1]*subscription.State
}

func (s *states) of(reason subscription.StateReason) *subscription.State {
	if s.byReason[reason] == nil {
		s.byReason[reason] = &subscription.State{Market: marketState(reason), Reason: reason, Since: s.since}
	}
	return s.byReason[reason]
}

func marketState(reason subscription.StateReason) subscription.MarketState {
	switch reason {
	case subscription.FeedSilent, subscription.BusLost:
		return subscription.Stale
	case subscription.Venue:
		return subscription.Halted
	case subscription.NotSeen:
		return subscription.Pending
	case subscription.FeedLive:
	}
	return subscription.Live
}
