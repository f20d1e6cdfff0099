package fleet_test

import (
	"testing"
	"time"

	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// wirePolicies are those of clients that speak the API themselves.
var wirePolicies = []*tickgatev1.Conflation{gatewaytest.Latest(), gatewaytest.Interval(50 * time.Millisecond), gatewaytest.None()}

// watched are the symbols of a resuming client: what happens to each of them is told by its name.
var watched = []string{"BUSY", "MOVED", "QUIET"}

// publishTo publishes a quote of a symbol so many times.
func publishTo(market *gatewaytest.Publisher, symbol string, times int) {
	for range times {
		price := int64(market.Last(symbol)) + 100
		market.Publish(symbol, tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, Quote: tick.Quote{BidPrice: tick.Some(price), AskPrice: tick.Some(price + 1)}})
	}
}

// hold has a client hold the last value of every symbol at a gateway, and leave.
func hold(t *testing.T, g *gatewaytest.Gateway, market *gatewaytest.Publisher, policy *tickgatev1.Conflation) *gatewaytest.Stream {
	t.Helper()
	s := gatewaytest.OpenStream(t, g.Dial(t), nil)
	s.Subscribe(policy, watched)
	s.Await("the last values", gatewaytest.HoldsLast(market, watched))
	s.Close()
	return s
}

// awaitAt waits until a gateway has the last values.
func awaitAt(t *testing.T, g *gatewaytest.Gateway, market *gatewaytest.Publisher) {
	t.Helper()
	hold(t, g, market, gatewaytest.Latest())
}

// resume comes back at a gateway with what a stream that has ended held.
func resume(t *testing.T, g *gatewaytest.Gateway, before *gatewaytest.Stream, policy *tickgatev1.Conflation, log *history.ClientLog) *gatewaytest.Stream {
	t.Helper()
	var held []*tickgatev1.Resume
	before.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) {
		for _, symbol := range watched {
			held = append(held, &tickgatev1.Resume{Symbol: symbol, Epoch: h[symbol].Epoch, LastSequence: h[symbol].Sequence})
		}
	})
	s := gatewaytest.OpenStream(t, g.Dial(t), &gatewaytest.Options{Log: log})
	s.SubscribeWith(&tickgatev1.Subscribe{Symbols: watched, Conflation: policy, Resume: held})
	return s
}

// TestResumeElsewhereSendsOnlyWhatChanged: a gateway that has never seen the client sends it what is new since another one served it, and nothing else.
func TestResumeElsewhereSendsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	p := startPair(t, nil)
	market := gatewaytest.NewPublisher(t, p.connection())
	for _, symbol := range watched {
		publishTo(market, symbol, 2)
	}
	for _, policy := range wirePolicies {
		before := hold(t, p.gateways[0], market, policy)
		const busy = 5
		publishTo(market, "BUSY", busy)
		publishTo(market, "MOVED", 1)
		awaitAt(t, p.gateways[1], market)
		s := resume(t, p.gateways[1], before, policy, before.Log())
		s.Await("what has changed", gatewaytest.HoldsLast(market, []string{"BUSY", "MOVED"}))
		publishTo(market, "MOVED", 1) // when this has come, all that was sent for the resumption has
		s.Await("what comes then", gatewaytest.HoldsLast(market, []string{"BUSY", "MOVED"}))
		s.Look(func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
			for symbol, held := range h {
				if held.Snapshots > 0 || held.Missing > 0 || (held.Updates > 0) == (symbol == "QUIET") {
					t.Errorf("%v: %s had %d updates, %d of them snapshots, and %d missing", policy, symbol, held.Updates, held.Snapshots, held.Missing)
				}
			}
			if got := h["BUSY"].Updates + h["BUSY"].Conflated; got != busy {
				t.Errorf("%v: %d events of BUSY, want %d", policy, got, busy)
			}
			wantGaps(t, policy, others)
		})
		s.Close()
		judge(t, market, s)
	}
}

// TestResumeElsewhereFromAForeignEpoch: the publisher has restarted while the client was away.
func TestResumeElsewhereFromAForeignEpoch(t *testing.T) {
	t.Parallel()
	p := startPair(t, nil)
	for _, policy := range wirePolicies {
		old := gatewaytest.NewPublisher(t, p.connection())
		for _, symbol := range watched {
			publishTo(old, symbol, 3)
		}
		before := hold(t, p.gateways[0], old, policy)
		old.Close()
		market := gatewaytest.NewPublisher(t, p.connection())
		for _, symbol := range watched {
			publishTo(market, symbol, 5)
		}
		awaitAt(t, p.gateways[1], market)
		wantSnapshots(t, p.gateways[1], before, policy, market, watched)
		market.Close()
	}
}

// TestResumeElsewhereFromTheFuture: the other gateway is behind, since it is cut off from NATS. It says what it has, and that it is not what the client had; when it is back it sends the rest.
func TestResumeElsewhereFromTheFuture(t *testing.T) {
	t.Parallel()
	p := startPair(t, nil)
	market := gatewaytest.NewPublisher(t, p.connection())
	for _, symbol := range watched {
		publishTo(market, symbol, 2)
	}
	for _, policy := range wirePolicies {
		awaitAt(t, p.gateways[1], market)
		p.ways[1].Freeze()
		publishTo(market, "BUSY", 5)
		before := hold(t, p.gateways[0], market, policy)
		behind := market.Last("BUSY") - 5
		s := resume(t, p.gateways[1], before, policy, nil)
		s.AwaitMessages("a gap and what the gateway has", func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool {
			return h.Sequence("BUSY") == behind && len(gaps(others)) > 0
		})
		s.Look(func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
			if h["BUSY"].Snapshots != 1 || h["QUIET"].Updates != 0 {
				t.Errorf("%v: BUSY had %d snapshots, QUIET %d updates; want one and none", policy, h["BUSY"].Snapshots, h["QUIET"].Updates)
			}
			wantGaps(t, policy, others, "BUSY")
		})
		p.ways[1].Thaw()
		s.Await("the rest", gatewaytest.HoldsLast(market, []string{"BUSY"}))
		s.Close()
		judge(t, market, s)
	}
}

// TestResumeElsewhereFromBeforeTheRing: more has happened since than is kept for those who take every event.
func TestResumeElsewhereFromBeforeTheRing(t *testing.T) {
	t.Parallel()
	p := startPair(t, func(c *gateway.Config) { c.Table.RingDepth = 64 })
	market := gatewaytest.NewPublisher(t, p.connection())
	for _, symbol := range watched {
		publishTo(market, symbol, 2)
	}
	before := hold(t, p.gateways[0], market, gatewaytest.None())
	publishTo(market, "BUSY", 200)
	awaitAt(t, p.gateways[1], market)
	wantSnapshots(t, p.gateways[1], before, gatewaytest.None(), market, []string{"BUSY"})
}

// wantSnapshots demands that a client that comes back is told one gap of each of some symbols, and sent one snapshot of their last values.
func wantSnapshots(t *testing.T, g *gatewaytest.Gateway, before *gatewaytest.Stream, policy *tickgatev1.Conflation, market *gatewaytest.Publisher, symbols []string) {
	t.Helper()
	s := resume(t, g, before, policy, nil)
	s.Await("the last values", gatewaytest.HoldsLast(market, symbols))
	s.Look(func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
		for _, symbol := range symbols {
			if h[symbol].Snapshots != 1 || h[symbol].Updates != 1 {
				t.Errorf("%v: %s had %d updates, of which %d snapshots; want one snapshot", policy, symbol, h[symbol].Updates, h[symbol].Snapshots)
			}
		}
		wantGaps(t, policy, others, symbols...)
	})
	s.Close()
	judge(t, market, s)
}

// gaps returns the symbols of the gaps among messages.
func gaps(messages []*tickgatev1.ServerMessage) (symbols []string) {
	for _, m := range messages {
		if g := m.GetGap(); g != nil {
			symbols = append(symbols, g.GetSymbol())
		}
	}
	return symbols
}

// wantGaps demands one gap of each of some symbols, and no other.
func wantGaps(t *testing.T, policy *tickgatev1.Conflation, messages []*tickgatev1.ServerMessage, symbols ...string) {
	t.Helper()
	got := gaps(messages)
	counts := make(map[string]int)
	for _, symbol := range got {
		counts[symbol]++
	}
	for _, symbol := range symbols {
		if counts[symbol] != 1 {
			t.Errorf("%v: gaps %v, want one of %s", policy, got, symbol)
		}
	}
	if len(got) != len(symbols) {
		t.Errorf("%v: gaps %v, want %v", policy, got, symbols)
	}
}

func judge(t *testing.T, market *gatewaytest.Publisher, s *gatewaytest.Stream) {
	t.Helper()
	for _, v := range history.Check(market.Log(), s.Log(), history.Options{End: history.EndCut, StaleBound: 5 * time.Second, IntervalTolerance: 26 * time.Millisecond}) {
		t.Error(v)
	}
}
