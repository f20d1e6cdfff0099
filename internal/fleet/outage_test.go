package fleet_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/pkg/tick"
)

// TestNATSComesAndGoes: a node, the stream's leader, and the whole cluster for some seconds.
func TestNATSComesAndGoes(t *testing.T) {
	t.Parallel()
	takeNATSAway(t, 3*time.Second, 0)
}

// TestLongNATSAway has the cluster away for three minutes, and looks at the stream a minute later.
func TestLongNATSAway(t *testing.T) {
	if os.Getenv("TICKGATE_LONG") == "" {
		t.Skip("takes minutes; set TICKGATE_LONG=1 to run it")
	}
	t.Parallel()
	takeNATSAway(t, 3*time.Minute, time.Minute)
}

// quiet is a symbol that is published once.
const quiet = "QUIET"

// takeNATSAway takes parts of a cluster away and brings them back, and at last all of it for so long; consumers are counted after another time.
func takeNATSAway(t *testing.T, outage, later time.Duration) {
	c := startCluster(t)
	f := startFleet(t, c)
	market := gatewaytest.NewPublisher(t, c.connection())
	market.Publish(quiet, tick.Event{Kind: tick.KindQuote, Quote: tick.Quote{BidPrice: tick.Some(1), AskPrice: tick.Some(2)}})
	trading := trade(market, 300)
	w := f.watch()
	for _, watcher := range w.all {
		if _, err := watcher.Subscribe(t.Context(), watcher.Policy, quiet); err != nil {
			t.Fatal(err)
		}
	}
	w.awaitFlow("a live market")
	all := append(slices.Clone(symbols), quiet)
	p := follow(t, w.all[0].Client, all)
	js, err := jetstream.New(c.connect())
	if err != nil {
		t.Fatal(err)
	}

	follower := (c.leader(js) + 1) % nodeCount
	c.stop(follower)
	w.awaitFlow("a live market without a node")
	c.start(follower)
	leader := c.leader(js)
	c.stop(leader)
	w.awaitFlow("a live market without the stream's leader")
	c.start(leader)
	c.leader(js)

	lost := time.Now()
	c.stopAll()
	w.awaitStale()
	t.Logf("all clients were told after %v", time.Since(lost))
	time.Sleep(outage) // the time is what is tested
	w.awaitStale()
	back := time.Now()
	c.startAll()
	w.awaitFlow("a live market again")
	t.Logf("values flow %v after the cluster is back", time.Since(back))
	c.leader(js)
	w.awaitFlow("events that the stream keeps") // before it had a leader it kept none, though they came live
	trading.Stop()
	w.awaitLast(market, all)
	t.Logf("and all is live %v after that", time.Since(back))
	p.awaitLast(market, all)
	time.Sleep(later)
	gatewaytest.Eventually(t, "one consumer, the playback's", func() bool { return c.consumers(js) == 1 })
	p.end()
	gatewaytest.Eventually(t, "no consumer", func() bool { return c.consumers(js) == 0 })
	w.close()
	for _, watcher := range w.all {
		watcher.Judge(t, market, history.Silence{From: lost, To: back})
	}
}
