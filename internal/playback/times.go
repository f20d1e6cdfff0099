package playback

import (
	"time"

	"tickgate/pkg/tick"
)

// mostAhead is how much later than its recording an event may claim to be: clocks differ. One that claims more counts as of when it was recorded. So an event of a given time does not stand
// earlier in the recording than mostAhead before that.
const mostAhead = time.Minute

// timed is an event with when it was recorded.
type timed struct {
	route  route
	event  tick.Event
	stored tick.Time
}

// hasTime reports whether the event says when it was, in a way that can be believed.
func (t *timed) hasTime() bool {
	return t.event.TsEvent != 0 && t.event.TsEvent <= t.stored+tick.Time(mostAhead)
}

// times tells when events were. One that does not say it was recorded as long after it happened as the last one that does, so that an old market that was played onto the bus again stays
// together. Before the first one that says it, events wait for it.
type times struct {
	lag     tick.Time // of the last event that has a time
	known   bool      // one has been seen, or is not waited for any more
	waiting []timed
}

// take returns what can be told the time of: the event and those that have waited for it; nothing if it waits itself. No more than limit wait.
func (x *times) take(t timed, limit int) []timed {
	has := t.hasTime()
	if has {
		x.lag = t.stored - t.event.TsEvent
	}
	x.waiting = append(x.waiting, t)
	if !x.known && !has && len(x.waiting) < limit {
		return nil
	}
	return x.rest()
}

// rest returns what has waited. It is the caller's until the next take.
func (x *times) rest() []timed {
	x.known = true
	all := x.waiting
	x.waiting = x.waiting[:0]
	if len(all) > 1 { // so many do not wait again
		x.waiting = nil
	}
	return all
}

// of returns when an event was.
func (x *times) of(t *timed) tick.Time {
	if t.hasTime() {
		return t.event.TsEvent
	}
	return t.stored - x.lag
}
