package gateway_test

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/feed"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// warmSymbols is how many symbols a gateway finds in the stream, and warmBound the time in which it has them.
const (
	warmSymbols = 10_000
	warmBound   = 2 * time.Second
)

// TestWarmStartOfTenThousandSymbols: a gateway has all last values when it is ready.
func TestWarmStartOfTenThousandSymbols(t *testing.T) {
	b := startBus(t)
	market := gatewaytest.NewPublisher(t, b.connection())
	names := symbolNames(warmSymbols)
	publishEach(market, names)
	b.awaitStored(warmSymbols)

	began := time.Now()
	g := gatewaytest.Start(t, b.joined(t))
	wantWarm(t, g, names, time.Since(began))
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	subscribeAll(client, names)
	client.Await("the last values", gatewaytest.HoldsLast(market, names))
	checkStream(t, "LATEST", market, client)
}

// TestWarmStartWhileTheMarketGoesOn does the same in the middle of a market: no older value replaces a newer one that has come live meanwhile, and none is lost in
// between. One client is there before the last values are.
func TestWarmStartWhileTheMarketGoesOn(t *testing.T) {
	b := startBus(t)
	market := gatewaytest.NewPublisher(t, b.connection())
	names := symbolNames(warmSymbols)
	publishEach(market, names)
	b.awaitStored(warmSymbols)
	config := generate.DefaultConfig()
	config.Symbols, config.Rate = warmSymbols, 2_000
	feed := market.Trade(config)

	began := time.Now()
	g := gatewaytest.StartUnready(t, b.joined(t))
	early := gatewaytest.OpenStream(t, g.Dial(t), nil)
	early.Subscribe(gatewaytest.None(), names[:1_000])
	<-g.Ready()
	wantWarm(t, g, names, time.Since(began))
	late := gatewaytest.OpenStream(t, g.Dial(t), nil)
	subscribeAll(late, names)
	feed.Stop()
	early.Await("the last values", gatewaytest.HoldsLast(market, names[:1_000]))
	late.Await("the last values", gatewaytest.HoldsLast(market, names))
	checkStream(t, "subscribed before the warm start", market, early)
	checkStream(t, "subscribed after it", market, late)
}

// wantWarm demands that a gateway that has just become ready has a value of every symbol.
func wantWarm(t *testing.T, g *gatewaytest.Gateway, names []string, took time.Duration) {
	t.Helper()
	t.Logf("ready after %v", took)
	if took > warmBound*slowness {
		t.Errorf("ready after %v, want %v", took, warmBound)
	}
	if known := snapshots(t, g, names); known != len(names) {
		t.Errorf("%d symbols have a value, want %d", known, len(names))
	}
}

func subscribeAll(s *gatewaytest.Stream, names []string) {
	for part := range slices.Chunk(names, 1_000) { // a request's limit
		s.Subscribe(gatewaytest.Latest(), part)
	}
}

// publishEach publishes one quote of every symbol.
func publishEach(p *gatewaytest.Publisher, names []string) {
	for i, name := range names {
		p.Publish(name, quoteOf(int64(i)+1))
	}
}

// awaitStored waits until the stream has that many messages.
func (b *natsBus) awaitStored(messages uint64) {
	b.t.Helper()
	conn := b.connect()
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		b.t.Fatal(err)
	}
	gatewaytest.Eventually(b.t, "the stream has all messages", func() bool {
		stream, err := js.Stream(b.t.Context(), feed.DefaultStream)
		return err == nil && stream.CachedInfo().State.Msgs >= messages
	})
}

// snapshots asks for all symbols, and returns how many have a value.
func snapshots(t testing.TB, g *gatewaytest.Gateway, names []string) (known int) {
	t.Helper()
	client := tickgatev1.NewMarketDataClient(g.Dial(t))
	for part := range slices.Chunk(names, 1_000) {
		answer, err := client.GetSnapshot(t.Context(), &tickgatev1.GetSnapshotRequest{Symbols: part})
		if err != nil {
			t.Fatal(err)
		}
		known += len(answer.GetBatch().GetUpdates())
	}
	return known
}
