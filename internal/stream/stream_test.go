package stream_test

import (
	"testing"

	"tickgate/pkg/subscription"
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

// TestHalted: a halt, and its end, are told to who is subscribed and to who comes later.
func TestHalted(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	m.quote(100)
	c := g.open()
	c.subscribe(1, "A")
	c.answer()
	c.receive() // the snapshot

	m.enter(&subscription.State{Market: subscription.Halted, Reason: subscription.Venue, Since: 42})
	isState := func(m *tickgatev1.ServerMessage) bool { return m.GetState() != nil }
	const halted, venue = tickgatev1.MarketState_MARKET_STATE_HALTED, tickgatev1.StateReason_STATE_REASON_VENUE
	if s := c.until("the halt", isState).GetState(); s.GetState() != halted || s.GetReason() != venue || s.GetSince() != 42 {
		t.Errorf("got %v, want the halt", s)
	}
	later := g.open()
	later.subscribe(1, "A")
	if accepted := later.answer().GetSubscribeResult().GetAccepted(); len(accepted) != 1 || accepted[0].GetState() != halted {
		t.Errorf("got %v, want a halted instrument", accepted)
	}
	m.quote(101) // values go on
	c.until("the quote", func(m *tickgatev1.ServerMessage) bool { return len(m.GetBatch().GetUpdates()) == 1 })

	m.enter(live)
	if s := c.until("the end of the halt", isState).GetState(); s.GetState() != tickgatev1.MarketState_MARKET_STATE_LIVE {
		t.Errorf("got %v, want the end of the halt", s)
	}
}
