package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// GetSnapshot implements the service: it answers with the errors that the test gives, one after the other, and then with nothing.
func (f *fake) GetSnapshot(context.Context, *tickgatev1.GetSnapshotRequest) (*tickgatev1.GetSnapshotResponse, error) {
	select {
	case err := <-f.answers:
		return nil, err
	default:
		return &tickgatev1.GetSnapshotResponse{}, nil
	}
}

func TestQueriesSayWhatToDo(t *testing.T) {
	f := newFake(t)
	c := dial(t, f.address)
	f.accept(t)
	gatewaytest.Eventually(t, "the stream", func() bool { return c.State().State == client.Connected })
	ask := func(err error) error {
		t.Helper()
		f.answers <- err
		ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
		defer cancel()
		_, err = c.Snapshot(ctx, "A")
		return err
	}
	var busy *client.BusyError
	if err := ask(retryIn(t, codes.ResourceExhausted, 5*time.Second)); !errors.As(err, &busy) || busy.RetryAfter != 5*time.Second {
		t.Errorf("%v, want to be told to try again in 5s", err)
	} else {
		wantError(t, err, err, "try again in 5s")
	}
	wantError(t, ask(status.Error(codes.PermissionDenied, "not this user")), client.ErrRefused, "not this user")
	wantError(t, ask(status.Error(codes.Unimplemented, "unknown method")), client.ErrNoGateway, "unknown method")
	if err := ask(status.Error(codes.Unavailable, "for a moment")); err != nil {
		t.Errorf("%v, want to be answered by the second attempt", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	f.answers <- retryIn(t, codes.Unavailable, time.Hour)
	_, err := c.Snapshot(ctx, "A")
	wantError(t, err, client.ErrUnavailable, "full")
}

// TestSnapshotOfManySymbols asks for no more at a time than a gateway answers.
func TestSnapshotOfManySymbols(t *testing.T) {
	g, market := start(t)
	c := connect(t, g)
	if _, err := c.Subscribe(t.Context(), client.Latest, "A"); err != nil {
		t.Fatal(err)
	}
	market.Publish("A", quoteOf(100))
	gatewaytest.Eventually(t, "the quote", holds(c, "A", "1.00"))
	symbols := []string{"A", "no symbol "}
	for i := range 2500 {
		symbols = append(symbols, fmt.Sprintf("NOPE%d", i))
	}
	tickers, err := c.Snapshot(t.Context(), symbols...)
	var rejected *client.RejectedError
	if !errors.As(err, &rejected) || len(rejected.Rejections) != 2501 || len(tickers) != 1 || tickers[0].Bid.String() != "1.00" {
		t.Fatalf("%d tickers, %v", len(tickers), err)
	}
	reasons := make(map[string]int)
	for _, r := range rejected.Rejections {
		reasons[r.Reason]++
	}
	if reasons["NOT_KNOWN"] != 2500 || reasons["INVALID_SYMBOL"] != 1 {
		t.Errorf("rejected for %v", reasons)
	}
}

func TestInstrumentsByPattern(t *testing.T) {
	g, market := start(t)
	c := connect(t, g)
	symbols := []string{"BTC/EUR", "BTC/USD", "ETH/USD"}
	if _, err := c.Subscribe(t.Context(), client.Latest, symbols...); err != nil {
		t.Fatal(err)
	}
	for _, symbol := range symbols {
		market.Publish(symbol, quoteOf(1))
	}
	gatewaytest.Eventually(t, "the quotes", func() bool { return holdsAll(c, symbols) })
	for pattern, want := range map[string]string{
		"": "[BTC/EUR BTC/USD ETH/USD]", "*": "[BTC/EUR BTC/USD ETH/USD]", "BTC*": "[BTC/EUR BTC/USD]", "*USD": "[BTC/USD ETH/USD]", "BTC/USD": "[BTC/USD]", "BTC": "[]",
	} {
		instruments, err := c.Instruments(t.Context(), pattern)
		names := []string{}
		for _, i := range instruments {
			names = append(names, i.Symbol)
		}
		if fmt.Sprint(names) != want || err != nil {
			t.Errorf("%q: %v, %v, want %s", pattern, names, err, want)
		}
	}
	_, err := c.Instruments(t.Context(), "[")
	wantError(t, err, client.ErrPattern, `"["`)
}

// TestKinds: what was not subscribed to is not there, and a reconnect asks for the same again.
func TestKinds(t *testing.T) {
	g, market := start(t)
	c := connect(t, g)
	if _, err := c.SubscribeKinds(t.Context(), client.Trades|client.Statuses, client.Latest, "A"); err != nil {
		t.Fatal(err)
	}
	market.Publish("A", quoteOf(100))
	market.Publish("A", tick.Event{Kind: tick.KindTrade, Scales: tick.Scales{Price: 2}, Trade: tick.Trade{Price: 101, Size: 1}})
	gatewaytest.Eventually(t, "the trade", func() bool {
		ticker, _ := c.Book().Quote("A")
		return ticker.Last.String() == "1.01"
	})
	if ticker, _ := c.Book().Quote("A"); ticker.Bid.Valid || ticker.Ask.Valid {
		t.Errorf("%+v, want no quote", ticker)
	}
	_, err := c.SubscribeKinds(t.Context(), 0, client.Latest, "A")
	wantError(t, err, client.ErrOptions, "kinds")

	f := newFake(t)
	c = dial(t, f.address)
	first := f.accept(t)
	gatewaytest.Eventually(t, "the stream", func() bool { return c.State().State == client.Connected })
	asked := make(chan error, 1)
	go func() {
		_, err := c.SubscribeKinds(t.Context(), client.Quotes, client.Latest, "A")
		asked <- err
	}()
	first.takeSubscribe(t, 1)
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
	first.end <- status.Error(codes.Unavailable, "gone")
	if s := f.accept(t).takeSubscribe(t, 1); len(s.GetKinds()) != 1 || s.GetKinds()[0] != tickgatev1.Kind_KIND_QUOTE {
		t.Errorf("the second stream subscribes to %v, want quotes", s.GetKinds())
	}
}
