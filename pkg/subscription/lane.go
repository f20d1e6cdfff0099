package subscription

import (
	"slices"
	"time"
)

// Policy says how events of a symbol are merged before they are sent; the numbers are those of the API.
type Policy uint8

// The policies.
const (
	PolicyLatest   Policy = iota + 1 // as soon as the session can send; conflated only while it cannot
	PolicyInterval                   // at most one update per symbol and interval
	PolicyNone                       // every event; a lapped reader gets a gap
)

// Conflation is a policy with its interval, which only PolicyInterval has.
type Conflation struct {
	Policy   Policy
	Interval time.Duration
}

// leastInterval is the resolution of subscription.sentMillis.
const leastInterval = time.Millisecond

// Grant clamps a wish: an unknown policy becomes PolicyLatest, an interval outside the bounds the nearest bound, an interval of 0
// PolicyLatest, one of less than a millisecond a millisecond.
func (h *Hub) Grant(wish Conflation) Conflation {
	switch wish.Policy {
	case PolicyNone:
		return Conflation{Policy: PolicyNone}
	case PolicyInterval:
		interval := min(max(wish.Interval, h.config.MinInterval), h.config.MaxInterval)
		if interval > 0 {
			return Conflation{Policy: PolicyInterval, Interval: max(interval, leastInterval)}
		}
	}
	return Conflation{Policy: PolicyLatest}
}

// lane is the set of subscriptions of one session that have the same conflation. Owned by the worker.
type lane struct {
	session       *Session
	conflation    Conflation
	group         *flushGroup // nil unless the policy is PolicyInterval
	subscriptions []*subscription
}

// lane returns the session's lane for c, and makes it if there is none.
func (s *Session) lane(c Conflation) *lane {
	for _, l := range s.lanes {
		if l.conflation == c {
			return l
		}
	}
	l := &lane{session: s, conflation: c}
	s.lanes = append(s.lanes, l)
	if c.Policy == PolicyInterval {
		l.group = s.conn.group(c.Interval)
		l.group.lanes = append(l.group.lanes, l)
	}
	return l
}

// group returns the connection's group for interval, and makes and schedules it if there is none.
func (c *Conn) group(interval time.Duration) *flushGroup {
	for _, g := range c.groups {
		if g.interval == interval {
			return g
		}
	}
	w := c.worker
	g := &flushGroup{conn: c, interval: interval}
	c.groups = append(c.groups, g)
	w.hub.table.intervals.of(interval).Add(1)
	w.schedule.add(g.nextDue(w.config.Now().Sub(w.hub.started)), g)
	return g
}

// add puts the subscription into the lane.
func (l *lane) add(sub *subscription) {
	sub.lane, sub.laneIndex = l, int32(len(l.subscriptions))
	l.subscriptions = append(l.subscriptions, sub)
	if l.group == nil {
		l.session.worker.watch(sub)
	}
}

// remove takes it out, and ends a lane, and a group, that is empty then.
func (l *lane) remove(sub *subscription) {
	w := l.session.worker
	if l.group == nil {
		w.unwatch(sub)
	}
	last := len(l.subscriptions) - 1
	moved := l.subscriptions[last]
	l.subscriptions[sub.laneIndex], l.subscriptions[last] = moved, nil
	moved.laneIndex = sub.laneIndex
	l.subscriptions = l.subscriptions[:last]
	if last > 0 {
		return
	}
	l.session.lanes = without(l.session.lanes, l)
	if g := l.group; g != nil {
		g.lanes = without(g.lanes, l)
		if len(g.lanes) == 0 {
			w.schedule.remove(g)
			w.hub.table.intervals.of(g.interval).Add(-1)
			g.conn.groups = without(g.conn.groups, g)
		}
	}
}

// takeDue marks what has changed since it was last sent. A session whose previous batch has not left sits this interval out: sending it late would put two
// updates of a symbol closer together than the interval.
func (l *lane) takeDue(now, moment time.Time) {
	s := l.session
	for _, sub := range l.subscriptions {
		if sub.symbol.Position() <= sub.lastPosition || !sub.dueAgain(moment, l.conflation.Interval) {
			continue
		}
		if s.batchOut {
			s.worker.stats.busySkips.Add(1)
			s.hold(HeldByTransport, now)
			return
		}
		s.markReady(sub)
	}
}

func without[E comparable](list []E, e E) []E {
	if i := slices.Index(list, e); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
