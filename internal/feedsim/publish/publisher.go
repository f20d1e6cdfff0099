package publish

import (
	"log/slog"
	"sync/atomic"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Sender takes messages: a *nats.Conn. It copies data before it returns, and is safe for two goroutines.
type Sender interface {
	Publish(subject string, data []byte) error
}

// Counters of a publisher since it was made, over all epochs.
type Counters struct {
	Published uint64 // events that the bus took, each as often as it was sent
	Lost      uint64 // events numbered that the bus did not take
	Refused   uint64 // events that do not fit their symbol's scale; not numbered
	Messages  uint64 // messages that the bus took, without heartbeats
	Symbols   uint64 // symbols seen
}

// Publisher numbers events and sends them.
type Publisher struct {
	// Immutable after New.
	subjects       bus.Subjects
	sender         Sender
	heartbeatEvery time.Duration
	batchEvents    int
	onEvent        func(string, tick.Event)
	clock          pace.Clock
	log            *slog.Logger

	// Owned by the publishing goroutine.
	listings map[string]*listing
	waiting  []*listing        // those that may have a message in the making, in the order of its first event
	kept     int               // events in all of them
	last     *listing          // that an event was for: the next is often for the same
	payload  []byte            // reused for every message
	own      map[string]uint64 // events that were numbered under each name that it does not go by now

	// Written by the publishing goroutine, read by anybody.
	going                                           atomic.Pointer[identity]
	muted                                           atomic.Bool
	epoch                                           atomic.Uint64
	numbered                                        atomic.Uint64 // events, up to the newest of each symbol that was sent
	published, lost, refused, messages, symbolsSeen atomic.Uint64
}

// identity is what a publisher goes by.
type identity struct {
	name    string
	foreign uint64 // events that were numbered under other names: the heartbeats of this one do not count them
}

// listing is one symbol of the publisher.
type listing struct {
	symbol   string
	subjects [tick.KindStatus + 1]string // by kind
	session  session
	pending  []tick.Event // a message in the making: same kind and scales
	waits    bool         // is among the publisher's waiting
}

// firstRefusedLogged is how many refused events are shown; the others are only counted.
const firstRefusedLogged = 5

// New returns a publisher whose first epoch starts now.
func New(c Config, sender Sender) (*Publisher, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	subjects, err := bus.NewSubjects(c.Prefix)
	if err != nil {
		return nil, err
	}
	p := &Publisher{
		subjects: subjects, sender: sender, heartbeatEvery: c.HeartbeatEvery, batchEvents: c.BatchEvents,
		onEvent: c.OnEvent, clock: c.Clock, log: c.Log,
		listings: make(map[string]*listing), own: make(map[string]uint64),
	}
	p.going.Store(&identity{name: c.Name})
	p.NewEpoch()
	return p, nil
}

// NewEpoch starts anew: sequences, figures and scales begin as for a publisher that has just started.
func (p *Publisher) NewEpoch() {
	p.Flush()
	p.epoch.Store(max(uint64(p.clock.Now().UnixNano()), p.epoch.Load()+1))
	for _, l := range p.listings {
		l.session = session{}
	}
}

// TakeOver has another publisher go on under its own name, with the epoch, the sequences and the figures of the one before, which says nothing any more: a pair of
// which one stands by. Events that wait for a batch are still sent by the one before.
func (p *Publisher) TakeOver(name string) {
	p.Flush()
	before, numbered := p.going.Load(), p.numbered.Load()
	p.own[before.name] = numbered - before.foreign
	p.going.Store(&identity{name: name, foreign: numbered - p.own[name]})
}

// Name returns the name that the publisher goes by now. It may be called from anywhere.
func (p *Publisher) Name() string { return p.going.Load().name }

// Mute holds the signs of life back until Unmute. Nobody is held from publishing.
func (p *Publisher) Mute() { p.muted.Store(true) }

// Unmute lets signs of life out again.
func (p *Publisher) Unmute() { p.muted.Store(false) }

// Epoch returns the number that tells this start of the publisher from earlier ones.
func (p *Publisher) Epoch() uint64 { return p.epoch.Load() }

// Counters returns what was published so far.
func (p *Publisher) Counters() Counters {
	return Counters{
		Published: p.published.Load(), Lost: p.lost.Load(), Refused: p.refused.Load(),
		Messages: p.messages.Load(), Symbols: p.symbolsSeen.Load(),
	}
}

// Publish is Number and Send: of an event that is published once, in its turn. The symbol must be valid. Publish changes e and does not keep it.
func (p *Publisher) Publish(symbol string, e *tick.Event) {
	l := p.listing(symbol)
	if p.number(l, e) {
		p.keep(l, e)
	}
}

// Number numbers e and completes it: epoch, scales, figures of a trade. It reports false, and counts it, if e does not fit the scale of its symbol. An event that is numbered and never
// sent is a hole in the sequence.
func (p *Publisher) Number(symbol string, e *tick.Event) bool { return p.number(p.listing(symbol), e) }

// Send sends an event that is numbered, for the first time or again, in its turn or later; or keeps it for the batch that the next Send or Flush sends.
func (p *Publisher) Send(symbol string, e *tick.Event) { p.keep(p.listing(symbol), e) }

func (p *Publisher) number(l *listing, e *tick.Event) bool {
	if !l.session.accept(e) {
		p.refuse(l, e)
		return false
	}
	l.session.sequence++
	e.Sequence, e.Epoch = l.session.sequence, p.epoch.Load()
	if e.Kind == tick.KindTrade {
		l.session.count(&e.Trade)
	}
	return true
}

// Skip leaves numbers of a symbol out, so that consumers see a gap of so many events before the next one. The symbol must be valid.
func (p *Publisher) Skip(symbol string, events uint64) {
	p.listing(symbol).session.sequence += events
}

// mostKept is how many events wait for others at most: a feed without pace has no moment at which all that is due was published.
const mostKept = 1 << 14

// keep adds an event to its listing's message, and sends that first if the event does not belong into it, and then if it is full.
func (p *Publisher) keep(l *listing, e *tick.Event) {
	if n := len(l.pending); n > 0 && !joins(e, &l.pending[n-1]) {
		p.send(l)
	}
	l.pending = append(l.pending, *e)
	p.kept++
	if len(l.pending) == p.batchEvents {
		p.send(l)
		return
	}
	if !l.waits {
		l.waits = true
		p.waiting = append(p.waiting, l)
	}
	if p.kept >= mostKept {
		p.Flush()
	}
}

// joins reports whether an event may travel in one message behind another of its symbol.
func joins(e, before *tick.Event) bool {
	return e.Kind == before.Kind && e.Scales == before.Scales && e.Epoch == before.Epoch && e.Sequence > before.Sequence
}

// accept brings event and session to common scales. If something would not fit, the session is unchanged.
func (s *session) accept(e *tick.Event) bool {
	to := s.greatest(e.Scales)
	if e.Scales != to && !rescaleEvent(e, to) {
		return false
	}
	if s.scales == to {
		return true
	}
	if !s.fits(to) {
		return false
	}
	s.grow(to)
	return true
}

// Flush sends what is kept for batches. Events of one symbol stay in order; those of two symbols may not.
func (p *Publisher) Flush() {
	for _, l := range p.waiting {
		l.waits = false
		if len(l.pending) > 0 { // else it was sent when it was full
			p.send(l)
		}
	}
	p.waiting = p.waiting[:0]
}

func (p *Publisher) send(l *listing) {
	p.payload = bus.AppendEventBatch(p.payload[:0], p.going.Load().name, l.pending)
	count := uint64(len(l.pending))
	p.kept -= len(l.pending)
	if err := p.sender.Publish(l.subjects[l.pending[0].Kind], p.payload); err != nil {
		p.lost.Add(count) // numbered: consumers see the gap. Why the bus is away is logged where the connection is.
	} else {
		p.published.Add(count)
		p.messages.Add(1)
		p.tell(l)
	}
	p.countUpTo(l, &l.pending[len(l.pending)-1])
	l.pending = l.pending[:0]
}

// countUpTo counts what was numbered up to an event that was sent, for heartbeats.
func (p *Publisher) countUpTo(l *listing, e *tick.Event) {
	if e.Epoch != p.epoch.Load() || e.Sequence <= l.session.counted {
		return
	}
	p.numbered.Add(e.Sequence - l.session.counted)
	l.session.counted = e.Sequence
}

func (p *Publisher) tell(l *listing) {
	if p.onEvent == nil {
		return
	}
	for _, e := range l.pending {
		p.onEvent(l.symbol, e)
	}
}

func (p *Publisher) listing(symbol string) *listing {
	if p.last != nil && p.last.symbol == symbol {
		return p.last
	}
	if l, ok := p.listings[symbol]; ok {
		p.last = l
		return l
	}
	l := &listing{symbol: symbol}
	for _, kind := range []tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus} {
		l.subjects[kind] = p.subjects.Event(kind, symbol)
	}
	p.listings[symbol] = l
	p.symbolsSeen.Add(1)
	p.last = l
	return l
}

func (p *Publisher) refuse(l *listing, e *tick.Event) {
	if p.refused.Add(1) <= firstRefusedLogged {
		p.log.Warn("event refused: a price or size does not fit the scale of its symbol",
			"symbol", l.symbol, "kind", e.Kind.String(), "price_scale", e.Scales.Price, "size_scale", e.Scales.Size)
	}
}
