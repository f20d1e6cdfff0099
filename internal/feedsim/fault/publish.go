package fault

import (
	"time"

	"tickgate/pkg/tick"
)

// Approach is told of each event before it is waited for, so that bursts begin and end in time.
func (s *Stage) Approach(at tick.Time) {
	if s.Idle() {
		return
	}
	now := s.played.at(at)
	for a := range s.of(Burst) {
		for !a.over {
			end := a.begins + a.For
			if !a.on && now >= a.begins {
				a.on = true
				s.write(Record{Fault: Burst, Position: s.played.source(a.begins), End: s.played.source(end), Times: a.Times})
				s.setBurst(s.played.source(a.begins), s.burst())
			}
			if !a.on || now < end {
				break
			}
			a.repeat(a.begins)
			s.setBurst(s.played.source(end), s.burst())
		}
	}
	s.forget()
}

// burst returns how many times as fast the source plays.
func (s *Stage) burst() float64 {
	times := 1.0
	for a := range s.of(Burst) {
		if a.on {
			times *= float64(a.Times)
		}
	}
	return times
}

// Silence is asked for each event when it is due, and returns for how long nothing may leave the publisher first; 0: it may go out.
func (s *Stage) Silence(at tick.Time) time.Duration {
	if s.Idle() {
		return 0
	}
	s.position = at
	now := s.played.at(at)
	for a := range s.of(Silence) {
		if a.happens(now) {
			until := s.config.Now().Add(a.For).UTC()
			s.write(Record{Fault: Silence, Until: &until})
			s.forget()
			return a.For
		}
	}
	return 0
}

// Publish publishes an event, or does to it what is wrong. It changes e and does not keep it.
func (s *Stage) Publish(at tick.Time, symbol string, e *tick.Event) {
	if s.Idle() {
		s.publisher.Publish(symbol, e)
		return
	}
	s.position, s.now = at, s.played.at(at)
	crossed := s.cross(e)
	s.skew(e)
	if !s.publisher.Number(symbol, e) {
		return
	}
	if crossed {
		s.write(about(Crossed, symbol, e))
	}
	l := s.listing(symbol)
	if !s.lose(l, e) && !s.hold(l, e) {
		s.send(l, e)
	}
	s.failOver()
	s.forget()
}

// about returns a record of one event.
func about(kind Kind, symbol string, e *tick.Event) Record {
	return Record{Fault: kind, Symbol: symbol, Epoch: e.Epoch, From: e.Sequence, To: e.Sequence}
}

// cross exchanges the prices of a quote whose bid is below its ask, and reports whether it did.
func (s *Stage) cross(e *tick.Event) bool {
	bid, ask := &e.Quote.BidPrice, &e.Quote.AskPrice
	if e.Kind != tick.KindQuote || !bid.Present || !ask.Present || bid.Mantissa >= ask.Mantissa || s.happening(Crossed) == nil {
		return false
	}
	*bid, *ask = *ask, *bid
	return true
}

// skew has the venue's clock be wrong.
func (s *Stage) skew(e *tick.Event) {
	for a := range s.of(Skew) {
		if !a.within(s.now) {
			continue
		}
		if !a.on {
			a.on = true
			r := Record{Fault: Skew, By: a.By}
			if a.For > 0 {
				r.End = s.played.source(a.begins + a.For)
			}
			s.write(r)
		}
		if e.TsEvent != 0 {
			e.TsEvent += tick.Time(a.By)
		}
	}
}

// lose reports whether an event is one of a gap.
func (s *Stage) lose(l *listing, e *tick.Event) bool {
	if l.lost == 0 {
		gap := s.happening(Gap)
		if gap == nil {
			return false
		}
		l.lost = gap.Length
		s.open++
		r := about(Gap, l.symbol, e)
		r.To += uint64(gap.Length) - 1
		s.write(r)
	}
	if l.lost--; l.lost == 0 {
		s.open--
	}
	return true
}

// hold reports whether an event is kept for later.
func (s *Stage) hold(l *listing, e *tick.Event) bool {
	if l.held != nil {
		return false
	}
	reorder := s.happening(Reorder)
	if reorder == nil {
		return false
	}
	held := *e
	l.held, l.behind, l.passed = &held, reorder.Length, 0
	s.open++
	return true
}

// send sends an event, perhaps more than once, and what it is the last to overtake.
func (s *Stage) send(l *listing, e *tick.Event) {
	s.publisher.Send(l.symbol, e)
	s.remember(l, e)
	if duplicate := s.happening(Duplicate); duplicate != nil {
		for range duplicate.Times {
			s.publisher.Send(l.symbol, e)
		}
		r := about(Duplicate, l.symbol, e)
		r.Times = duplicate.Times
		s.write(r)
	}
	if l.held == nil {
		return
	}
	if l.passed++; l.passed == l.behind {
		s.release(l)
		s.open--
	}
}

// release sends an event that was held back. If nothing has overtaken it, it is only late.
func (s *Stage) release(l *listing) {
	held := l.held
	l.held = nil
	if l.passed > 0 {
		r := about(Reorder, l.symbol, held)
		r.Behind = l.newest
		s.write(r)
	}
	s.publisher.Send(l.symbol, held)
	s.remember(l, held)
}

// remember keeps an event for a failover.
func (s *Stage) remember(l *listing, e *tick.Event) {
	l.newest = max(l.newest, e.Sequence)
	most := 0
	for a := range s.of(Failover) {
		most = max(most, a.Repeat)
	}
	if most == 0 {
		s.recent = nil
		return
	}
	if len(s.recent) >= 2*most {
		s.recent = append(s.recent[:0], s.recent[len(s.recent)-most:]...)
	}
	s.recent = append(s.recent, sent{l.symbol, *e})
}

// failOver has the other publisher take over, once it has enough to send again.
func (s *Stage) failOver() {
	for a := range s.of(Failover) {
		if len(s.recent) < a.Repeat || !a.happens(s.now) {
			continue
		}
		s.names[0], s.names[1] = s.names[1], s.names[0]
		s.publisher.TakeOver(s.names[0])
		for _, again := range s.recent[len(s.recent)-a.Repeat:] {
			s.publisher.Send(again.symbol, &again.event)
		}
		s.write(Record{Fault: Failover, Publisher: s.names[0], Repeated: a.Repeat})
	}
}
