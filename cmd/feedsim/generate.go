package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/settings"
	"tickgate/pkg/tick"
)

func (p program) generate(ctx context.Context, args []string) error {
	set := settings.New("feedsim generate", envPrefix)
	set.IgnoreEnv(settings.ProjectVariables()...)
	set.Description = "Publishes a made-up market: prices walk at random on their tick grid. The same settings give the same events.\n" +
		"Without count and duration it goes on until it is stopped."
	market, publishing := generate.DefaultConfig(), defaultPublishing()
	timing := timing{speed: "1", eventTime: eventTimeIntended}
	var faulting faulting
	registerMarket(set, &market)
	timing.register(set, eventTimeNone)
	faulting.register(set)
	publishing.register(set)
	if err := set.Load(args, p.environ, p.stdout); err != nil {
		return usageError{err}
	}
	config, err := madeUpFeed(set, market, timing)
	if err != nil {
		return usageError{err}
	}
	if err := publishing.validate(); err != nil {
		return usageError{err}
	}
	faults, closeLog, err := faulting.config(set)
	if err != nil {
		return err
	}
	config.Faults = faults
	err = p.play(ctx, playback{
		publishing: publishing,
		open: func(publisher *publish.Publisher, _ *slog.Logger) (player, error) {
			return feedsim.New(config, publisher)
		},
		position: func(s feedsim.Progress) string { return madeUpPosition(s.Position) },
	})
	return errors.Join(err, closeLog())
}

func madeUpFeed(set *settings.Set, market generate.Config, timing timing) (feedsim.Config, error) {
	if err := market.Validate(); err != nil {
		return feedsim.Config{}, err
	}
	config, err := timing.feed(set)
	config.Open = func(tick.Time) (feedsim.Source, error) { return generate.New(market) }
	return config, err
}

// madeUpPosition writes how far a made-up market is.
func madeUpPosition(at tick.Time) string {
	return time.Duration(at).Round(100 * time.Millisecond).String()
}

func registerMarket(set *settings.Set, c *generate.Config) {
	flags := set.Flags()
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "`number` from which everything random follows")
	flags.IntVar(&c.Symbols, "symbols", c.Symbols, "how many symbols")
	flags.StringVar(&c.SymbolName, "symbol-name", c.SymbolName, "`template` of their names; {n} is 1, 2, … with leading zeros")
	flags.Float64Var(&c.Rate, "rate", c.Rate, "`events` per second over all symbols")
	flags.Float64Var(&c.BurstFactor, "burst-factor", c.BurstFactor, "rate during bursts, in `times` the rate; 1: no bursts")
	flags.DurationVar(&c.BurstEvery, "burst-every", c.BurstEvery, "from one burst's start to the next")
	flags.DurationVar(&c.BurstFor, "burst-for", c.BurstFor, "length of a burst")
	flags.StringVar(&c.TickSize, "tick-size", c.TickSize, "grid of prices, a `decimal`; its digits are those of all prices")
	flags.StringVar(&c.LotSize, "lot-size", c.LotSize, "grid of sizes, a `decimal`; its digits are those of all sizes")
	flags.StringVar(&c.StartPrice, "start-price", c.StartPrice, "where prices begin, a `decimal`, give or take a tenth")
	flags.IntVar(&c.SpreadTicks, "spread-ticks", c.SpreadTicks, "widest spread in `ticks`; each quote has one from 1 to that")
	flags.Float64Var(&c.TradeShare, "trade-share", c.TradeShare, "`share` of trades among the events, 0 to 1")
	flags.Float64Var(&c.CrossedShare, "crossed-share", c.CrossedShare, "`share` of crossed quotes among the quotes, 0 to 1")
	flags.Uint64Var(&c.Count, "count", c.Count, "`events` after which it ends; 0: no bound")
	flags.DurationVar(&c.Duration, "duration", c.Duration, "time of the market after which it ends; 0: no bound")
}
