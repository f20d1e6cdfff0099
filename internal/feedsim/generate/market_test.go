package generate_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// all returns every item of a bounded market.
func all(t interface {
	Helper()
	Fatal(...any)
}, c generate.Config) []feedsim.Item {
	t.Helper()
	market, err := generate.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var items []feedsim.Item
	for {
		item, err := market.Next()
		if errors.Is(err, io.EOF) {
			return items
		}
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, *item)
	}
}

// digest keeps the events that a bus was given. Heartbeats come from another goroutine, between any two.
type digest struct{ b strings.Builder }

func (d *digest) Publish(subject string, data []byte) error {
	if strings.HasPrefix(subject, "md.heartbeat.") {
		return nil
	}
	_, err := fmt.Fprintf(&d.b, "%s %x\n", subject, data)
	return err
}

// TestSameSeedSameBytes looks at what reaches the bus, at the times of one clock.
func TestSameSeedSameBytes(t *testing.T) {
	published := func(seed uint64) string {
		var d digest
		synctest.Test(t, func(t *testing.T) {
			config := generate.DefaultConfig()
			config.Seed, config.Count, config.CrossedShare, config.BurstFactor = seed, 20_000, 0.1, 5
			publisher, err := publish.New(publish.DefaultConfig(), &d)
			if err != nil {
				t.Fatal(err)
			}
			feed, err := feedsim.New(feedsim.Config{
				Open:   func(tick.Time) (feedsim.Source, error) { return generate.New(config) },
				Passes: 1, Speed: pace.Unpaced(), EventTime: feedsim.EventTimeIntended, Clock: pace.System(),
			}, publisher)
			if err != nil {
				t.Fatal(err)
			}
			if err := feed.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		return d.b.String()
	}
	first, second, other := published(7), published(7), published(8)
	if first != second {
		t.Error("the same seed gave other bytes")
	}
	if first == other {
		t.Error("another seed gave the same bytes")
	}
}

// TestMarketIsPlausible checks any market: on the grid, not crossed, times that do not go back, trades at a quote's price.
func TestMarketIsPlausible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := generate.DefaultConfig()
		c.Seed = rapid.Uint64().Draw(t, "seed")
		c.Symbols = rapid.IntRange(1, 20).Draw(t, "symbols")
		c.Count = 500
		c.TickSize = rapid.SampledFrom([]string{"0.01", "0.25", "1", "5", "0.00000001"}).Draw(t, "tick")
		c.LotSize = rapid.SampledFrom([]string{"1", "0.001", "100"}).Draw(t, "lot")
		c.StartPrice = rapid.SampledFrom([]string{"500", "61800.5", "9999.99999999"}).Draw(t, "start")
		c.SpreadTicks = rapid.IntRange(1, 50).Draw(t, "spread")
		c.TradeShare = rapid.Float64Range(0, 1).Draw(t, "trades")
		grid, lot := decimal(t, c.TickSize), decimal(t, c.LotSize)

		last := make(map[string]tick.Quote)
		at := tick.Time(0)
		for _, item := range all(t, c) {
			e := item.Event
			if item.At < at || e.Scales.Price != grid.Scale || e.Scales.Size != lot.Scale {
				t.Fatalf("item %+v after %d", item, at)
			}
			at = item.At
			previous, quoted := last[item.Symbol]
			switch e.Kind {
			case tick.KindQuote:
				q := e.Quote
				bid, ask := q.BidPrice.Mantissa/grid.Mantissa, q.AskPrice.Mantissa/grid.Mantissa
				if bid < 1 || ask-bid < 1 || ask-bid > int64(c.SpreadTicks) {
					t.Fatalf("quote of %d to %d ticks, spread up to %d", bid, ask, c.SpreadTicks)
				}
				if q.BidPrice.Mantissa%grid.Mantissa != 0 || q.AskPrice.Mantissa%grid.Mantissa != 0 || q.BidSize.Mantissa%lot.Mantissa != 0 || q.BidSize.Mantissa < 1 {
					t.Fatalf("quote %+v is off the grid", q)
				}
				if moved := bid - previous.BidPrice.Mantissa/grid.Mantissa; quoted && (moved < -1 || moved > 1) {
					t.Fatalf("the bid moved %d ticks", moved)
				}
				last[item.Symbol] = q
			case tick.KindTrade:
				atBid := e.Trade.Price == previous.BidPrice.Mantissa && e.Trade.Aggressor == tick.SideSell
				atAsk := e.Trade.Price == previous.AskPrice.Mantissa && e.Trade.Aggressor == tick.SideBuy
				if !quoted || !atBid && !atAsk || e.Trade.Size < 1 {
					t.Fatalf("trade %+v after quote %+v", e.Trade, previous)
				}
			default:
				t.Fatalf("kind %v", e.Kind)
			}
		}
	})
}

func decimal(t *rapid.T, text string) tick.Decimal {
	d, err := tick.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestShares(t *testing.T) {
	c := generate.DefaultConfig()
	c.Count, c.TradeShare, c.CrossedShare = 100_000, 0.3, 0.05
	var trades, quotes, crossed float64
	for _, item := range all(t, c) {
		if item.Event.Kind == tick.KindTrade {
			trades++
			continue
		}
		quotes++
		if item.Event.Quote.BidPrice.Mantissa > item.Event.Quote.AskPrice.Mantissa {
			crossed++
		}
	}
	if share := trades / (trades + quotes); share < 0.29 || share > 0.31 {
		t.Errorf("%.3f of the events are trades, want 0.3", share)
	}
	if share := crossed / quotes; share < 0.045 || share > 0.055 {
		t.Errorf("%.3f of the quotes are crossed, want 0.05", share)
	}
}

func TestRateAndBursts(t *testing.T) {
	c := generate.DefaultConfig()
	c.Rate, c.Duration = 300, 100*time.Second
	if n := len(all(t, c)); n != 30_000 {
		t.Errorf("%d events in 100 s at 300/s", n)
	}
	c.Rate, c.Duration, c.BurstFactor, c.BurstEvery, c.BurstFor = 100, 20*time.Second, 10, 10*time.Second, time.Second
	perSecond := make([]int, 20)
	for _, item := range all(t, c) {
		perSecond[int64(item.At)/int64(time.Second)]++
	}
	for second, n := range perSecond {
		want := 100
		if second%10 == 0 {
			want = 1000
		}
		if n < want-1 || n > want+1 {
			t.Errorf("%d events in second %d, want %d", n, second, want)
		}
	}
}

func TestSymbolNames(t *testing.T) {
	c := generate.DefaultConfig()
	c.Symbols, c.SymbolName, c.Count = 12, "S{n}.TEST", 1000
	seen := make(map[string]int)
	for _, item := range all(t, c) {
		seen[item.Symbol]++
	}
	if len(seen) != 12 || seen["S01.TEST"] == 0 || seen["S12.TEST"] == 0 {
		t.Errorf("symbols %v", seen)
	}
}

func TestConfigNamesTheSetting(t *testing.T) {
	for setting, change := range map[string]func(*generate.Config){
		"symbols":       func(c *generate.Config) { c.Symbols = 0 },
		"symbol-name":   func(c *generate.Config) { c.SymbolName = "SIM" },
		"rate":          func(c *generate.Config) { c.Rate = 0 },
		"burst-factor":  func(c *generate.Config) { c.BurstFactor = 0.5 },
		"burst-every":   func(c *generate.Config) { c.BurstEvery = 0 },
		"burst-for":     func(c *generate.Config) { c.BurstFor = time.Minute },
		"tick-size":     func(c *generate.Config) { c.TickSize = "0" },
		"lot-size":      func(c *generate.Config) { c.LotSize = "1e-3" },
		"start-price":   func(c *generate.Config) { c.StartPrice = "0.99" },
		"spread-ticks":  func(c *generate.Config) { c.SpreadTicks = 0 },
		"trade-share":   func(c *generate.Config) { c.TradeShare = 1.1 },
		"crossed-share": func(c *generate.Config) { c.CrossedShare = -0.1 },
		"duration":      func(c *generate.Config) { c.Duration = -1 },
	} {
		c := generate.DefaultConfig()
		change(&c)
		if _, err := generate.New(c); !errors.Is(err, generate.ErrConfig) || !strings.Contains(err.Error(), setting) {
			t.Errorf("New with a bad %s: %v", setting, err)
		}
	}
}
