package client

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// ReplayKind says what a ReplayEvent is.
type ReplayKind uint8

// The kinds.
const (
	// ReplayUpdate is an update of a symbol.
	ReplayUpdate ReplayKind = iota + 1
	// ReplayStatus says where the playback stands: the answer to a command, and once a second while nothing else comes.
	ReplayStatus
	// ReplayRefused says that a command was not taken.
	ReplayRefused
	// ReplayEnd says that all is played. The playback stays open, for a Seek; the application ends it by leaving the loop.
	ReplayEnd
	// ReplayLive says that the playback has caught up with the live market.
	ReplayLive
	// ReplayMoved says that the playback goes on at another gateway, or at the same one again, with what follows on what came: Err says why.
	ReplayMoved
)

// ReplayPhase is what a playback does; the numbers are those of the API.
type ReplayPhase uint8

// The phases.
const (
	ReplayPlaying ReplayPhase = iota + 1
	ReplayPaused
	ReplayEnded
	ReplayFollowing // the live market
)

// String returns the phase in lower case.
func (p ReplayPhase) String() string { return nameOf(p, "", "playing", "paused", "ended", "live") }

// ReplayEvent is one thing that happens in a playback.
type ReplayEvent struct {
	Kind   ReplayKind
	Clock  time.Time
	Update Update // for ReplayUpdate
	Err    error  // for ReplayRefused a ReplayRefusedError; for ReplayMoved why it has

	// For ReplayStatus, ReplayEnd and ReplayLive.
	Phase  ReplayPhase
	Speed  float64
	Played uint64 // events since the beginning or the last Seek
	Late   uint64 // of them, those that were recorded too late to be put in order
}

// Events returns what the gateway sends, as the application takes it: the playback waits for it. It ends with the stream, and Err says why; Close is how the application ends it from outside
// of the loop. A loop that is left may be entered again, and goes on where it was.
func (r *Replay) Events() iter.Seq[ReplayEvent] {
	return func(yield func(ReplayEvent) bool) {
		for {
			e, err := r.next()
			if err != nil {
				if !r.closed.Load() && !errors.Is(err, io.EOF) {
					r.err = err
				}
				return
			}
			if !yield(e) {
				return
			}
		}
	}
}

// next returns the next event.
func (r *Replay) next() (ReplayEvent, error) {
	for {
		for r.updates.next() {
			if r.updates.tag != batchUpdates {
				continue
			}
			if err := r.update.read(r.updates.bytes); err != nil {
				return ReplayEvent{}, err
			}
			i := r.ids[r.update.instrument]
			if i == nil {
				continue
			}
			if s := r.symbols[i.entry.ticker.Symbol]; r.place.isNew(s, i.epoch, &r.update) {
				return ReplayEvent{Kind: ReplayUpdate, Clock: r.Clock(), Update: r.merge(i, s)}, nil
			}
		}
		if r.updates.err != nil {
			return ReplayEvent{}, r.updates.err
		}
		if err := r.from.stream.RecvMsg(&r.received); err != nil {
			return r.moveOn(err)
		}
		if e, ok, err := r.take(); ok || err != nil {
			return e, err
		}
	}
}

// replayEventClock is the clock of a ReplayEvent, whose batch has the tag of a ServerMessage's.
const replayEventClock = 1<<3 | fixed64

// take takes a message; false: its updates are to be taken, or there is nothing to tell of it.
func (r *Replay) take() (ReplayEvent, bool, error) {
	var batch []byte
	var clock int64
	f := fields{rest: r.received.bytes}
	for f.next() {
		switch f.tag {
		case replayEventClock:
			clock = int64(f.value)
		case serverMessageBatch:
			batch = f.bytes
		}
	}
	if f.err != nil || batch == nil {
		return r.takeOther(clock, f.err)
	}
	r.clock.Store(clock)
	r.place.batch(clock)
	var err error
	if r.head, err = readHead(batch); err != nil {
		return ReplayEvent{}, false, err
	}
	for _, i := range r.head.instruments {
		r.announce(i)
	}
	r.updates = fields{rest: batch}
	return ReplayEvent{}, false, nil
}

func (r *Replay) announce(i *tickgatev1.Instrument) {
	s := r.symbols[i.GetSymbol()]
	if s == nil {
		return
	}
	r.ids[i.GetId()] = &instrument{entry: &s.entry, scales: scalesOf(i), epoch: i.GetEpoch()}
	s.entry.ticker.State, s.entry.ticker.Reason = State(i.GetState()), FeedLive
	if s.entry.ticker.State == Halted {
		s.entry.ticker.Reason = Venue
	}
}

// merge takes an update. In a playback order is that of time, and what comes later counts.
func (r *Replay) merge(i *instrument, s *replayed) Update {
	u, e := &r.update, i.entry
	t := &e.ticker
	changed := u.groups
	switch {
	case u.snapshot && s.again.epoch == i.epoch: // it has only what came since the playback was opened again
		if u.groups&QuoteChanged != 0 { // which is all of the quote
			t.Bid, t.BidSize, t.Ask, t.AskSize = Decimal{}, Decimal{}, Decimal{}, Decimal{}
		}
	case u.snapshot || i.epoch != t.Epoch:
		changed |= IsSnapshot
		e.forgetValues()
	}
	if r.options.Kinds == AllKinds { // else holes are those of other kinds
		s.tellHole(i.epoch, u)
	}
	e.rescale(i.scales)
	e.mergeGroups(u)
	received, event := r.head.times(u)
	t.setTimes(u, received, event)
	t.Received = time.Now()
	t.Epoch, t.Sequence = i.epoch, u.sequence
	t.Updates++
	t.Conflated += uint64(u.conflated)
	out := Update{Ticker: *t, Changed: changed, Merged: uint64(u.conflated), MissingNow: s.missing, GapReason: s.gap}
	s.took(i.epoch, u.sequence)
	return out
}

// takeOther takes a message that is not a batch.
func (r *Replay) takeOther(clock int64, err error) (ReplayEvent, bool, error) {
	if err != nil {
		return ReplayEvent{}, false, err
	}
	var m tickgatev1.ReplayEvent
	if err := proto.Unmarshal(r.received.bytes, &m); err != nil {
		return ReplayEvent{}, false, fmt.Errorf("client: the gateway's message cannot be read: %w", err)
	}
	if away := m.GetGoingAway(); away != nil { // its clock is where others should begin
		r.place.leaves(away)
		return ReplayEvent{}, false, nil
	}
	r.clock.Store(clock)
	e := ReplayEvent{Clock: r.Clock()}
	switch what := m.GetEvent().(type) {
	case *tickgatev1.ReplayEvent_Gap:
		if s := r.symbols[what.Gap.GetSymbol()]; s != nil {
			s.miss(what.Gap.GetMissing(), GapFeed)
		}
		return e, false, nil
	case *tickgatev1.ReplayEvent_State:
		e.Kind = ReplayStatus
		r.takeState(what.State)
		r.place.tell(&e, what.State)
	case *tickgatev1.ReplayEvent_EndOfData:
		e.Kind = ReplayEnd
		r.place.tell(&e, what.EndOfData.GetState())
		return e, r.place.ends(), nil
	case *tickgatev1.ReplayEvent_JoinedLive:
		e.Kind = ReplayLive
		r.place.tell(&e, what.JoinedLive.GetState())
		return e, !r.rejoined(), nil
	case *tickgatev1.ReplayEvent_Refused:
		e.Kind, e.Err = ReplayRefused, replayRefused(what.Refused)
		r.answered(what.Refused.GetRequestId())
	default:
		return e, false, nil
	}
	return e, true, nil
}

// takeState notes what commands have changed.
func (r *Replay) takeState(m *tickgatev1.ReplayState) {
	switch command := r.answered(m.GetRequestId()).GetCommand().(type) {
	case *tickgatev1.ReplayCommand_SetSpeed:
		r.place.speed = command.SetSpeed.GetSpeed()
	case *tickgatev1.ReplayCommand_Seek:
		r.place.sought(command.Seek.GetTo())
		for _, s := range r.symbols {
			s.missing, s.gap, s.newest, s.again, s.known = 0, 0, position{}, position{}, position{}
		}
	}
}
