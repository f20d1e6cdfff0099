package client_test

import (
	"log/slog"
	"testing"
	"time"

	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd"
	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func (s *fakeStream) goAway(t *testing.T, after time.Duration) {
	t.Helper()
	s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_GoingAway{GoingAway: &tickgatev1.GoingAway{Reason: "stopping", RetryAfterMs: uint32(after.Milliseconds())}}})
}

// gone waits until the client has ended the stream.
func (s *fakeStream) gone(t *testing.T) {
	t.Helper()
	select {
	case <-s.Context().Done():
	case <-time.After(gatewaytest.Patience):
		t.Fatal("the client stays")
	}
}

// TestGoingAwayIsHonoured: the client comes to the next gateway when it was asked to, and goes on with the one that leaves until the next one streams.
func TestGoingAwayIsHonoured(t *testing.T) {
	leaving, next := newFake(t), newFake(t)
	c := dial(t, leaving.address, client.WithAddresses(next.address))
	s := leaving.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	s.takeSubscribe(t, 1)
	wait()
	const after = 300 * time.Millisecond
	told := time.Now()
	s.goAway(t, after)
	s.bid(t, 1, 1, 100)
	gatewaytest.Eventually(t, "the last bids of the gateway that leaves", holds(c, "A", "1.00"))
	second := next.accept(t)
	if took := time.Since(told); took < after {
		t.Errorf("the client came to the next gateway after %v, before the %v that it was asked to wait", took, after)
	}
	s.bid(t, 2, 2, 200)
	gatewaytest.Eventually(t, "what comes while the next one is not up", holds(c, "A", "2.00"))
	if state := c.State(); state.State != client.Connected || state.Address != leaving.address {
		t.Errorf("%+v, want it live at the gateway that leaves", state)
	}
	if s := second.takeSubscribe(t, 1); len(s.GetResume()) != 1 || s.GetResume()[0].GetLastSequence() != 1 {
		t.Errorf("%v, want it to resume from the first bid", s)
	}
	s.gone(t)
	second.bid(t, 1, 3, 300)
	gatewaytest.Eventually(t, "the next gateway's bid", holds(c, "A", "3.00"))
	if ticker, _ := c.Book().Quote("A"); ticker.State != client.Live || ticker.Updates != 3 {
		t.Errorf("%+v, want it live after three updates", ticker)
	}
	if state := c.State(); state.State != client.Connected || state.Address != next.address {
		t.Errorf("%+v, want it live at the next gateway", state)
	}
}

// TestChangesDuringTheMove are made good at the next gateway.
func TestChangesDuringTheMove(t *testing.T) {
	leaving, next := newFake(t), newFake(t)
	c := dial(t, leaving.address, client.WithAddresses(next.address))
	s := leaving.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	s.takeSubscribe(t, 1)
	wait()
	s.goAway(t, time.Millisecond)
	second := (<-next.streams)
	first := second.next(t) // SetFreshness, unanswered: the stream is not up
	wait = subscribe(t, c, client.Latest, "B")
	s.takeSubscribe(t, 1)
	wait()
	unsubscribed := make(chan error, 1)
	go func() { unsubscribed <- c.Unsubscribe(t.Context(), "A") }()
	m := s.next(t)
	for m.GetUnsubscribe() == nil {
		m = s.next(t)
	}
	s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_UnsubscribeResult{UnsubscribeResult: &tickgatev1.UnsubscribeResult{RequestId: m.GetRequestId()}}})
	if err := <-unsubscribed; err != nil {
		t.Fatal(err)
	}
	second.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_FreshnessResult{FreshnessResult: &tickgatev1.FreshnessResult{RequestId: first.GetRequestId()}}})
	if s := second.takeSubscribe(t, 1); s.GetSymbols()[0] != "A" {
		t.Errorf("the stream began with %v, want A", s)
	}
	if s := second.takeSubscribe(t, 1); len(s.GetSymbols()) != 1 || s.GetSymbols()[0] != "B" {
		t.Errorf("%v, want B, which was subscribed meanwhile", s)
	}
	m = second.next(t)
	for m.GetUnsubscribe() == nil {
		m = second.next(t)
	}
	if symbols := m.GetUnsubscribe().GetSymbols(); len(symbols) != 1 || symbols[0] != "A" {
		t.Errorf("unsubscribes %v, want A", symbols)
	}
}

// TestGatewayThatGoesAwayTooSoon is not followed by a rush: the client waits for as long as it was asked to.
func TestGatewayThatGoesAwayTooSoon(t *testing.T) {
	f := newFake(t)
	c := dial(t, f.address)
	s := f.accept(t)
	gatewaytest.Eventually(t, "the stream", func() bool { return c.State().State == client.Connected })
	const after = 300 * time.Millisecond
	told := time.Now()
	s.goAway(t, after)
	s.end <- nil
	f.accept(t)
	if took := time.Since(told); took < after {
		t.Errorf("the client came back after %v, want %v", took, after)
	}
}

// TestMoveLosesNothing: one of two gateways stops politely under clients of each policy. None is ever without a connection, the history checker finds nothing on any
// stream, and who takes every event takes each of them once.
func TestMoveLosesNothing(t *testing.T) {
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = "127.0.0.1:0", t.TempDir()
	server, err := natsd.Start(config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	gateways := make([]*gatewaytest.Gateway, 2)
	for i := range gateways {
		c := gatewaytest.Config(t)
		c.Bus, c.CreateStream = server.Connection(), true
		c.Stream.RetryAfter, c.Stream.DrainGrace = 50*time.Millisecond, 5*time.Second
		gateways[i] = gatewaytest.Start(t, c)
	}
	market := gatewaytest.NewPublisher(t, gateways[0].Bus())
	quotes := generate.DefaultConfig()
	quotes.Symbols, quotes.Rate = 10, 500
	feed := market.Trade(quotes)
	symbols := generated
	sequences := make(map[string]uint64) // owned by the handler, until the client is closed
	everyEvent := func(u client.Update) {
		if last := sequences[u.Symbol]; u.Changed&client.QuoteChanged != 0 && last != 0 && u.Sequence != last+1 || u.MissingNow > 0 {
			t.Errorf("%s: %d after %d, %d missing, want every event once", u.Symbol, u.Sequence, last, u.MissingNow)
		}
		sequences[u.Symbol] = u.Sequence
	}
	var clients []*gatewaytest.Watched
	for _, policy := range []client.Conflation{client.Latest, client.Every(50 * time.Millisecond), client.AllEvents} {
		var opts []client.Option
		if policy == client.AllEvents {
			opts = append(opts, client.WithUpdates(everyEvent))
		}
		clients = append(clients, gatewaytest.Watch(t, gateways[0].Addresses().GRPC, policy, symbols, append(opts, client.WithAddresses(gateways[1].Addresses().GRPC))...))
	}
	for _, c := range clients {
		gatewaytest.Eventually(t, "values", func() bool { return holdsAll(c.Client, symbols) })
	}
	gateways[0].BeginDrain()
	for _, c := range clients {
		gatewaytest.Eventually(t, "the other gateway", func() bool { return c.State().Address == gateways[1].Addresses().GRPC })
	}
	<-gateways[0].Ended()
	pause(t, 200*time.Millisecond) // of the market at the other one
	feed.Stop()
	for _, c := range clients {
		gatewaytest.Eventually(t, "the last values", func() bool { return c.HoldsLast(market, symbols) })
		c.Close()
		c.Judge(t, market)
		if streams := c.Streams(); streams != 2 {
			t.Errorf("%v: %d streams, want one on each gateway", c.Policy, streams)
		}
		if lost := c.Lost(); len(lost) > 0 {
			t.Errorf("%v: states %v, want it connected all the time", c.Policy, lost)
		}
	}
}
