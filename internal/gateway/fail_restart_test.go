package gateway_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/testport"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// resumes returns what a client names to go on where its stream ended.
func resumes(s *gatewaytest.Stream) []*tickgatev1.Resume {
	var all []*tickgatev1.Resume
	s.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) {
		for _, symbol := range symbols {
			all = append(all, &tickgatev1.Resume{Symbol: symbol, Epoch: h[symbol].Epoch, LastSequence: h[symbol].Sequence})
		}
	})
	return all
}

// comeBack opens streams that go on where the clients' former ones ended, at another gateway.
func (c *clients) comeBack(g dialer) {
	c.t.Helper()
	for i, before := range c.streams {
		<-before.Ended()
		if code := status.Code(before.Err()); code != codes.Unavailable {
			c.t.Errorf("%v: the stream ended with %v, want %v", policies[i], before.Err(), codes.Unavailable)
		}
		s := gatewaytest.OpenStream(c.t, g.Dial(c.t), &gatewaytest.Options{Log: before.Log()})
		s.SubscribeWith(&tickgatev1.Subscribe{Symbols: symbols, Conflation: policies[i], Resume: resumes(before)})
		c.streams[i] = s
	}
}

// TestGatewayKilledUnderLoad cuts a gateway off, and starts another in its place, to which the clients come back while the market goes on.
func TestGatewayKilledUnderLoad(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	config := b.joined(t)
	config.GRPCListen = testport.Address(t)
	first := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, b.connection())
	feed := market.Trade(liveliness(1_000))
	clients := openOnePerPolicy(t, first)
	clients.await("a live market", trading)

	first.Abort()
	second := gatewaytest.Start(t, config)
	clients.comeBack(second)
	clients.await("a live market", trading)
	feed.Stop()
	clients.settle(market)
	clients.check(market)
}

// TestGatewayKilledInAQuietMarket: what the clients hold is still the last value, so they are sent none of it again.
func TestGatewayKilledInAQuietMarket(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	config := b.joined(t)
	first := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, b.connection())
	feed := market.Trade(liveliness(1_000))
	clients := openOnePerPolicy(t, first)
	clients.await("a live market", trading)
	feed.Stop()
	clients.settle(market)

	first.Abort()
	second := gatewaytest.Start(t, config)
	clients.comeBack(second)
	clients.await("all symbols live", live)
	for i, s := range clients.streams {
		s.Look(func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
			for _, symbol := range symbols {
				if h[symbol].Updates > 0 {
					t.Errorf("%v: %s was sent again", policies[i], symbol)
				}
			}
			for _, m := range others {
				if m.GetGap() != nil {
					t.Errorf("%v: %v", policies[i], m)
				}
			}
		})
	}
	clients.check(market)
}

// TestResumeFromElsewhere names points that no gateway knows. The answer is a gap, and a snapshot.
func TestResumeFromElsewhere(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	g := gatewaytest.Start(t, b.joined(t))
	market := gatewaytest.NewPublisher(t, b.connection())
	feed := market.Trade(liveliness(1_000))
	clients := openOnePerPolicy(t, g)
	clients.await("a live market", trading)
	feed.Stop()
	clients.settle(market)
	held := resumes(clients.streams[0])
	for _, c := range []struct {
		name  string
		shift func(*tickgatev1.Resume)
	}{
		{"an older epoch", func(r *tickgatev1.Resume) { r.Epoch-- }},
		{"an epoch to come", func(r *tickgatev1.Resume) { r.Epoch++ }},
		{"a sequence to come", func(r *tickgatev1.Resume) { r.LastSequence += 1_000 }},
		{"the greatest sequence", func(r *tickgatev1.Resume) { r.LastSequence = 1<<64 - 1 }},
	} {
		for _, policy := range policies {
			s := gatewaytest.OpenStream(t, g.Dial(t), nil)
			s.SubscribeWith(&tickgatev1.Subscribe{Symbols: symbols, Conflation: policy, Resume: shifted(held, c.shift)})
			s.Await("the last values", gatewaytest.HoldsLast(market, symbols))
			wantResumeRefused(t, c.name, s)
			checkStream(t, c.name, market, s)
		}
	}
	clients.check(market)
}

// shifted returns changed copies.
func shifted(held []*tickgatev1.Resume, shift func(*tickgatev1.Resume)) []*tickgatev1.Resume {
	var all []*tickgatev1.Resume
	for _, r := range held {
		wrong := &tickgatev1.Resume{Symbol: r.GetSymbol(), Epoch: r.GetEpoch(), LastSequence: r.GetLastSequence()}
		shift(wrong)
		all = append(all, wrong)
	}
	return all
}

// wantResumeRefused demands one gap and one snapshot for each symbol.
func wantResumeRefused(t *testing.T, name string, s *gatewaytest.Stream) {
	t.Helper()
	s.Look(func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
		gaps := make(map[string]int)
		for _, m := range others {
			if g := m.GetGap(); g.GetReason() == tickgatev1.GapReason_GAP_REASON_RESUME {
				gaps[g.GetSymbol()]++
			}
		}
		for _, symbol := range symbols {
			if gaps[symbol] != 1 || h[symbol].Snapshots != 1 || h[symbol].Updates != 1 {
				t.Errorf("%s: %s had %d gaps, %d updates, of which %d snapshots; want one gap and one snapshot",
					name, symbol, gaps[symbol], h[symbol].Updates, h[symbol].Snapshots)
			}
		}
	})
}
