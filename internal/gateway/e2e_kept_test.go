package gateway_test

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/feed"
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
	awaitStored(t, first.Addresses().NATS, want.events())
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

// awaitStored waits until JetStream, which takes in what is published at its own pace, has taken that many messages.
func awaitStored(t *testing.T, url string, messages uint64) {
	t.Helper()
	closed := make(chan struct{})
	conn, err := nats.Connect(url, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		conn.Close()
		<-closed
	}()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	timeout := time.After(gatewaytest.Patience)
	for {
		stream, err := js.Stream(t.Context(), feed.DefaultStream)
		if err != nil {
			t.Fatal(err)
		}
		stored := stream.CachedInfo().State.LastSeq
		if stored >= messages {
			return
		}
		select {
		case <-look.C:
		case <-timeout:
			t.Fatalf("JetStream has taken %d of %d messages", stored, messages)
		}
	}
}
