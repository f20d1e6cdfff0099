package naive

import (
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// flush sends what is newer than at the last tick.
func (s *stream) flush() error {
	var values []*pending
	for symbol, sent := range s.symbols {
		newest, known := s.hub.newest(symbol)
		if !known || newest.quote.Sequence == sent {
			continue
		}
		values = append(values, &pending{event: newest, conflated: uint32(newest.quote.Sequence - sent - 1)})
		s.symbols[symbol] = newest.quote.Sequence
	}
	if len(values) == 0 {
		return nil
	}
	return s.send(values)
}

// send sends one batch. It blocks while the client's flow control does.
func (s *stream) send(values []*pending) error {
	now := time.Now().UnixNano()
	base := int64(values[0].event.quote.TsEvent)
	s.batches++
	batch := &tickgatev1.Batch{TsSend: now, StreamSequence: s.batches, TsEventBase: base}
	for _, p := range values {
		batch.Updates = append(batch.Updates, updateOf(p, now, base))
	}
	return s.Send(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: batch}})
}

func updateOf(p *pending, now, base int64) *tickgatev1.Update {
	e := &p.event
	update := &tickgatev1.Update{
		InstrumentId: e.instrument, Sequence: e.quote.Sequence, Conflated: p.conflated, Snapshot: true,
		RecvAge: uint64(max(0, now-e.received)), Quote: quoteOf(&e.quote.Quote),
	}
	if e.quote.TsEvent != 0 {
		update.EventDelta = proto.Int64(int64(e.quote.TsEvent) - base)
	}
	return update
}

// quoteOf returns the whole quote. The size of an empty side is ignored.
func quoteOf(q *tick.Quote) *tickgatev1.Quote {
	whole := &tickgatev1.Quote{}
	if q.BidPrice.Present {
		whole.BidPrice, whole.BidSize = amount(q.BidPrice), amount(q.BidSize)
	}
	if q.AskPrice.Present {
		whole.AskPrice, whole.AskSize = amount(q.AskPrice), amount(q.AskSize)
	}
	return whole
}

func amount(a tick.Amount) *int64 {
	if !a.Present {
		return nil
	}
	return &a.Mantissa
}
