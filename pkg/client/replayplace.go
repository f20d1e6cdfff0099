package client

import (
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// place is where a playback stands, so that it can be opened again there. Owned by the goroutine of Events.
//
// What is sent together has one clock, and is of a span before it: a conflation interval, or without one nothing but what has this very time. A playback that is opened again begins with the span of
// the newest clock, and what came of it already is known by its sequences.
type place struct {
	// Immutable after begin.
	from, to int64 // of the playback
	interval int64 // of conflation; 0: every event

	clock  int64                 // of the newest batch
	at     int64                 // everything before it has come
	sent   []sighting            // what has come with clock
	skip   map[sighting]struct{} // what had when the playback was opened again
	phase  ReplayPhase
	speed  float64
	joined bool // the live market, before the playback was opened again: what is known is known by its position

	played, playedBefore, repeated uint64 // events: since the beginning or the last seek; of them before the playback was opened again; sent once more since

	ended   bool      // which was told, and nothing has come since
	retryAt time.Time // before which the playback should not come to a gateway again, since its own went away
}

// sighting is an update.
type sighting struct {
	symbol   *replayed
	position position
}

func (p *place) begin(o ReplayOptions, opened *tickgatev1.ReplayOpened) {
	p.from, p.to = nanos(o.From), nanos(o.To)
	p.interval = opened.GetConflation().GetIntervalMs() * int64(time.Millisecond)
	p.phase, p.speed, p.at = ReplayPlaying, opened.GetState().GetSpeed(), p.from
}

// batch notes the clock of a batch.
func (p *place) batch(clock int64) {
	if clock != p.clock {
		p.clock, p.sent = clock, p.sent[:0]
		p.at = max(p.at, clock-p.interval)
	}
}

// isNew reports whether an update has not come already, and notes it.
func (p *place) isNew(s *replayed, epoch uint64, u *update) bool {
	at := position{epoch, u.sequence}
	seen := sighting{s, at}
	_, again := p.skip[seen]
	p.sent = append(p.sent, seen)
	if again || p.joined && !at.after(s.known) {
		p.repeated += 1 + uint64(u.conflated)
		s.entry.ticker.Missing -= s.missing // it was told
		s.missing, s.gap = 0, 0
		return false
	}
	p.played += 1 + uint64(u.conflated)
	p.ended = false
	return true
}

// tell fills in where the playback stands.
func (p *place) tell(e *ReplayEvent, m *tickgatev1.ReplayState) {
	e.Phase, e.Speed, e.Played, e.Late = ReplayPhase(enum(uint64(m.GetPhase()))), m.GetSpeed(), p.playedBefore+m.GetPlayed()-p.repeated, m.GetLate()
	p.phase = e.Phase
	span := max(p.interval, int64(time.Millisecond))
	p.at = max(p.at, (e.Clock.UnixNano()-1)/span*span)
}

// ends notes the end, and reports whether that is new.
func (p *place) ends() bool {
	before := p.ended
	p.ended = true
	return !before
}

// sought notes that the playback has begun anew at a time; 0: at its beginning.
func (p *place) sought(at int64) {
	*p = place{from: p.from, to: p.to, interval: p.interval, at: max(p.from, at), phase: p.phase, speed: p.speed}
}

func (p *place) leaves(m *tickgatev1.GoingAway) {
	p.retryAt = time.Now().Add(min(time.Duration(m.GetRetryAfterMs())*time.Millisecond, mostAskedWait))
}

// liveMargin is how far a playback of the live market goes back when it is opened again, since that comes in the order of its arrival.
const liveMargin = int64(time.Minute)

// reopenAt returns where to begin.
func (p *place) reopenAt() int64 {
	at := p.at
	if p.phase == ReplayFollowing {
		at = p.clock - liveMargin
	}
	if p.to != 0 {
		at = min(at, p.to-1)
	}
	return max(at, p.from)
}

// reopened notes that the playback has been opened again.
func (p *place) reopened(symbols map[string]*replayed) {
	p.at = p.reopenAt()
	p.joined = p.joined || p.phase == ReplayFollowing
	p.skip = make(map[sighting]struct{}, len(p.sent))
	for _, seen := range p.sent {
		p.skip[seen] = struct{}{}
	}
	p.playedBefore, p.repeated, p.retryAt = p.played, 0, time.Time{}
	for _, s := range symbols {
		s.entry.ticker.Missing -= s.missing // it is told again
		s.missing, s.gap, s.again = 0, 0, s.newest
		if p.phase == ReplayFollowing {
			s.known = s.newest
		}
	}
}

// after reports whether a position comes after another.
func (p position) after(other position) bool {
	return p.epoch > other.epoch || p.epoch == other.epoch && p.sequence > other.sequence
}

// took notes an update that was taken.
func (s *replayed) took(epoch, sequence uint64) {
	s.missing, s.gap, s.again = 0, 0, position{}
	if at := (position{epoch, sequence}); at.after(s.newest) {
		s.newest = at
	}
}

func (s *replayed) miss(events uint64, why GapReason) {
	if events > 0 {
		s.missing, s.gap = s.missing+events, why
		s.entry.ticker.Missing += events
	}
}

// tellHole tells of what is missing before the first update since the playback was opened again: what was recorded too late to be put in order, or what is not recorded any more.
func (s *replayed) tellHole(epoch uint64, u *update) {
	told := s.again.sequence + uint64(u.conflated) + s.missing + 1
	if s.again.epoch == epoch && u.sequence > told {
		s.miss(u.sequence-told, GapResume)
	}
}
