package gateway_test

import (
	"slices"
	"testing"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/pace"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestReplayIsKeptForTheNextGateway replays the real minute, stops the gateway when JetStream has taken all of it, and asks one that begins with the same files.
func TestReplayIsKeptForTheNextGateway(t *testing.T) {
	files := sampleFiles()
	want := read(t, files)
	config := gatewaytest.Config(t)
	first := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, first.Bus())
	market.Replay(files, pace.Unpaced())
	market.AwaitStored(want.events())
	market.Close()
	first.Stop()

	second := gatewaytest.Start(t, config)
	client := gatewaytest.OpenStream(t, second.Dial(t), nil)
	client.Subscribe(gatewaytest.Latest(), want.symbols())
	client.Await("the snapshots", func(h gatewaytest.Holdings) bool {
		return !slices.ContainsFunc(want.symbols(), func(symbol string) bool { return h.Sequence(symbol) == 0 })
	})
	client.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) {
		for symbol, listing := range want {
			compareWithFile(t, listing, h[symbol])
			if h.Sequence(symbol) != listing.quotes+listing.trades {
				t.Errorf("%s: the snapshot has sequence %d, want %d", symbol, h.Sequence(symbol), listing.quotes+listing.trades)
			}
		}
	})
}
