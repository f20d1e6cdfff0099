package feed

import (
	"time"

	"tickgate/internal/bus"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// Stored is a message that a stream has kept.
type Stored struct {
	Subject string
	Payload []byte
}

// lastMessages are the newest messages of one symbol, by kind; nil where there is none.
type lastMessages [3][]byte

// WarmStart applies the last message of each subject, in the order of epoch and sequence within each symbol, and returns how many symbols it
// has confirmed. Call it before live messages that follow are applied, or at any later time: what is older than the record is passed over, uncounted.
//
// A symbol that was never seen begins with the result: holes before and between the stored events are its base, not missing, and only one record is
// published, because a client that holds a sequence in one of the holes must not be told that it has missed nothing. For a symbol that
// is known already each event counts and is published as if it had come live.
func (in *Ingester) WarmStart(messages []Stored, now time.Time) (confirmed int) {
	touched := make([]*symbol, 0, len(messages))
	for name, last := range in.bySymbol(messages) {
		if s := in.warmStartSymbol(name, last, now); s != nil {
			touched = append(touched, s)
		}
	}
	states := states{since: tick.Time(now.UnixNano())}
	for _, s := range touched { // only now: the newest epoch of each publisher is known
		s.doubt = 0
		if s.record.Epoch < s.publisher.epoch {
			s.doubt = subscription.FeedSilent
		}
		if in.settle(s, &states) {
			in.untold = true
		}
	}
	in.tellStates()
	return len(touched)
}

// bySymbol groups the messages; one with a bad subject is counted and left out.
func (in *Ingester) bySymbol(messages []Stored) map[string]*lastMessages {
	symbols := make(map[string]*lastMessages)
	for _, m := range messages {
		kind, name, err := in.subjects.ParseEvent(m.Subject)
		if err != nil {
			in.dropMessage(m.Subject, err)
			continue
		}
		last := symbols[name]
		if last == nil {
			last = new(lastMessages)
			symbols[name] = last
		}
		last[kind-tick.KindQuote] = m.Payload
	}
	return symbols
}

// warmStartSymbol returns nil if no message of the symbol is good.
func (in *Ingester) warmStartSymbol(name string, last *lastMessages, now time.Time) *symbol {
	if !in.decodeStored(name, last) {
		return nil
	}
	s, err := in.open(name)
	if err != nil {
		in.dropMessage(name, err)
		return nil
	}
	if s.known() {
		in.catchUp(s, tick.Time(now.UnixNano()))
	} else {
		in.begin(s, tick.Time(now.UnixNano()))
	}
	return s
}

// catchUp applies what is newer than the record.
func (in *Ingester) catchUp(s *symbol, received tick.Time) {
	for from := in.earliest(); from != nil; from = in.earliest() {
		e := from.take()
		if s.order(e) != newer {
			continue
		}
		p := in.storedPublisher(from.Publisher, e.Epoch)
		if in.merge(s, e, received) {
			in.publish(s, p)
		}
	}
}

// begin makes the first record.
func (in *Ingester) begin(s *symbol, received tick.Time) {
	var p *publisher
	for from := in.earliest(); from != nil; from = in.earliest() {
		e := from.take()
		p = in.storedPublisher(from.Publisher, e.Epoch)
		if err := s.record.Apply(e, received); err != nil {
			in.counts.drop(DropDecimalRange)
			in.logFirst(DropDecimalRange, s.entry.Name(), err)
		}
	}
	in.publish(s, p)
}

// storedEvents are those of one stored message that were not taken yet.
type storedEvents struct {
	bus.Decoder
	next int
}

func (e *storedEvents) take() *tick.Event {
	e.next++
	return &e.Events[e.next-1]
}

func (e *storedEvents) empty() bool { return e.next == len(e.Events) }

// decodeStored fills in.stored, and reports whether any message is good; the others are counted.
func (in *Ingester) decodeStored(name string, last *lastMessages) (anyGood bool) {
	for i, payload := range last {
		from := &in.stored[i]
		from.Events, from.next = from.Events[:0], 0
		if payload == nil {
			continue
		}
		kind := tick.KindQuote + tick.Kind(i)
		if err := from.Decode(kind, payload); err != nil {
			in.dropMessage(in.subjects.Event(kind, name), err)
			from.Events = from.Events[:0]
			continue
		}
		anyGood = true
	}
	return anyGood
}

// earliest returns the message of in.stored whose next event comes first, nil at the end.
func (in *Ingester) earliest() *storedEvents {
	var first *storedEvents
	for i := range in.stored {
		from := &in.stored[i]
		if !from.empty() && (first == nil || before(&from.Events[from.next], &first.Events[first.next])) {
			first = from
		}
	}
	return first
}

func before(a, b *tick.Event) bool {
	return a.Epoch < b.Epoch || a.Epoch == b.Epoch && a.Sequence < b.Sequence
}

// storedPublisher returns the publisher of a stored event. It is not a sign of life: the event may be days old.
func (in *Ingester) storedPublisher(name []byte, epoch uint64) *publisher {
	p := in.publishers.find(name)
	if p != &in.publishers.other {
		p.epoch = max(p.epoch, epoch)
	}
	return p
}
