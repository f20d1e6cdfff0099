package feed

import (
	"time"

	"tickgate/internal/bus"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// tally holds what a publisher says that it has sent against what came. It reveals what no sequence does: that the last event of a symbol was lost, dropped by a NATS server for which this
// gateway was too slow, or never brought to it (docs/adr/0022).
//
// An example. The publisher has sent 100 events at one heartbeat and 103 at the next. In between one event came, and one that shows a hole of one: owed is 1. If it is still 1 at the heartbeat after
// that, the event is not on its way: it is lost, and nobody knows whose it was.
type tally struct {
	beats beats
	sent  uint64    // the count of the newest heartbeat
	at    tick.Time // when that came
	owed  int64     // events that were sent and neither came nor were found, as of then; less than 0: some have overtaken it
	told  int64     // of them, those that symbols were doubted for

	// Since then.
	came      uint64 // events live
	foundOld  uint64 // events that a later one showed to be missing, or that were read from the stream, and that may have been owed then
	foundNew  uint64 // and those that were lost since
	foundTold uint64 // and those of symbols that were doubted
	first     uint64 // events before a symbol's first one: lost, or of before the counting
}

// beats says how many heartbeats a tally has seen.
type beats uint8

const (
	noBeat   beats = iota
	firstOne       // what came before it is not counted, nor what may have been on its way
	counting
)

// take takes a heartbeat's count, and returns how many more events are lost: they were owed at the heartbeat before, too.
func (t *tally) take(sent uint64, now tick.Time) (lost uint64) {
	if t.beats == noBeat || sent < t.sent { // another process of that name
		*t = tally{beats: firstOne, sent: sent, at: now}
		return 0
	}
	before := t.owed - int64(t.foundOld)
	owed := t.owed + int64(sent-t.sent-t.came-t.foundOld-t.foundNew)
	owed -= min(int64(t.first), max(0, owed))
	if t.beats == firstOne {
		*t = tally{beats: counting, sent: sent, at: now, owed: min(0, owed)}
		return 0
	}
	told := min(max(0, t.told-int64(t.foundTold)), max(0, owed))
	more := max(0, min(before, owed)-told)
	*t = tally{beats: counting, sent: sent, at: now, owed: owed, told: told + more}
	return uint64(more)
}

// note counts an event of s that came live. advance is by how many events s has advanced with it, 0 if it was not applied; before is when s had its event before, 0 if this is the first one of its epoch.
func (t *tally) note(s *symbol, e *tick.Event, advance uint64, before tick.Time) {
	switch {
	case advance > 0 && before == 0:
		t.came++
		t.first += e.Sequence - 1
		s.refused = 0
	case advance > 0:
		t.came++
		t.find(s, advance-1-min(s.refused, advance-1), before)
		s.refused = 0
	case e.Epoch < s.record.Epoch: // another publisher has the symbol
		t.came++
	case e.Sequence > s.record.Sequence: // it does not fit, and the next one will find it missing
		t.came++
		s.refused++
	}
}

// find counts events of s that were found, and came, or were lost, after its event before.
func (t *tally) find(s *symbol, events uint64, before tick.Time) {
	if before > t.at {
		t.foundNew += events
	} else {
		t.foundOld += events
	}
	if s.maybeLost {
		t.foundTold += events
	}
}

// settled reports whether everything that symbols were doubted for has been found.
func (t *tally) settled() bool {
	return t.told <= int64(t.foundTold) || t.owed <= int64(t.foundOld+t.foundNew+t.first)
}

// takeCount holds a heartbeat's count against what came.
func (in *Ingester) takeCount(p *publisher, beat *bus.Heartbeat, now time.Time) {
	if !beat.Counts || !in.connected || beat.Epoch != p.epoch {
		return
	}
	before, doubted := p.tally.at, p.tally.told > 0
	lost := p.tally.take(beat.Events, tick.Time(now.UnixNano()))
	switch {
	case lost > 0:
		in.counts[countUntold] += lost
		in.doubtSince(p, before, now)
		in.lossUnread = true
	case doubted && p.tally.told == 0 && p.tally.beats == counting:
		in.trust(p, now)
	}
}

// passOver counts the events of the decoder, of a symbol that there is no room for.
func (in *Ingester) passOver() {
	if p := in.publishers.byName[string(in.decoder.Publisher)]; p != nil {
		p.tally.came += uint64(len(in.decoder.Events))
	}
}

// doubtSince doubts the symbols of which nothing has come since a time, at which events were lost already: one that has come since has shown the holes of its symbol.
func (in *Ingester) doubtSince(p *publisher, at tick.Time, now time.Time) {
	doubted := 0
	for _, s := range p.symbols {
		if s.record.TsRecv <= at {
			s.doubt, s.maybeLost = subscription.BusLost, true
			doubted++
		}
	}
	in.settleAll(p, now)
	in.config.Log.Warn("feed: a publisher's events did not come; those of its symbols that may be meant are stale", "publisher", p.name, "events", p.tally.told, "symbols", doubted)
}

// trust takes the doubt back when all events have been found.
func (in *Ingester) trust(p *publisher, now time.Time) {
	for _, s := range p.symbols {
		if s.maybeLost {
			s.dispel()
		}
	}
	in.settleAll(p, now)
}

// TakeLoss reports, once for each time, whether events were lost that nobody will show to be missing.
func (in *Ingester) TakeLoss() bool {
	lost := in.lossUnread
	in.lossUnread = false
	return lost
}
