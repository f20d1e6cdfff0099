package history_test

import (
	"fmt"
	"time"

	"tickgate/internal/history"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// A gateway that delivers the first of two quotes and never the second.
func ExampleCheck() {
	published, client := history.NewPublisherLog(), history.NewClientLog()
	for sequence, bid := range []int64{10005, 10010} {
		published.Published("BRK.B", tick.Event{
			Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(sequence + 1), Scales: tick.Scales{Price: 2},
			Quote: tick.Quote{BidPrice: tick.Some(bid)},
		})
	}

	at := time.Unix(1_800_000_000, 0)
	client.StreamStarted()
	client.Sent(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{
		Subscribe: &tickgatev1.Subscribe{Symbols: []string{"BRK.B"}},
	}})
	client.Received(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: &tickgatev1.SubscribeResult{
		Accepted:   []*tickgatev1.Instrument{{Symbol: "BRK.B", Id: 1, PriceScale: 2, Epoch: 1}},
		Conflation: &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST},
	}}}, at)
	bid := int64(10005)
	client.Received(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{
		StreamSequence: 1,
		Updates:        []*tickgatev1.Update{{InstrumentId: 1, Sequence: 1, Snapshot: true, Quote: &tickgatev1.Quote{BidPrice: &bid}}},
	}}}, at)

	for _, v := range history.Check(published, client, history.Options{End: history.EndSettled}) {
		fmt.Println(v)
	}
	// Output:
	// convergent: stream 1, entry 3, symbol "BRK.B": the last update is 1 of epoch 1; the publisher's last event is 2 of epoch 1
}
