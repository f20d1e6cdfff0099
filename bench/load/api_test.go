package load

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func newTestStream(t *testing.T, symbols []string, perStream, number int) *Stream {
	t.Helper()
	plan := &Plan{Symbols: symbols, PerStream: perStream, Streams: number + 1, Connections: 1}
	r, err := newRun(t.Context(), plan, nil, &Dialer{})
	if err != nil {
		t.Fatal(err)
	}
	return r.newStream(number)
}

func take(t *testing.T, s *Stream, event *tickgatev1.ServerMessage) {
	t.Helper()
	message, err := proto.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TakeMessage(message); err != nil {
		t.Fatal(err)
	}
}

func batch(updates ...*tickgatev1.Update) *tickgatev1.ServerMessage {
	return &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{
		TsSend: time.Now().UnixNano(), StreamSequence: 1, TsEventBase: time.Now().UnixNano(), Updates: updates,
	}}}
}

// TestBatchesAreMergedAsAClientWould: snapshots replace, updates merge, cleared sides go, and slots wrap around the list of symbols.
func TestBatchesAreMergedAsAClientWould(t *testing.T) {
	s := newTestStream(t, []string{"A", "B", "C"}, 2, 1) // stream 1 has C and A
	s.shard.begin(0)
	take(t, s, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: &tickgatev1.SubscribeResult{
		Accepted: []*tickgatev1.Instrument{{Symbol: "C", Id: 7}, {Symbol: "A", Id: 9}},
	}}})
	take(t, s, batch(
		&tickgatev1.Update{InstrumentId: 7, Sequence: 5, Snapshot: true, Quote: &tickgatev1.Quote{BidPrice: new(int64(10)), BidSize: new(int64(1)), AskPrice: new(int64(11))}},
		&tickgatev1.Update{InstrumentId: 9, Sequence: 3, Snapshot: true, Quote: &tickgatev1.Quote{BidPrice: new(int64(-20))}},
	))
	take(t, s, batch(&tickgatev1.Update{InstrumentId: 7, Sequence: 8, Conflated: 2, Quote: &tickgatev1.Quote{AskPrice: new(int64(12)), BidCleared: true}}))
	take(t, s, batch(&tickgatev1.Update{InstrumentId: 7, Conflated: 3, Quote: &tickgatev1.Quote{AskPrice: new(int64(13))}})) // its sequence follows
	want := []held{
		{sequence: 12, quote: quote{askPrice: 13, hasAsk: true}},
		{sequence: 3, quote: quote{bidPrice: -20, hasBid: true}},
	}
	for slot := range want {
		if got := s.held[slot]; got.sequence != want[slot].sequence || got.quote != want[slot].quote {
			t.Errorf("slot %d holds %+v, want %+v", slot, got, want[slot])
		}
	}
	if s.waiting != 0 || s.shard.window.Batches != 3 || s.shard.window.Updates != 4 || s.shard.window.Conflated != 5 {
		t.Errorf("waits for %d slots, counted %+v", s.waiting, s.shard.window)
	}
}

// TestOnlyTheWindowIsCounted: what comes before a window or after its end is in no count of it.
func TestOnlyTheWindowIsCounted(t *testing.T) {
	s := newTestStream(t, []string{"A"}, 1, 0)
	s.run.instruments.learn([]*tickgatev1.Instrument{{Symbol: "A", Id: 1}})
	receive := func(sequence uint64) {
		take(t, s, batch(&tickgatev1.Update{InstrumentId: 1, Sequence: sequence, Conflated: 3, Quote: &tickgatev1.Quote{BidPrice: new(int64(10))}}))
	}
	receive(1)
	s.shard.begin(time.Now().UnixNano())
	receive(5)
	s.shard.end(time.Now().UnixNano())
	receive(9)
	if w := &s.shard.window; w.Batches != 1 || w.Updates != 1 || w.Conflated != 3 || w.Latency.Count() != 4 { // of the events that were merged, too
		t.Errorf("of three batches, one of them in the window: %d batches, %d updates, %d conflated, %d latencies", w.Batches, w.Updates, w.Conflated, w.Latency.Count())
	}
}

func TestUpdatesOfUnknownInstrumentsAreRefused(t *testing.T) {
	s := newTestStream(t, []string{"A", "B"}, 1, 0)
	message, err := proto.Marshal(batch(&tickgatev1.Update{InstrumentId: 4, Sequence: 1}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TakeMessage(message); err == nil {
		t.Error("an update of an instrument that was never announced was taken")
	}
}
