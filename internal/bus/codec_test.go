package bus_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func drawAmount(t *rapid.T, name string) tick.Amount {
	if !rapid.Bool().Draw(t, name+" present") {
		return tick.Amount{}
	}
	return tick.Some(rapid.Int64().Draw(t, name))
}

func drawCount(t *rapid.T) tick.Amount {
	if !rapid.Bool().Draw(t, "count present") {
		return tick.Amount{}
	}
	return tick.Some(rapid.Int64Min(0).Draw(t, "count"))
}

func drawEvent(t *rapid.T, kind tick.Kind) tick.Event {
	e := tick.Event{Kind: kind, TsEvent: tick.Time(rapid.Int64().Draw(t, "ts_event"))}
	switch kind {
	case tick.KindQuote:
		e.Quote = tick.Quote{BidPrice: drawAmount(t, "bid"), BidSize: drawAmount(t, "bid size"), AskPrice: drawAmount(t, "ask"), AskSize: drawAmount(t, "ask size")}
	case tick.KindTrade:
		e.Trade = tick.Trade{Price: rapid.Int64().Draw(t, "price"), Size: rapid.Int64().Draw(t, "size"),
			Aggressor: rapid.SampledFrom([]tick.Side{tick.SideUnknown, tick.SideBuy, tick.SideSell}).Draw(t, "side"),
			Stats: tick.Stats{Volume: drawAmount(t, "volume"), TradeCount: drawCount(t), Turnover: drawAmount(t, "turnover"),
				Open: drawAmount(t, "open"), High: drawAmount(t, "high"), Low: drawAmount(t, "low")}}
	case tick.KindStatus:
		e.Status = tick.TradingStatus(rapid.IntRange(0, int(tick.StatusClosed)).Draw(t, "status"))
	}
	return e
}

type batch struct {
	kind      tick.Kind
	publisher string
	events    []tick.Event
}

func drawBatch(t *rapid.T) batch {
	b := batch{
		kind:      tick.Kind(rapid.IntRange(int(tick.KindQuote), int(tick.KindStatus)).Draw(t, "kind")),
		publisher: rapid.StringMatching(`[ -~]{1,64}`).Draw(t, "publisher"),
	}
	digits := rapid.Uint8Range(0, tick.MaxScale)
	scales := tick.Scales{Price: digits.Draw(t, "price scale"), Size: digits.Draw(t, "size scale"), Turnover: digits.Draw(t, "turnover scale")}
	epoch := rapid.Uint64Min(1).Draw(t, "epoch")
	sequence := uint64(0)
	for range rapid.IntRange(1, 5).Draw(t, "events") {
		e := drawEvent(t, b.kind)
		sequence += rapid.Uint64Range(1, 1<<40).Draw(t, "step")
		e.Scales, e.Epoch, e.Sequence = scales, epoch, sequence
		b.events = append(b.events, e)
	}
	return b
}

// message is the batch as the generated code has it.
func (b batch) message() *tickgatev1.EventBatch {
	first := b.events[0]
	m := &tickgatev1.EventBatch{Publisher: b.publisher, Epoch: first.Epoch, PriceScale: uint32(first.Scales.Price),
		SizeScale: uint32(first.Scales.Size), TurnoverScale: uint32(first.Scales.Turnover)}
	for _, e := range b.events {
		m.Events = append(m.Events, eventMessage(e))
	}
	return m
}

func eventMessage(e tick.Event) *tickgatev1.Event {
	m := &tickgatev1.Event{Sequence: e.Sequence}
	if e.TsEvent != 0 {
		m.TsEvent = proto.Int64(int64(e.TsEvent))
	}
	switch e.Kind {
	case tick.KindQuote:
		m.Body = &tickgatev1.Event_Quote{Quote: &tickgatev1.QuoteEvent{BidPrice: optional(e.Quote.BidPrice), BidSize: optional(e.Quote.BidSize),
			AskPrice: optional(e.Quote.AskPrice), AskSize: optional(e.Quote.AskSize)}}
	case tick.KindTrade:
		s := e.Trade.Stats
		stats := &tickgatev1.Stats{Volume: optional(s.Volume), Turnover: optional(s.Turnover), Open: optional(s.Open), High: optional(s.High), Low: optional(s.Low)}
		if s.TradeCount.Present {
			stats.TradeCount = proto.Uint64(uint64(s.TradeCount.Mantissa))
		}
		m.Body = &tickgatev1.Event_Trade{Trade: &tickgatev1.TradeEvent{Price: e.Trade.Price, Size: e.Trade.Size,
			Aggressor: tickgatev1.Side(e.Trade.Aggressor), Stats: stats}}
	case tick.KindStatus:
		m.Body = &tickgatev1.Event_Status{Status: &tickgatev1.StatusEvent{Status: tickgatev1.TradingStatus(e.Status)}}
	}
	return m
}

func optional(a tick.Amount) *int64 {
	if !a.Present {
		return nil
	}
	return proto.Int64(a.Mantissa)
}

func TestEncodingIsWhatTheGeneratedCodeReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		var got tickgatev1.EventBatch
		if err := proto.Unmarshal(bus.AppendEventBatch([]byte(nil), b.publisher, b.events), &got); err != nil {
			t.Fatal(err)
		}
		if want := b.message(); !proto.Equal(&got, want) {
			t.Fatalf("got %v, want %v", &got, want)
		}
	})
}

func TestDecodingIsWhatTheGeneratedCodeWrites(t *testing.T) {
	var d bus.Decoder // used again and again, so that nothing of one message is left in the next
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		payload, err := proto.Marshal(b.message())
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(b.kind, payload); err != nil {
			t.Fatal(err)
		}
		if string(d.Publisher) != b.publisher || len(d.Events) != len(b.events) {
			t.Fatalf("got %d events of %q, want %d of %q", len(d.Events), d.Publisher, len(b.events), b.publisher)
		}
		for i := range b.events {
			if d.Events[i] != b.events[i] {
				t.Fatalf("event %d: got %+v, want %+v", i, d.Events[i], b.events[i])
			}
		}
		other := b.kind%tick.KindStatus + 1
		if err := d.Decode(other, payload); !errors.Is(err, bus.ErrKind) {
			t.Fatalf("%s on a %s subject: got %v, want ErrKind", b.kind, other, err)
		}
	})
}

func TestHeartbeatBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		publisher := rapid.StringMatching(`[ -~]{1,64}`).Draw(t, "publisher")
		epoch, sent := rapid.Uint64Min(1).Draw(t, "epoch"), rapid.Int64().Draw(t, "ts_send")
		counts, events := rapid.Bool().Draw(t, "counts"), rapid.Uint64().Draw(t, "events")
		payload := bus.AppendHeartbeat(nil, publisher, epoch, tick.Time(sent))
		if counts {
			payload = bus.AppendEventCount(payload, events)
		}
		var got tickgatev1.PublisherHeartbeat
		if err := proto.Unmarshal(payload, &got); err != nil {
			t.Fatal(err)
		}
		want := &tickgatev1.PublisherHeartbeat{Publisher: publisher, Epoch: epoch, TsSend: sent}
		if counts {
			want.Events = &events
		}
		if !proto.Equal(&got, want) {
			t.Fatalf("got %v, want %v", &got, want)
		}
		payload, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		beat, err := bus.DecodeHeartbeat(payload)
		if err != nil || string(beat.Publisher) != publisher || beat.Epoch != epoch || int64(beat.TsSend) != sent ||
			beat.Counts != counts || counts && beat.Events != events {
			t.Fatalf("got %+v, %v", beat, err)
		}
	})
}

// TestRefusedMessages changes one thing in a good message.
func TestRefusedMessages(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*tickgatev1.EventBatch)
		want   error
	}{
		{"nothing", func(*tickgatev1.EventBatch) {}, nil},
		{"greatest scales", func(m *tickgatev1.EventBatch) { m.PriceScale, m.SizeScale, m.TurnoverScale = 18, 18, 18 }, nil},
		{"price scale", func(m *tickgatev1.EventBatch) { m.PriceScale = 19 }, bus.ErrMalformed},
		{"size scale", func(m *tickgatev1.EventBatch) { m.SizeScale = math.MaxUint32 }, bus.ErrMalformed},
		{"turnover scale", func(m *tickgatev1.EventBatch) { m.TurnoverScale = 256 }, bus.ErrMalformed},
		{"no publisher", func(m *tickgatev1.EventBatch) { m.Publisher = "" }, bus.ErrMalformed},
		{"publisher too long", func(m *tickgatev1.EventBatch) { m.Publisher = string(bytes.Repeat([]byte("p"), 65)) }, bus.ErrMalformed},
		{"publisher with a control byte", func(m *tickgatev1.EventBatch) { m.Publisher = "a\nb" }, bus.ErrMalformed},
		{"no epoch", func(m *tickgatev1.EventBatch) { m.Epoch = 0 }, bus.ErrMalformed},
		{"no events", func(m *tickgatev1.EventBatch) { m.Events = nil }, bus.ErrMalformed},
		{"no sequence", func(m *tickgatev1.EventBatch) { m.Events[0].Sequence = 0 }, bus.ErrMalformed},
		{"the same sequence twice", func(m *tickgatev1.EventBatch) { m.Events[1].Sequence = 1 }, bus.ErrMalformed},
		{"no body", func(m *tickgatev1.EventBatch) { m.Events[1].Body = nil }, bus.ErrMalformed},
		{"a quote among trades", func(m *tickgatev1.EventBatch) {
			m.Events[1].Body = &tickgatev1.Event_Quote{Quote: &tickgatev1.QuoteEvent{}}
		}, bus.ErrKind},
		{"unknown side", func(m *tickgatev1.EventBatch) { m.Events[0].GetTrade().Aggressor = 3 }, bus.ErrMalformed},
		{"negative side", func(m *tickgatev1.EventBatch) { m.Events[0].GetTrade().Aggressor = -1 }, bus.ErrMalformed},
		{"count that no int64 holds", func(m *tickgatev1.EventBatch) { m.Events[0].GetTrade().Stats.TradeCount = proto.Uint64(1 << 63) }, bus.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			trade := func(sequence uint64) tick.Event {
				return tick.Event{Kind: tick.KindTrade, Epoch: 1, Sequence: sequence, Trade: tick.Trade{Price: 5, Size: 1}}
			}
			m := batch{tick.KindTrade, "p", []tick.Event{trade(1), trade(2)}}.message()
			test.change(m)
			payload, err := proto.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			var d bus.Decoder
			if err := d.Decode(tick.KindTrade, payload); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestOversizedMessages(t *testing.T) {
	events := make([]tick.Event, bus.MaxEventsPerMessage+1)
	for i := range events {
		events[i] = tick.Event{Kind: tick.KindStatus, Epoch: 1, Sequence: uint64(i) + 1, Status: tick.StatusTrading}
	}
	var d bus.Decoder
	if err := d.Decode(tick.KindStatus, bus.AppendEventBatch(nil, "p", events[1:])); err != nil {
		t.Errorf("as many events as there may be: %v", err)
	}
	if err := d.Decode(tick.KindStatus, bus.AppendEventBatch(nil, "p", events)); !errors.Is(err, bus.ErrOversized) {
		t.Errorf("one event too many: got %v, want ErrOversized", err)
	}
	if err := d.Decode(tick.KindStatus, make([]byte, bus.MaxPayloadBytes+1)); !errors.Is(err, bus.ErrOversized) {
		t.Errorf("one byte too many: got %v, want ErrOversized", err)
	}
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	event := tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: 1, Quote: tick.Quote{BidPrice: tick.Some(7)}}
	payload := bus.AppendEventBatch(nil, "p", []tick.Event{event})
	payload = append(payload, 0xf8, 0x07, 0x01)             // field 127, varint
	payload = append(payload, 0xfa, 0x07, 0x02, 'h', 'i')   // field 127, bytes
	payload = append(payload, 0xfd, 0x07, 0x01, 0, 0, 0)    // field 127, 32 bits
	payload = append(payload, 0xfb, 0x07, 0x08, 1, 0xfc, 7) // field 127, group
	var d bus.Decoder
	if err := d.Decode(tick.KindQuote, payload); err != nil || d.Events[0] != event {
		t.Errorf("got %+v, %v", d.Events, err)
	}
}

func TestDecodingDoesNotAllocate(t *testing.T) {
	var events []tick.Event
	for i := range 10 {
		events = append(events, tick.Event{Kind: tick.KindTrade, Epoch: 1, Sequence: uint64(i) + 1, Trade: tick.Trade{Price: 1, Size: 2, Stats: tick.Stats{Volume: tick.Some(1 << 40)}}})
	}
	payload := bus.AppendEventBatch(nil, "publisher", events)
	buffer := make([]byte, 0, 2*len(payload))
	var d bus.Decoder
	if n := testing.AllocsPerRun(100, func() {
		if err := d.Decode(tick.KindTrade, payload); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("decoding allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { buffer = bus.AppendEventBatch(buffer[:0], "publisher", events) }); n != 0 {
		t.Errorf("encoding allocates %v times", n)
	}
}
