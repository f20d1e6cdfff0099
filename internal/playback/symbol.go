package playback

import (
	"slices"
	"strings"

	"tickgate/pkg/tick"
)

// Symbol is one symbol of a playback.
type Symbol struct {
	// Immutable.
	Name string
	ID   uint32 // 1 for the first in the order of subjects, then one more for each

	arrived arrival // as far as the recording was read
	shown   shown   // as far as events were put in order
}

// symbols returns the symbols of a playback, in the order of their subjects, which is that of their tokens.
func symbols(names []string) ([]*Symbol, map[string]*Symbol) {
	ordered := slices.Clone(names)
	slices.SortFunc(ordered, func(a, b string) int { return strings.Compare(tick.Token(a), tick.Token(b)) })
	list, byName := make([]*Symbol, 0, len(names)), make(map[string]*Symbol, len(names))
	for i, name := range ordered {
		s := &Symbol{Name: name, ID: uint32(i) + 1}
		s.reset()
		list = append(list, s)
		byName[name] = s
	}
	return list, byName
}

// reset forgets what was read and shown.
func (s *Symbol) reset() {
	s.arrived = arrival{}
	s.shown = shown{record: tick.NewRecord()}
}

// arrival says how far a symbol was read: what decides, as in the feed, which events are newer.
type arrival struct {
	epoch, sequence uint64
	latest          tick.Time // of any event so far
	floor           tick.Time // events of this epoch come after it
	missing         uint64    // events before the next one that is played
}

// take decides whether an event is newer than all before it, and tells how many are missing in between. at is the event's time, which an event of a new epoch has moved behind those of the
// epoch before: two publishers' clocks differ, and a record that has begun a new epoch does not go back.
func (a *arrival) take(e *tick.Event, at tick.Time) (order tick.Time, missing uint64, newer bool) {
	switch {
	case e.Epoch < a.epoch || e.Epoch == a.epoch && e.Sequence <= a.sequence:
		return 0, 0, false
	case e.Epoch == a.epoch:
		missing = e.Sequence - a.sequence - 1
	case a.epoch != 0:
		a.floor = a.latest + 1
	}
	a.epoch, a.sequence = e.Epoch, e.Sequence
	order = max(at, a.floor)
	a.latest = max(a.latest, order)
	return order, missing, true
}

// shown is what the client was shown of a symbol, and what is to be shown.
type shown struct {
	record    tick.Record
	position  uint64 // events applied
	sent      uint64 // position of the last update; 0: none was sent
	version   uint16 // of the record when the instrument was announced last
	announced bool
	dirty     bool // has events that were not sent
	hole      hole
}

// hole is what is missing between the events that were not sent; count 0: nothing.
type hole struct{ from, to, count uint64 }

// add notes that events are missing before e, where before is the sequence of the epoch's event that was applied last; 0: there is none.
func (h *hole) add(before uint64, e *tick.Event, missing uint64) {
	if h.count == 0 {
		h.from = e.Sequence - missing
		if before != 0 {
			h.from = min(h.from, before+1)
		}
	}
	h.to = e.Sequence - 1
	h.count += missing
}
