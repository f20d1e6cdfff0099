package feed

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/latency"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// Ingester applies messages to the table. It knows no transport, and never reads the clock on its own except in Age. All methods but Age and Stats belong to one
// goroutine, the feed goroutine.
type Ingester struct {
	// Immutable after NewIngester.
	table    *subscription.Table
	subjects bus.Subjects
	config   Config
	started  time.Time

	// Owned by the feed goroutine.
	routes     map[string]route   // by subject; only of symbols in the table, so at most three per symbol
	symbols    map[string]*symbol // by name
	publishers registry
	decoder    bus.Decoder
	stored     [3]storedEvents // by kind, see BeginWarmStart
	beginning  []*symbol       // see BeginWarmStart
	counts     counters
	lastHeard  time.Time
	connected  bool              // to the bus; while not, what still comes from the queue confirms nothing
	latency    *latency.Recorder // nil: not measured
	untold     bool              // states have changed that no record accompanies
	lossUnread bool              // see TakeLoss
	countAnew  bool              // what publishers have sent, when the warm start under way has ended
	logged     [DropReasons]bool

	// Stored by Post, read by anybody.
	board      board
	heardAfter atomic.Int64 // 1 + nanoseconds from started to lastHeard; 0: never
}

// route is what a subject stands for.
type route struct {
	symbol *symbol
	kind   tick.Kind
}

// NewIngester returns an ingester that is not connected: call Connected before the first live message.
func NewIngester(config Config, subjects bus.Subjects, table *subscription.Table) (*Ingester, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	in := &Ingester{
		table:      table,
		subjects:   subjects,
		config:     config,
		started:    config.Now(),
		routes:     make(map[string]route),
		symbols:    make(map[string]*symbol),
		publishers: newRegistry(config.MaxPublishers),
	}
	if config.Latency != nil {
		in.latency = latency.NewRecorder()
	}
	return in, nil
}

// Apply takes one live message, received now. It allocates only for a new symbol, publisher or state.
func (in *Ingester) Apply(subject string, payload []byte, now time.Time) {
	in.counts[countMessages]++
	in.counts[countBytes] += uint64(len(payload))
	if r, known := in.routes[subject]; known {
		if err := in.decoder.Decode(r.kind, payload); err != nil {
			in.dropMessage(subject, err)
			if p := r.symbol.publisher; p != nil {
				p.tally.came++ // most messages have one event
			}
			return
		}
		in.applyEvents(r.symbol, now)
	} else {
		in.applyUnrouted(subject, payload, now)
	}
	in.tellStates()
}

// applyUnrouted takes a message on a subject that is not known yet. A subject is remembered only once its first message has proved to be
// good, so bad ones take no memory.
func (in *Ingester) applyUnrouted(subject string, payload []byte, now time.Time) {
	if in.subjects.IsHeartbeat(subject) {
		in.applyHeartbeat(subject, payload, now)
		return
	}
	kind, name, err := in.subjects.ParseEvent(subject)
	if err == nil {
		err = in.decoder.Decode(kind, payload)
	}
	var s *symbol
	if err == nil {
		if s, err = in.open(name); err != nil {
			in.passOver()
		}
	}
	if err != nil {
		in.dropMessage(subject, err)
		return
	}
	in.routes[strings.Clone(subject)] = route{symbol: s, kind: kind}
	in.applyEvents(s, now)
}

func (in *Ingester) open(name string) (*symbol, error) {
	if s := in.symbols[name]; s != nil {
		return s, nil
	}
	entry, err := in.table.Open(name)
	if err != nil {
		return nil, err
	}
	s := &symbol{entry: entry, record: tick.NewRecord(), doubt: subscription.BusLost} // until something confirms it
	in.symbols[entry.Name()] = s
	return s, nil
}

// applyEvents takes what the decoder holds.
func (in *Ingester) applyEvents(s *symbol, now time.Time) {
	events := in.decoder.Events
	p := in.publisherOf(s, in.decoder.Publisher)
	in.hear(p, events[0].Epoch, now)
	received := tick.Time(now.UnixNano())
	for i := range events {
		e := &events[i]
		before := s.record.TsRecv
		if e.Epoch > s.record.Epoch {
			before = 0
		}
		advance := in.merge(s, e, received)
		switch {
		case e.Epoch != p.epoch:
		case advance == 1 && before != 0: // nearly always
			p.tally.came++
		default:
			p.tally.note(s, e, advance, before)
		}
		if advance == 0 {
			continue
		}
		in.counts.event(e.Kind)
		if e.TsEvent != 0 {
			in.recordLatency(int64(received - e.TsEvent))
		}
		if in.connected {
			s.dispel()
		}
		in.publish(s, p)
	}
}

func (in *Ingester) recordLatency(nanos int64) {
	if in.latency != nil {
		in.latency.Record(latency.VenueToGateway, nanos)
	}
}

// MergeLatency hands over the latencies that have gathered, unless somebody is reading them. Call it about once a second.
func (in *Ingester) MergeLatency() {
	if in.latency != nil {
		in.latency.TryMergeInto(in.config.Latency)
	}
}

// publisherOf returns the publisher of a message for s; nearly always the one of the message before.
func (in *Ingester) publisherOf(s *symbol, name []byte) *publisher {
	if p := s.publisher; p != nil && p.name == string(name) {
		return p
	}
	p := in.publishers.find(name)
	if p == &in.publishers.other {
		in.counts[countOverLimit]++
	}
	return p
}

// merge applies an event to the record if it is newer, and returns by how many events that has advanced, those among them that are missing; 0: it was not applied. What was not applied is counted by
// reason. The sequence of an event that does not fit the record is left to the next one, which then finds it missing.
func (in *Ingester) merge(s *symbol, e *tick.Event, received tick.Time) (advance uint64) {
	switch s.order(e) {
	case duplicate:
		in.counts.drop(DropDuplicate)
		return 0
	case outOfOrder:
		in.counts.drop(DropOutOfOrder)
		return 0
	case ofOlderEpoch:
		in.counts.drop(DropOlderEpoch)
		return 0
	case newer:
	}
	hole := s.hole(e)
	if err := s.record.Apply(e, received); err != nil {
		in.counts.drop(DropDecimalRange)
		in.logFirst(DropDecimalRange, s.entry.Name(), err)
		return 0
	}
	if hole > 0 && !s.beginning { // else it is its base, not missing
		s.record.Missing += hole
		in.counts[countMissing] += hole
		in.counts[countGaps]++
	}
	return hole + 1
}

// publish sets the state that the record brings and then publishes it, so that nobody sees the record under the old state. A symbol
// that begins is published by EndWarmStart.
func (in *Ingester) publish(s *symbol, p *publisher) {
	if s.publisher != p {
		p.adopt(s)
	}
	if s.beginning {
		return
	}
	if s.bringsState() {
		states := states{since: s.record.TsRecv}
		state := states.of(s.worth())
		in.table.SetState(s.entry, state)
		in.untold = in.untold || state.Market == subscription.Halted
	}
	in.table.Publish(s.entry, &s.record)
}

// settle gives the symbol the state that it should have, and reports whether it had another.
func (in *Ingester) settle(s *symbol, states *states) bool {
	reason := s.worth()
	if reason == s.entry.State().Reason {
		return false
	}
	in.table.SetState(s.entry, states.of(reason))
	return true
}

func (in *Ingester) tellStates() {
	if in.untold {
		in.untold = false
		in.table.StatesChanged()
	}
}

// dropMessage counts a message that is skipped whole.
func (in *Ingester) dropMessage(subject string, err error) {
	reason := reasonOf(err)
	in.logFirst(reason, subject, err)
	in.counts.drop(reason)
}

// reasonOf maps what can be wrong with a message to the closed set.
func reasonOf(err error) DropReason {
	switch {
	case errors.Is(err, bus.ErrSubject):
		return DropWrongSubject
	case errors.Is(err, bus.ErrKind):
		return DropWrongKind
	case errors.Is(err, bus.ErrOversized):
		return DropOversized
	case errors.Is(err, bus.ErrMalformed):
		return DropMalformed
	}
	return DropTableFull // all that the table refuses a symbol for
}

// logFirst logs the first drop of each reason; the counters tell of the others. Once per reason and process cannot flood a log.
func (in *Ingester) logFirst(reason DropReason, where string, err error) {
	if in.logged[reason] {
		return
	}
	in.logged[reason] = true
	in.config.Log.Warn("feed: dropped; more of the same are only counted", "reason", reason.String(), "on", tick.Printable(where, 256), "error", err)
}
