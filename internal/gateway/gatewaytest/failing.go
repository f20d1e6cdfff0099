package gatewaytest

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// StartLogging is StartUnready with a logger, for tests of what an operator is told.
func StartLogging(t testing.TB, c gateway.Config, log *slog.Logger) *Gateway {
	t.Helper()
	started, err := gateway.Start(c, log)
	if err != nil {
		t.Fatal(err)
	}
	draining, drain := context.WithCancel(context.Background())
	aborted, abort := context.WithCancel(context.Background())
	g := &Gateway{t: t, config: c, gateway: started, drain: drain, abort: abort, ended: make(chan struct{})}
	go func() {
		defer close(g.ended)
		g.err = started.Run(draining, aborted)
	}()
	t.Cleanup(g.Stop)
	return g
}

// Trading is a made-up market that a publisher publishes.
type Trading struct {
	t       testing.TB
	cancel  context.CancelFunc
	running sync.WaitGroup
	feed    *feedsim.Feed
	err     error // of the feed; read after running
}

// Trade begins to publish a made-up market at its pace. It goes on, whether NATS is there or not, until Stop, or until the test ends. Events carry the time at
// which they were due.
func (p *Publisher) Trade(c generate.Config) *Trading {
	p.t.Helper()
	feed, err := feedsim.New(feedsim.Config{
		Open:   func(tick.Time) (feedsim.Source, error) { return generate.New(c) },
		Passes: 1, Speed: 1, EventTime: feedsim.EventTimeIntended, Clock: pace.System(),
	}, p.publisher)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	trading := &Trading{t: p.t, cancel: cancel, feed: feed}
	trading.running.Go(func() {
		if err := feed.Run(ctx); ctx.Err() == nil {
			trading.err = err
		}
	})
	p.t.Cleanup(func() { trading.Stop() })
	return trading
}

// Stop ends the trading, the publisher's signs of life go on. It may be called again.
func (t *Trading) Stop() feedsim.Progress {
	t.cancel()
	t.running.Wait()
	if t.err != nil {
		t.t.Errorf("trading ended with %v", t.err)
	}
	return t.feed.Progress()
}
