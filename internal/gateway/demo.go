package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/control"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
	"tickgate/sample"
)

// runDemo replays the shipped minute of a real market again and again, over the bus like any other publisher. Events carry the time at which they are due, so
// that the latency of the first stage means something. `feedsim control` steers it.
func (g *Gateway) runDemo(ctx context.Context) error {
	select { // the stream exists then, and clients have something to warm up from
	case <-g.feed.Ready():
	case <-ctx.Done():
		return nil
	}
	conn, err := bus.Connect(g.bus, "tickgate demo feed", g.log, bus.Handlers{})
	if err != nil {
		return err
	}
	defer conn.Close()

	config := publish.DefaultConfig()
	config.Name, config.Prefix, config.Log = "demo", g.config.Prefix, g.log
	publisher, err := publish.New(config, conn)
	if err != nil {
		return fmt.Errorf("demo feed: %w", err)
	}
	market := replay.DefaultConfig()
	market.Files = []datafile.File{{Name: sample.QuotesName, Open: sample.Quotes}, {Name: sample.TradesName, Open: sample.Trades}}
	market.Passes = 0 // until the gateway stops
	market.EventTime = feedsim.EventTimeIntended
	market.Log = g.log
	demo, err := replay.New(market, publisher)
	if err != nil {
		return fmt.Errorf("demo feed: %w", err)
	}
	server, err := control.Listen(conn, control.Config{Name: control.DefaultName, Prefix: g.config.Prefix, Log: g.log}, demo)
	if err != nil {
		return fmt.Errorf("demo feed: %w", err)
	}
	var steering sync.WaitGroup
	steered, stop := context.WithCancel(ctx)
	steering.Go(func() { server.Run(steered) })
	defer steering.Wait()
	defer stop()
	if err := demo.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("demo feed: %w", err)
	}
	return nil
}
