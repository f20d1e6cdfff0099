package gateway_test

import (
	"testing"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/internal/testlink"
)

// TestNATSKilledAndRestartedUnderLoad takes the server away under a market and its clients, and brings it back on the same port with the same files.
func TestNATSKilledAndRestartedUnderLoad(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	loseNATS(t, b, gatewaytest.Start(t, b.joined(t)), 3*time.Second)
}

// TestLongNATSOutage is the same with five minutes without NATS.
func TestLongNATSOutage(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	b := startBus(t)
	loseNATS(t, b, gatewaytest.Start(t, b.joined(t)), 5*time.Minute)
}

// losable is a NATS server that is taken away and comes back on the same port with the same files.
type losable interface {
	connection() bus.Connection
	stop()
	restart()
}

func loseNATS(t *testing.T, b losable, g *gatewaytest.Gateway, outage time.Duration) {
	market := gatewaytest.NewPublisher(t, b.connection())
	feed := market.Trade(liveliness(1_000))
	clients := openOnePerPolicy(t, g)
	clients.await("a live market", trading)

	b.stop()
	lost := time.Now()
	clients.await("all symbols stale", stale)
	t.Logf("all clients were told after %v", time.Since(lost))
	clients.idle(outage)
	clients.await("all symbols still stale", stale)
	back := time.Now()
	b.restart()
	clients.await("all symbols live", live)
	t.Logf("all clients were live again %v after the server was started", time.Since(back))
	clients.await("a live market", trading)
	progress := feed.Stop()
	if progress.Lost == 0 {
		t.Error("the publisher lost nothing while NATS was away: the test did not test")
	}
	clients.settle(market)
	clients.check(market, history.Silence{From: lost, To: back})
	clients.wantMissing()
}

// TestNATSHangs lets the connection between NATS and the gateway fall silent without ending it. Only the publisher's missing signs of life tell the gateway, until
// NATS's own pings fail after six seconds: a shorter silence loses nothing, a longer one ends in a new connection.
func TestNATSHangs(t *testing.T) {
	for _, c := range []struct {
		name    string
		silence time.Duration
		loses   bool
	}{{"shorter than pings take", 3500 * time.Millisecond, false}, {"longer than pings take", 9 * time.Second, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := startBus(t)
			way := testlink.New(t, b.address())
			config := b.joined(t)
			config.Bus.URL = "nats://" + way.Address()
			g := gatewaytest.Start(t, config)
			market := gatewaytest.NewPublisher(t, b.connection())
			feed := market.Trade(liveliness(500))
			clients := openOnePerPolicy(t, g)
			clients.await("a live market", trading)

			way.Freeze()
			silent := time.Now()
			clients.await("all symbols stale", stale)
			t.Logf("all clients were told after %v", time.Since(silent))
			clients.idle(c.silence - time.Since(silent))
			thawed := time.Now()
			way.Thaw()
			clients.await("all symbols live", live)
			t.Logf("all clients were live again %v after the network was back", time.Since(thawed))
			clients.await("a live market", trading)
			feed.Stop()
			clients.settle(market)
			clients.check(market, history.Silence{From: silent, To: thawed})
			if c.loses {
				clients.wantMissing()
			}
		})
	}
}

// liveliness is a market of symbolCount symbols.
func liveliness(eventsPerSecond float64) generate.Config {
	c := generate.DefaultConfig()
	c.Symbols, c.Rate = symbolCount, eventsPerSecond
	return c
}
