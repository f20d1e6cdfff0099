package client_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
	"tickgate/pkg/tick"
)

func wantError(t *testing.T, err, want error, text string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want %v with %q", err, want, text)
	}
}

// quoteOf is a bid at a price in cents, and an ask one above.
func quoteOf(price int64) tick.Event {
	return tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, Quote: tick.Quote{
		BidPrice: tick.Some(price), BidSize: tick.Some(1), AskPrice: tick.Some(price + 1), AskSize: tick.Some(2),
	}}
}

// start starts a gateway and a publisher.
func start(t *testing.T) (*gatewaytest.Gateway, *gatewaytest.Publisher) {
	t.Helper()
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	return g, gatewaytest.NewPublisher(t, g.Bus())
}

func connect(t *testing.T, g *gatewaytest.Gateway, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), g.Addresses().GRPC, append(opts, client.WithLogger(slog.New(slog.DiscardHandler)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestUpdatesCarryWholeTickers(t *testing.T) {
	g, market := start(t)
	c := connect(t, g)
	granted, err := c.Subscribe(t.Context(), client.Every(5*time.Millisecond), "A")
	if err != nil || granted.Interval() != 5*time.Millisecond {
		t.Fatalf("granted %v, %v", granted, err)
	}
	if ticker, ok := c.Book().Quote("A"); !ok || ticker.State != client.Pending {
		t.Errorf("%+v, %v, want it pending", ticker, ok)
	}
	market.Publish("A", quoteOf(10_001))
	market.Publish("A", tick.Event{Kind: tick.KindTrade, Scales: tick.Scales{Price: 2}, Trade: tick.Trade{
		Price: 10_002, Size: 3, Aggressor: tick.SideBuy, Stats: tick.Stats{Volume: tick.Some(3), TradeCount: tick.Some(1)},
	}})
	for u := range c.Updates() {
		if u.Last.String() != "100.02" {
			continue
		}
		if u.Bid.String() != "100.01" || u.Ask.String() != "100.02" || u.Spread().String() != "0.01" || u.Volume.String() != "3" || u.State != client.Live {
			t.Errorf("%+v", u)
		}
		break
	}
	if err := c.Unsubscribe(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Book().Quote("A"); ok || c.Book().Len() != 0 {
		t.Error("the symbol is in the Book after it was unsubscribed")
	}
}

func TestRejectedSymbolsAreNamed(t *testing.T) {
	g, market := start(t)
	c := connect(t, g)
	market.Publish("GOOD", quoteOf(1))
	_, err := c.Subscribe(t.Context(), client.Latest, "GOOD", "BAD\n", strings.Repeat("X", 65))
	var rejected *client.RejectedError
	if !errors.As(err, &rejected) || len(rejected.Rejections) != 2 || rejected.Rejections[0].Reason != "INVALID_SYMBOL" {
		t.Fatalf("%v, want two symbols named", err)
	}
	if c.Book().Len() != 1 {
		t.Errorf("the Book has %d symbols, want the good one", c.Book().Len())
	}
	gatewaytest.Eventually(t, "the good one", func() bool {
		ticker, _ := c.Book().Quote("GOOD")
		return ticker.Bid.Valid
	})
}

// tickFast publishes prices of A at 500 a second, until stop is called.
func tickFast(t *testing.T, market *gatewaytest.Publisher) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	published := make(chan struct{})
	go func() {
		defer close(published)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for price := int64(1); ; price++ {
			select {
			case <-tick.C:
				market.Publish("A", quoteOf(price))
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-published
	}
}

// TestSlowApplicationTakesFreshValues: one that sleeps over each update, for longer than the bound of freshness, takes what is new when it wakes, whatever its policy, and is told how many
// events it did not take.
func TestSlowApplicationTakesFreshValues(t *testing.T) {
	const (
		bound  = 200 * time.Millisecond
		sleeps = 500 * time.Millisecond
		fresh  = bound + 150*time.Millisecond // on a busy machine; a value that had waited for the application would be as old as its sleep
	)
	for _, policy := range []client.Conflation{client.Latest, client.Every(50 * time.Millisecond), client.AllEvents} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Parallel()
			g, market := start(t)
			c := connect(t, g, client.WithFreshness(bound))
			if _, err := c.Subscribe(t.Context(), policy, "A"); err != nil {
				t.Fatal(err)
			}
			stop := tickFast(t, market)
			var untaken uint64
			taken := 0
			for u := range c.Updates() {
				if u.Changed&client.QuoteChanged == 0 {
					continue
				}
				if age := time.Since(u.RecvTime); taken > 0 && age > fresh {
					t.Errorf("update %d was %v old when it was taken, want %v at most", taken, age, fresh)
				}
				untaken += u.Merged + u.MissingNow
				if (policy == client.AllEvents) != (u.MissingNow > 0 && u.GapReason != 0) && taken > 0 {
					t.Errorf("update %d: %d merged, %d missing by reason of %q", taken, u.Merged, u.MissingNow, u.GapReason)
				}
				if taken++; taken == 4 {
					break
				}
				time.Sleep(sleeps) // the application
			}
			stop()
			if untaken < 100 {
				t.Errorf("the application is told of %d events that it did not take while it slept for a second and a half, want hundreds", untaken)
			}
		})
	}
}

func TestEveryEventWaitsUpToTheBuffer(t *testing.T) {
	g, market := start(t)
	const buffer, events = 10, 40
	c := connect(t, g, client.WithEventBuffer(buffer))
	if _, err := c.Subscribe(t.Context(), client.AllEvents, "A"); err != nil {
		t.Fatal(err)
	}
	for price := int64(1); price <= events; price++ {
		market.Publish("A", quoteOf(price))
	}
	gatewaytest.Eventually(t, "all events", func() bool {
		ticker, _ := c.Book().Quote("A")
		return ticker.Sequence == events
	})
	var total, taken uint64
	for u := range c.Updates() {
		if u.Changed&client.QuoteChanged == 0 {
			continue
		}
		taken++
		total += 1 + u.Merged + u.MissingNow
		if u.Sequence == events {
			break
		}
	}
	if total != events || taken > buffer+1 || taken < buffer {
		t.Errorf("%d updates stand for %d events, want %d in at most %d", taken, total, events, buffer+1)
	}
}

func TestQueries(t *testing.T) {
	g, market := start(t)
	c := connect(t, g, client.ReportingLatency(), client.WithHeartbeat(50*time.Millisecond))
	market.Publish("A", quoteOf(100))
	market.Publish("B", quoteOf(200))
	if _, err := c.Subscribe(t.Context(), client.Latest, "A", "B"); err != nil {
		t.Fatal(err)
	}
	gatewaytest.Eventually(t, "both", func() bool {
		a, _ := c.Book().Quote("A")
		b, _ := c.Book().Quote("B")
		return a.Bid.Valid && b.Bid.Valid
	})
	if all, err := c.Instruments(t.Context(), ""); err != nil || len(all) != 2 || all[1].Symbol != "B" || all[1].PriceScale != 2 {
		t.Errorf("instruments %v, %v", all, err)
	}
	tickers, err := c.Snapshot(t.Context(), "A", "NOPE")
	var rejected *client.RejectedError
	if !errors.As(err, &rejected) || len(tickers) != 1 || tickers[0].Bid.String() != "1.00" {
		t.Errorf("snapshot %v, %v", tickers, err)
	}
	if took, err := c.Ping(t.Context()); err != nil || took <= 0 {
		t.Errorf("ping %v, %v", took, err)
	}
	taken := make(map[string]bool)
	for u := range c.Updates() { // a snapshot is no measure of latency, nor is what is merged with one that was not taken
		if taken[u.Symbol] = true; len(taken) == 2 {
			break
		}
	}
	market.Publish("A", quoteOf(101))
	for u := range c.Updates() {
		if u.Bid.String() == "1.01" {
			break
		}
	}
	if stages := c.Latency().Stages(); len(stages) < 4 {
		t.Errorf("the client has stages %v", stages)
	}
	gatewaytest.Eventually(t, "the gateway to know the last stage", func() bool {
		report, err := c.GatewayLatency(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range report.Process {
			if d.Stage == client.StageEndToEnd && d.Count > 0 {
				return true
			}
		}
		return false
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for name, opts := range map[string][]client.Option{
		"WithHeartbeat":   {client.WithHeartbeat(0)},
		"WithBackoff":     {client.WithBackoff(time.Second, time.Millisecond)},
		"WithEventBuffer": {client.WithEventBuffer(0)},
		"WithFreshness":   {client.WithFreshness(-1)},
	} {
		_, err := client.Dial(t.Context(), "127.0.0.1:1", opts...)
		wantError(t, err, client.ErrOptions, name)
	}
	_, err := client.Dial(t.Context(), "")
	wantError(t, err, client.ErrOptions, "address")
}
