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

// warmed is a symbol that a warm start has touched, with the records that are to be published once all states are known.
type warmed struct {
	symbol    *symbol
	publisher *publisher // of the newest event; nil if there was nothing new
	records   []tick.Record
}

// WarmStart is BeginWarmStart and EndWarmStart, for when no live messages wait.
func (in *Ingester) WarmStart(messages []Stored, now time.Time) (confirmed int) {
	confirmed = in.BeginWarmStart(messages, now)
	in.EndWarmStart(now)
	return confirmed
}

// BeginWarmStart applies the last message of each subject, in the order of epoch and sequence within each symbol, and returns how many symbols it
// has confirmed. Call it before live messages that follow are applied, or at any later time: what is older than the record is passed over, uncounted.
//
// A symbol that was never seen begins with the result: holes before and between the stored events are its base, not missing, and only one record is
// published, because a client that holds a sequence in one of the holes must not be told that it has missed nothing. That record waits for
// EndWarmStart: while a stream is read some of its messages are replaced, and then a quote may be stored without the trade before it, or the other way round. For a symbol
// that is known already each event counts and is published as if it had come live.
func (in *Ingester) BeginWarmStart(messages []Stored, now time.Time) (confirmed int) {
	var known []warmed
	for name, last := range in.bySymbol(messages) {
		w, ok := in.warm(name, last, now)
		switch {
		case !ok:
			continue
		case w.symbol.beginning:
			in.beginning = append(in.beginning, w.symbol)
		default:
			known = append(known, w)
		}
		confirmed++
	}
	states := states{since: tick.Time(now.UnixNano())}
	for _, w := range known { // only now: the newest epoch of each publisher is known
		in.confirm(w.symbol, &states) // before its records: nobody may take them for live if they are not
		if len(w.records) > 0 && w.symbol.bringsState() {
			in.table.SetState(w.symbol.entry, states.of(w.symbol.worth()))
		}
		for i := range w.records {
			in.table.Publish(w.symbol.entry, &w.records[i])
		}
	}
	in.tellStates()
	return confirmed
}

// EndWarmStart publishes the symbols that begin. Call it when the live messages that waited during the reading have been applied.
func (in *Ingester) EndWarmStart(now time.Time) {
	states := states{since: tick.Time(now.UnixNano())}
	for i, s := range in.beginning {
		s.beginning = false
		in.confirm(s, &states)
		in.table.Publish(s.entry, &s.record)
		in.beginning[i] = nil
	}
	in.beginning = in.beginning[:0]
	if in.countAnew { // what waited and was read, too, came twice
		in.countAnew = false
		for p := range in.publishers.all {
			p.tally = tally{}
		}
	}
	in.tellStates()
}

// confirm gives the symbol the state that it has after its last message was read. That is no more than what was known if the stream does not have what was lost.
func (in *Ingester) confirm(s *symbol, states *states) {
	if s.maybeLost && !in.countAnew && !s.publisher.tally.settled() {
		return
	}
	s.dispel()
	if s.record.Epoch < s.publisher.epoch {
		s.doubt = subscription.FeedSilent
	}
	if in.settle(s, states) {
		in.untold = true
	}
}

// bySymbol groups the messages; one with a bad subject is counted and left out.
func (in *Ingester) bySymbol(messages []Stored) map[string]*lastMessages {
	symbols := make(map[string]*lastMessages)
	for _, m := range messages {
		if in.subjects.IsHeartbeat(m.Subject) { // a stream may keep more than events
			continue
		}
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

// warm merges the messages of one symbol. It reports false if none of them is good.
func (in *Ingester) warm(name string, last *lastMessages, now time.Time) (w warmed, ok bool) {
	if !in.decodeStored(name, last) {
		return w, false
	}
	s, err := in.open(name)
	if err != nil {
		in.dropMessage(name, err)
		return w, false
	}
	w.symbol = s
	if s.known() {
		in.catchUp(&w, tick.Time(now.UnixNano()))
	} else {
		in.begin(&w, tick.Time(now.UnixNano()))
	}
	if w.publisher != nil && w.publisher != s.publisher {
		w.publisher.adopt(s)
	}
	return w, s.known()
}

// catchUp applies what is newer than the record.
func (in *Ingester) catchUp(w *warmed, received tick.Time) {
	for from := in.earliest(); from != nil; from = in.earliest() {
		e := from.take()
		if w.symbol.order(e) != newer {
			continue
		}
		p := in.storedPublisher(from.Publisher, e.Epoch)
		before := w.symbol.record.TsRecv
		if advance := in.merge(w.symbol, e, received); advance > 0 {
			if e.Epoch == p.epoch {
				p.tally.find(w.symbol, advance, before)
			}
			w.publisher = p
			w.records = append(w.records, w.symbol.record)
		}
	}
}

// begin makes the first record.
func (in *Ingester) begin(w *warmed, received tick.Time) {
	s := w.symbol
	for from := in.earliest(); from != nil; from = in.earliest() {
		e := from.take()
		if s.order(e) != newer {
			continue
		}
		p := in.storedPublisher(from.Publisher, e.Epoch)
		if err := s.record.Apply(e, received); err != nil {
			in.counts.drop(DropDecimalRange)
			in.logFirst(DropDecimalRange, s.entry.Name(), err)
			continue
		}
		w.publisher, s.beginning = p, true
	}
	if p := w.publisher; p != nil && p.epoch == s.record.Epoch {
		p.tally.first += s.record.Sequence
	}
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
	if p != &in.publishers.other && epoch > p.epoch {
		p.epoch, p.tally = epoch, tally{}
	}
	return p
}
