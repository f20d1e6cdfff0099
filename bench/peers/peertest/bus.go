package peertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/natsd"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// StartNATS starts a NATS server that lives as long as the test, and returns its URL and its host:port.
func StartNATS(t testing.TB) (url, address string) {
	t.Helper()
	c := natsd.DefaultConfig()
	c.Listen, c.StoreDir = "127.0.0.1:0", ""
	server, err := natsd.Start(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server.URL(), server.Addr().String()
}

// Symbols returns the names of n symbols.
func Symbols(n int) []string {
	symbols := make([]string, n)
	for i := range symbols {
		symbols[i] = fmt.Sprintf("TEST%04d", i+1)
	}
	return symbols
}

// StartFeed publishes quotes until stop is called or the test ends: rate events per second, the symbols taking turns, so that no symbol is ever
// quiet for long. An event's time is when it was due. When stop returns, the server has every event.
func StartFeed(t testing.TB, url string, symbols []string, rate int) (stop func()) {
	t.Helper()
	connection, err := nats.Connect(url, nats.Name("peertest feed"))
	if err != nil {
		t.Fatal(err)
	}
	publisher, err := publish.New(publish.DefaultConfig(), connection)
	if err != nil {
		t.Fatal(err)
	}
	feed, err := feedsim.New(feedsim.Config{
		Open: func(tick.Time) (feedsim.Source, error) {
			return &steady{symbols: symbols, every: time.Second / time.Duration(rate)}, nil
		},
		Passes: 1, Speed: 1, EventTime: feedsim.EventTimeIntended, Clock: pace.System(),
	}, publisher)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := feed.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the feed ended: %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := connection.Flush(); err != nil {
			t.Errorf("flush the feed: %v", err)
		}
		connection.Close()
	})
	t.Cleanup(stop)
	return stop
}

// steady is a source without an end, whose symbols take turns.
type steady struct {
	symbols []string
	every   time.Duration
	given   int
	item    feedsim.Item
}

var _ feedsim.Source = (*steady)(nil)

// Next returns a quote that differs from the one before it.
func (s *steady) Next() (*feedsim.Item, error) {
	n := int64(s.given)
	s.given++
	s.item = feedsim.Item{
		Symbol: s.symbols[n%int64(len(s.symbols))],
		At:     tick.Time(n*int64(s.every) + 1),
		Event: tick.Event{
			Kind: tick.KindQuote, Scales: tick.Scales{Price: 2},
			Quote: tick.Quote{
				BidPrice: tick.Some(10_000 + n%97), BidSize: tick.Some(1 + n%13),
				AskPrice: tick.Some(10_100 + n%89), AskSize: tick.Some(1 + n%17),
			},
		},
	}
	return &s.item, nil
}

// Close does nothing.
func (s *steady) Close() error { return nil }
