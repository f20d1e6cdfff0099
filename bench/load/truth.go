package load

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/bench/figure"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// truth is what the feed published, by a subscription of the generator's own.
type truth struct {
	symbols []symbol // by their index in Plan.Symbols; each guards itself

	connection *nats.Conn
	messages   chan *nats.Msg // nats.go sends, read receives, nobody closes it
	bySubject  map[string]*symbol
	ended      chan struct{} // read closes it when it returns

	// mu guards the fields below.
	mu        sync.Mutex
	published uint64
	lag       figure.Histogram // since the window began
	recent    figure.Histogram // since it was last asked for
	err       error
}

// symbol is one symbol's part of the truth.
type symbol struct {
	mu sync.Mutex

	// Guarded by mu.
	first    uint64  // sequence of times[0]
	times    []int64 // intended times of events, UTC nanoseconds
	last     quote
	arrivals []arrivals // of every spreadStride-th sequence
}

// messagesAhead is how far the subscription may be behind: a burst of the whole market.
const messagesAhead = 1 << 18

// listen subscribes to the symbols that streams of the plan have.
func listen(p *Plan) (*truth, error) {
	t := &truth{symbols: make([]symbol, len(p.Symbols)), messages: make(chan *nats.Msg, messagesAhead), bySubject: map[string]*symbol{}, ended: make(chan struct{})}
	if p.NATS == "" {
		return t, nil
	}
	subjects, err := bus.NewSubjects("md")
	if err != nil {
		return nil, err
	}
	if t.connection, err = nats.Connect(p.NATS, nats.Name("bench truth"), nats.MaxReconnects(0)); err != nil {
		return nil, fmt.Errorf("load: connect to %s: %w", p.NATS, err)
	}
	for i, name := range p.Symbols {
		subject := subjects.Event(tick.KindQuote, name)
		t.bySubject[subject] = &t.symbols[i]
		if _, err := t.connection.ChanSubscribe(subject, t.messages); err != nil {
			return nil, fmt.Errorf("load: subscribe to %s: %w", subject, err)
		}
	}
	return t, t.connection.Flush()
}

// read takes what the feed publishes until the feed or the context ends, or something is wrong with it, which is in err then.
func (t *truth) read(ctx context.Context) {
	defer close(t.ended)
	var decoder bus.Decoder
	for {
		select {
		case <-ctx.Done():
			return
		case message := <-t.messages:
			if message == endOfFeed {
				return
			}
			now := time.Now().UnixNano()
			if err := decoder.Decode(tick.KindQuote, message.Data); err != nil {
				t.fail(fmt.Errorf("load: the feed's message on %s: %w", message.Subject, err))
				return
			}
			symbol := t.bySubject[message.Subject]
			for i := range decoder.Events {
				if err := symbol.add(&decoder.Events[i]); err != nil {
					t.fail(fmt.Errorf("load: the feed's message on %s: %w", message.Subject, err))
					return
				}
			}
			t.count(decoder.Events, now)
		}
	}
}

// endOfFeed follows the last message that there will be.
var endOfFeed = new(nats.Msg)

// settlePatience is how long the last messages may be on their way from NATS.
const settlePatience = 10 * time.Second

// settle is called once, when NATS has all that the feed published. It returns when read has taken that, or has failed: NATS answers the flush after what it had
// for the subscriptions, and nats.go queues that before it takes the answer.
func (t *truth) settle(ctx context.Context) error {
	if t.connection == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	if err := t.connection.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("load: wait for the feed's last events: %w", err)
	}
	for messages := t.messages; ; messages = nil { // it is sent once
		select {
		case messages <- endOfFeed:
		case <-t.ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("load: the generator's own subscription did not come to the feed's end: %w", ctx.Err())
		}
	}
}

func (t *truth) count(events []tick.Event, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.published += uint64(len(events))
	for i := range events {
		t.lag.Record(time.Duration(now-int64(events[i].TsEvent)), 1)
		t.recent.Record(time.Duration(now-int64(events[i].TsEvent)), 1)
	}
}

// recentLag returns how late 99 % of the events were that came since the last call, in microseconds; nil: none came.
func (t *truth) recentLag() *int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	recent := t.recent.Percentiles()
	t.recent = figure.Histogram{}
	if recent == nil {
		return nil
	}
	return &recent.P99
}

func (t *truth) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}

// begin starts the counts of a window.
func (t *truth) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.published, t.lag = 0, figure.Histogram{}
}

// end gives the counts of the window.
func (t *truth) end(w *figure.Window) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.Published = t.published
	w.FeedLag.Merge(t.lag)
}

// seen returns how many symbols have had an event.
func (t *truth) seen() (count int) {
	for i := range t.symbols {
		s := &t.symbols[i]
		s.mu.Lock()
		if len(s.times) > 0 {
			count++
		}
		s.mu.Unlock()
	}
	return count
}

func (t *truth) close() {
	if t.connection != nil {
		t.connection.Close()
	}
}

func (s *symbol) add(e *tick.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.times) == 0 {
		s.first = e.Sequence
	}
	if next := s.first + uint64(len(s.times)); e.Sequence != next {
		return fmt.Errorf("sequence %d, not %d: the generator's own subscription has lost some", e.Sequence, next)
	}
	s.times = append(s.times, int64(e.TsEvent))
	s.last = quoteOf(&e.Quote)
	return nil
}

// timeOf returns the intended time of an event, unless it is not known (yet).
func (s *symbol) timeOf(sequence uint64) (at int64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sequence < s.first || sequence >= s.first+uint64(len(s.times)) {
		return 0, false
	}
	return s.times[sequence-s.first], true
}

// outOfDate returns for how long the value of a sequence has been replaced by a newer one.
func (s *symbol) outOfDate(sequence uint64, now int64) time.Duration {
	if newer, known := s.timeOf(sequence + 1); known {
		return time.Duration(max(0, now-newer))
	}
	return 0
}

// newest returns the feed's last value; sequence 0: there is none.
func (s *symbol) newest() (sequence uint64, value quote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.times) == 0 {
		return 0, quote{}
	}
	return s.first + uint64(len(s.times)) - 1, s.last
}

// passed is what a receipt moves a stream on by: the events after from, up to to, of which every so many are followed.
type passed struct {
	from, to uint64
	every    int
}

// recordLatencies records for each event that a stream was moved past how long it took until it, or a newer one in its place, was received. Of the last one
// the time is given, and stands for those that the generator's own subscription does not know yet.
func (s *symbol) recordLatencies(h *figure.Histogram, p passed, lastAt, now int64) {
	every := uint64(max(1, p.every))
	next := (p.from/every + 1) * every
	if next == p.to { // nothing was conflated: no need to look
		h.Record(time.Duration(now-lastAt), 1)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; next <= p.to; next += every {
		at := lastAt
		if next >= s.first && next < s.first+uint64(len(s.times)) {
			at = s.times[next-s.first]
		}
		h.Record(time.Duration(now-at), 1)
	}
}

// recordOwed records the events before a time that a stream has not received by then, with how late they are already.
func (s *symbol) recordOwed(h *figure.Histogram, held uint64, every int, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step := uint64(max(1, every))
	for next := (max(held, s.first)/step + 1) * step; next < s.first+uint64(len(s.times)); next += step {
		if at := s.times[next-s.first]; at < now {
			h.Record(time.Duration(now-at), 1)
		}
	}
}

// spreadStride says which events are followed to their last receiver: one in so many.
const spreadStride = 100

// arrivals are those of one event, or of a newer one in its place, at all streams.
type arrivals struct {
	first, last int64
	streams     int
}

// received says that a stream moved on from one event to another.
func (s *symbol) received(from, to uint64, now int64) {
	next := (from/spreadStride + 1) * spreadStride
	if next > to {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; next <= to; next += spreadStride {
		at := int(next/spreadStride - s.first/spreadStride)
		for at >= len(s.arrivals) {
			s.arrivals = append(s.arrivals, arrivals{first: math.MaxInt64})
		}
		a := &s.arrivals[at]
		a.first, a.last, a.streams = min(a.first, now), max(a.last, now), a.streams+1
	}
}

// recordSpread records the events that all streams got to within the window, and forgets them.
func (s *symbol) recordSpread(h *figure.Histogram, streams int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.arrivals {
		if a.streams == streams {
			h.Record(time.Duration(a.last-a.first), 1)
		}
	}
}
