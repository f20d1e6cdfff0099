package client

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// feedBook has a Book of symbols, and returns what takes one batch with an update of each, and then has the application take all of it.
func feedBook(t testing.TB, conflation Conflation, symbols int) func() {
	book := newBook(4096, 0, newLatency(), func() {})
	ids := make(map[uint32]*instrument)
	batch := &tickgatev1.Batch{TsSend: 1, StreamSequence: 1}
	for i := range symbols {
		symbol := fmt.Sprintf("S%d", i)
		book.want(symbol, conflation)
		id := uint32(i + 1)
		ids[id] = book.announce(&tickgatev1.Instrument{Symbol: symbol, Id: id, PriceScale: 2, SizeScale: 2, Epoch: 1, State: tickgatev1.MarketState_MARKET_STATE_LIVE})
		batch.Updates = append(batch.Updates, &tickgatev1.Update{
			InstrumentId: id, Sequence: 1, Conflated: 3, RecvAge: 50_000, EventDelta: proto.Int64(-1000),
			Quote: &tickgatev1.Quote{BidPrice: proto.Int64(6_183_763), BidSize: proto.Int64(378), AskPrice: proto.Int64(6_183_764), AskSize: proto.Int64(12)},
			Stats: &tickgatev1.Stats{Volume: proto.Int64(123_456_789)},
		})
	}
	book.consume(+1)
	encoded, err := proto.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	received := received{bytes: encoded}
	now := time.Now()
	var u Update
	return func() {
		for _, i := range ids {
			i.epoch++ // so that the same bytes are new again
		}
		if _, _, err := book.batch(received.bytes, ids, now); err != nil {
			t.Fatal(err)
		}
		taken := 0
		for book.next(&u) {
			taken++
		}
		if taken < symbols {
			t.Fatalf("%d updates were taken of %d", taken, symbols)
		}
	}
}

// TestReceivingAllocatesNothing per update, from the bytes of a batch to the hands of the application.
func TestReceivingAllocatesNothing(t *testing.T) {
	for _, conflation := range []Conflation{Latest, AllEvents} {
		t.Run(conflation.String(), func(t *testing.T) {
			once := feedBook(t, conflation, 100)
			once() // makes what is used again and again
			if allocations := testing.AllocsPerRun(100, once); allocations != 0 {
				t.Errorf("%v allocations for a batch of 100 updates, want none", allocations)
			}
		})
	}
}

// BenchmarkReceive times one update from the bytes of its batch, of a hundred symbols, to the hands of the application.
func BenchmarkReceive(b *testing.B) {
	for _, conflation := range []Conflation{Latest, AllEvents} {
		b.Run(conflation.String(), func(b *testing.B) {
			const symbols = 100
			once := feedBook(b, conflation, symbols)
			once()
			b.ReportAllocs()
			for i := 0; i < b.N; i += symbols {
				once()
			}
		})
	}
}
