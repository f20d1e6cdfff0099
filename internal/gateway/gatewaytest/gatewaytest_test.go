package gatewaytest_test

import (
	"testing"

	"go.uber.org/goleak"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPublishedIsHeld takes three events the whole way, the last of them with one more digit.
func TestPublishedIsHeld(t *testing.T) {
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	symbols := []string{"BRK.B"}
	client.Subscribe(gatewaytest.None(), symbols)
	bid := func(mantissa int64, scale uint8) tick.Event {
		return tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: scale}, Quote: tick.Quote{BidPrice: tick.Some(mantissa), BidSize: tick.Some(7)}}
	}
	market.Publish("BRK.B", bid(61234, 2))
	market.Publish("BRK.B", tick.Event{Kind: tick.KindTrade, Scales: tick.Scales{Price: 2}, Trade: tick.Trade{Price: 61235, Size: 3}})
	market.Publish("BRK.B", bid(612345, 3))
	client.Await("the last bid", gatewaytest.HoldsLast(market, symbols))
	client.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) {
		held := h["BRK.B"]
		if held.Price(held.Quote.BidPrice) != "612.345" || held.Price(tick.Some(held.Trade.Price)) != "612.350" || held.Size(held.Trade.Stats.Volume) != "3" {
			t.Errorf("held %+v, want bid 612.345, last price 612.350, volume 3", held)
		}
		if held.Updates+held.Conflated+held.Missing != 3 {
			t.Errorf("held %+v, want 3 events accounted for", held)
		}
	})
	client.Close()
	for _, v := range history.Check(market.Log(), client.Log(), history.Options{End: history.EndSettled}) {
		t.Error(v)
	}
}
