package load

import (
	"context"
	"fmt"
	"time"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// Stream is one subscriber.
type Stream struct {
	// Immutable.
	Number     int      // over all generators
	Connection int      // the connection that carries it, from 0 in this generator
	Symbols    []string // a symbol's place here is its slot
	Plan       *Plan
	first      int // index in Plan.Symbols of slot 0
	run        *run
	shard      *shard
	hung, slow bool // see Plan; such a stream is in no figure but its own

	// Guarded by the shard's lock.
	held    []held
	waiting int          // slots without a value
	decoder *bus.Decoder // of those whose payloads are the bus's
	sent    []sending    // of those with an interval, in the measured window
	ended   error
	cut     bool // the server ended it, as it may
}

// held is what a stream has of one symbol.
type held struct {
	sequence uint64 // 0: nothing yet
	since    int64  // receipt, UTC nanoseconds
	quote    quote
	stale    bool // the server said that it may no longer be true
}

// Interval is what the stream asks for.
func (s *Stream) Interval() time.Duration { return s.Plan.Interval }

// Lost says that the stream ended though nobody asked it to.
func (s *Stream) Lost(err error) {
	if s.run.ctx.Err() != nil {
		return
	}
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	switch {
	case s.hung || s.slow && s.Plan.MayCut:
		s.cut = true
	case s.ended == nil:
		s.ended = fmt.Errorf("stream %d: %w", s.Number, err)
	}
}

// Pace is called before each message is read. It holds slow readers up, and those that hang for good once the stream is ready.
func (s *Stream) Pace(ctx context.Context) {
	if !s.hung && !s.slow {
		return
	}
	s.shard.mu.Lock()
	ready := s.waiting == 0
	s.shard.mu.Unlock()
	switch {
	case !ready:
	case s.hung:
		<-ctx.Done()
	default:
		timer := time.NewTimer(s.Plan.SlowPause)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
}

// Payload is a message of the bus, as one of the stream's subscriptions got it.
type Payload struct {
	Slot int
	Data []byte
}

// TakeEvents takes messages of the bus that arrived together.
func (s *Stream) TakeEvents(payloads ...Payload) {
	now := time.Now().UnixNano()
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	s.shard.countBatch(s)
	if s.decoder == nil {
		s.decoder = &bus.Decoder{}
	}
	for _, p := range payloads {
		if err := s.decoder.Decode(tick.KindQuote, p.Data); err != nil {
			s.ended = fmt.Errorf("stream %d, symbol %s: %w", s.Number, s.Symbols[p.Slot], err)
			return
		}
		for i := range s.decoder.Events {
			e := &s.decoder.Events[i]
			if e.Sequence <= s.held[p.Slot].sequence {
				continue // a snapshot that came after an update
			}
			s.shard.countUpdate(0) // how many were merged, these systems do not say
			s.advance(p.Slot, e.Sequence, int64(e.TsEvent), now)
			s.held[p.Slot].quote = quoteOf(&e.Quote)
		}
	}
}

// TakeFrame takes a message without content, of which only the time at which it was due is known.
func (s *Stream) TakeFrame(due int64) {
	now := time.Now().UnixNano()
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	s.shard.countBatch(s)
	if s.waiting > 0 {
		s.waiting = 0
		s.run.ready()
	}
	if s.shard.counts(due) {
		s.shard.window.Delay.Record(time.Duration(now-due), 1)
	}
}

// advance moves a slot on to a newer event. The shard is locked.
func (s *Stream) advance(slot int, sequence uint64, tsEvent, now int64) {
	h := &s.held[slot]
	if h.sequence == 0 {
		s.waiting--
		if s.waiting == 0 {
			s.run.ready()
		}
	} else if s.shard.phase == measuring {
		s.measure(slot, sequence, tsEvent, now)
	}
	h.sequence, h.since = sequence, now
}

// measure records what the receipt of a newer event says. The shard is locked.
func (s *Stream) measure(slot int, sequence uint64, tsEvent, now int64) {
	window, h, symbol := &s.shard.window, &s.held[slot], s.symbol(slot)
	if s.slow {
		window.SlowAge.Record(symbol.outOfDate(sequence, now), 1)
		return
	}
	if tsEvent > now {
		window.Clamped++
	}
	if !s.Plan.Delay {
		symbol.recordLatencies(&window.Latency, passed{from: h.sequence, to: sequence, every: s.Plan.Follow}, tsEvent, now)
	}
	if s.Plan.Staleness {
		newer, known := symbol.timeOf(h.sequence + 1)
		if !known { // the generator's own subscription is behind
			newer = tsEvent
		}
		s.shard.sampleStaleness(h.since, now, newer)
	}
	if s.Plan.Spread {
		symbol.received(h.sequence, sequence, now)
	}
}

// symbol returns the feed's own side of a slot.
func (s *Stream) symbol(slot int) *symbol {
	return &s.run.truth.symbols[(s.first+slot)%len(s.Plan.Symbols)]
}
