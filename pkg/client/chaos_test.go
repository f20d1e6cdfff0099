package client_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd"
	"tickgate/internal/testport"
	"tickgate/pkg/client"
	"tickgate/sample"
)

// generated and recorded are the symbols of the markets.
var (
	generated = []string{"SIM01", "SIM02", "SIM03", "SIM04", "SIM05", "SIM06", "SIM07", "SIM08", "SIM09", "SIM10"}
	recorded  = []string{
		"BTCUSDT.BINANCE_SPOT", "BTCUSDT.BINANCE_USDM", "ETHUSDT.BINANCE_SPOT", "ETHUSDT.BINANCE_USDM", "BTCUSD_PERP.BINANCE_COINM", "ETHUSD_PERP.BINANCE_COINM",
	}
)

// generateMarket begins a made-up market, until stop is called.
func generateMarket(_ *testing.T, market *gatewaytest.Publisher) (stop func()) {
	quotes := generate.DefaultConfig()
	quotes.Symbols, quotes.Rate = len(generated), 500
	feed := market.Trade(quotes)
	return func() { feed.Stop() }
}

// replayMarket begins the recorded minute at its own pace, until stop is called.
func replayMarket(t *testing.T, market *gatewaytest.Publisher) (stop func()) {
	files := []datafile.File{{Name: sample.QuotesName, Open: sample.Quotes}, {Name: sample.TradesName, Open: sample.Trades}}
	ctx, cancel := context.WithCancel(t.Context())
	var replay sync.WaitGroup
	replay.Go(func() {
		if _, err := market.ReplayUntil(ctx, files, 1); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); replay.Wait() })
	return func() { cancel(); replay.Wait() }
}

// TestChaos kills and restarts the gateway at random moments of a market, under a client of each policy, fifty times in the recorded one; the history checker finds nothing, and in the end each client
// holds the last values.
func TestChaos(t *testing.T) {
	for _, tt := range []struct {
		name    string
		symbols []string
		begin   func(*testing.T, *gatewaytest.Publisher) (stop func())
		kills   int
	}{
		{"recorded", recorded, replayMarket, chaosKills},
		{"generated", generated, generateMarket, chaosKills / 10},
	} {
		t.Run(tt.name, func(t *testing.T) { chaos(t, tt.symbols, tt.begin, tt.kills) })
	}
}

func chaos(t *testing.T, symbols []string, begin func(*testing.T, *gatewaytest.Publisher) (stop func()), kills int) {
	natsConfig := natsd.DefaultConfig()
	natsConfig.Listen, natsConfig.StoreDir = "127.0.0.1:0", t.TempDir()
	server, err := natsd.Start(natsConfig, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	config := gatewaytest.Config(t)
	config.Bus = server.Connection()
	config.CreateStream = true
	config.GRPCListen = testport.Address(t)
	config.Stream.RetryAfter = 10 * time.Millisecond // whoever is told before the kill comes back as soon as the others
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, g.Bus())
	stop := begin(t, market)

	var clients []*gatewaytest.Watched
	for _, policy := range []client.Conflation{client.Latest, client.Every(50 * time.Millisecond), client.AllEvents} {
		clients = append(clients, gatewaytest.Watch(t, g.Addresses().GRPC, policy, symbols))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		gatewaytest.Eventually(t, "all clients to be back", func() bool {
			return !slices.ContainsFunc(clients, func(c *gatewaytest.Watched) bool { return c.State().State != client.Connected })
		})
		pause(t, time.Duration(random.IntN(80))*time.Millisecond)
		g.Abort()
		pause(t, time.Duration(random.IntN(30))*time.Millisecond)
		g = gatewaytest.Start(t, config) // on the port that the one before had
	}
	stop()
	for _, c := range clients {
		gatewaytest.Eventually(t, "the last values", func() bool { return c.HoldsLast(market, symbols) })
		c.Close()
		c.Judge(t, market)
		if streams := c.Streams(); streams <= kills {
			t.Errorf("%v: %d streams, want one after each of %d kills", c.Policy, streams, kills)
		}
	}
}
