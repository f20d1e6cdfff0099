package fleet_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/testlink"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// warmSymbols is how many symbols a gateway finds in the stream, and warmBound the time in which it has them.
const (
	warmSymbols = 10_000
	warmBound   = 2 * time.Second
)

// TestTenThousandSymbolsBeforeReady: a gateway that starts, and one that comes back when NATS was away, has the last value of every symbol when it says that it is ready, within two seconds, and none
// of its clients is shown an older value after a newer one. A market goes on meanwhile.
func TestTenThousandSymbolsBeforeReady(t *testing.T) {
	nats := startNATS(t)
	market := gatewaytest.NewPublisher(t, bus.Connection{URL: nats.ClientURL()})
	names := make([]string, warmSymbols)
	for i := range names {
		names[i] = fmt.Sprintf("SIM%05d", i+1)
	}
	publishAll := func() {
		for i, name := range names {
			market.Publish(name, tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, Quote: tick.Quote{BidPrice: tick.Some(int64(i) + 1), AskPrice: tick.Some(int64(i) + 2)}})
		}
	}
	goOn := func() (stop func()) {
		config := generate.DefaultConfig()
		config.Symbols, config.Rate = warmSymbols, 2_000
		trading := market.Trade(config)
		return func() { trading.Stop() }
	}
	publishAll()
	market.AwaitStored(warmSymbols)
	known := lastOf(market, names)
	stop := goOn()

	way := testlink.New(t, nats.Addr().String())
	config := gatewaytest.Config(t)
	config.Bus = bus.Connection{URL: "nats://" + way.Address()}
	began := time.Now()
	g := gatewaytest.StartUnready(t, config)
	wantWarm(t, g, known, began)

	client := gatewaytest.OpenStream(t, g.Dial(t), &gatewaytest.Options{HeartbeatEvery: 10 * time.Second})
	for part := range slices.Chunk(names, 1_000) { // a request's limit
		client.Subscribe(gatewaytest.Latest(), part)
	}
	way.Sever()
	gatewaytest.Eventually(t, "the gateway is not ready", func() bool { return !ready(t, g) })
	stop()
	publishAll()
	known = lastOf(market, names)
	var published uint64
	for _, last := range known {
		published += last
	}
	market.AwaitStored(published)
	stop = goOn()
	began = time.Now()
	way.Thaw()
	wantWarm(t, g, known, began)

	stop()
	client.Await("the last values", gatewaytest.HoldsLast(market, names))
	client.Close()
	judge(t, market, client)
}

// lastOf returns the newest sequences so far.
func lastOf(market *gatewaytest.Publisher, names []string) map[string]uint64 {
	last := make(map[string]uint64)
	for _, name := range names {
		last[name] = market.Last(name)
	}
	return last
}

// ready asks as an orchestrator does.
func ready(t *testing.T, g *gatewaytest.Gateway) bool {
	t.Helper()
	response, err := http.Get("http://" + g.Addresses().Admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode == http.StatusOK
}

// wantWarm demands that a gateway becomes ready in time, and has what is known, or newer, of every symbol then.
func wantWarm(t *testing.T, g *gatewaytest.Gateway, known map[string]uint64, began time.Time) {
	t.Helper()
	gatewaytest.Eventually(t, "the gateway is ready", func() bool { return ready(t, g) })
	took := time.Since(began)
	t.Logf("ready after %v", took)
	if took > warmBound && !raceDetector {
		t.Errorf("ready after %v, want %v", took, warmBound)
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	service := tickgatev1.NewMarketDataClient(g.Dial(t))
	current := 0
	for part := range slices.Chunk(names, 1_000) {
		answer, err := service.GetSnapshot(t.Context(), &tickgatev1.GetSnapshotRequest{Symbols: part})
		if err != nil {
			t.Fatal(err)
		}
		symbols := make(map[uint32]string)
		for _, i := range answer.GetInstruments() {
			symbols[i.GetId()] = i.GetSymbol()
		}
		for _, u := range answer.GetBatch().GetUpdates() {
			if u.GetSequence() >= known[symbols[u.GetInstrumentId()]] {
				current++
			}
		}
	}
	if current != len(known) {
		t.Errorf("%d symbols have their last value, want %d", current, len(known))
	}
}
