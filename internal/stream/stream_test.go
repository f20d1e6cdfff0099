package stream_test

import (
	"testing"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestSubscribeSnapshotUpdateUnsubscribe(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("BTCUSDT.BINANCE_SPOT")
	m.quote(100)
	c := g.open()
	c.subscribe(7, "BTCUSDT.BINANCE_SPOT", "NOT.SEEN", "bad\nsymbol", "BTCUSDT.BINANCE_SPOT")

	result := c.receive().GetSubscribeResult()
	if result.GetRequestId() != 7 || len(result.GetAccepted()) != 2 || len(result.GetRejected()) != 1 {
		t.Fatalf("got %v, want two accepted and one rejected", result)
	}
	if state := result.GetAccepted()[1].GetState(); state != tickgatev1.MarketState_MARKET_STATE_PENDING {
		t.Errorf("a symbol that was never sent is %v, want PENDING", state)
	}
	batch := c.receive().GetBatch()
	if u := batch.GetUpdates(); len(u) != 1 || !u[0].GetSnapshot() || u[0].GetQuote().GetBidPrice() != 100 || u[0].GetSequence() != 1 {
		t.Fatalf("got %v, want the snapshot", batch)
	}
	m.quote(105)
	batch = c.receive().GetBatch()
	if u := batch.GetUpdates(); len(u) != 1 || u[0].GetSnapshot() || u[0].GetQuote().GetBidPrice() != 105 || u[0].GetQuote().BidSize != nil {
		t.Fatalf("got %v, want the new prices alone", batch)
	}
	c.send(&tickgatev1.ClientMessage{RequestId: 8, Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{All: true}}})
	if removed := c.receive().GetUnsubscribeResult(); removed.GetRemovedCount() != 2 {
		t.Fatalf("got %v, want two removed", removed)
	}
	m.quote(106)
	c.send(&tickgatev1.ClientMessage{RequestId: 9, Command: &tickgatev1.ClientMessage_Heartbeat{Heartbeat: &tickgatev1.ClientHeartbeat{ClientTime: 42}}})
	if beat := c.receive().GetHeartbeat(); beat.GetEcho() != 42 || beat.GetRequestId() != 9 {
		t.Fatalf("got %v, want the echo and nothing before it", beat)
	}
}
