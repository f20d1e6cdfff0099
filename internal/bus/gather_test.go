package bus_test

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/natsd"
)

// startGatherNATS starts a server that is stopped when the test ends.
func startGatherNATS(t *testing.T) *natsd.Server {
	t.Helper()
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = "127.0.0.1:0", t.TempDir()
	server, err := natsd.Start(config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}

// TestGatheringLosesNothing: whatever gathers in the socket is read, single messages and floods, in haste and not, also the last one before silence.
func TestGatheringLosesNothing(t *testing.T) {
	server := startGatherNATS(t)
	var hasty atomic.Bool
	var gathered atomic.Int64
	connection, err := bus.Connect(bus.Connection{URL: server.URL(), Gather: bus.Gather{
		For: func() time.Duration {
			if hasty.Load() {
				return 0
			}
			return 8 * time.Millisecond
		},
		Gathered: func() { gathered.Add(1) },
	}}, "reader", slog.New(slog.DiscardHandler), bus.Handlers{})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	messages := make(chan *nats.Msg, 1<<17)
	if _, err := connection.ChanSubscribe("gather", messages); err != nil {
		t.Fatal(err)
	}
	if err := connection.Flush(); err != nil {
		t.Fatal(err)
	}
	publisher, err := bus.Connect(bus.Connection{URL: server.URL()}, "publisher", slog.New(slog.DiscardHandler), bus.Handlers{})
	if err != nil {
		t.Fatal(err)
	}
	defer publisher.Close()
	for round, count := range []int{1, 1, 20_000, 1, 3, 50_000, 1} {
		hasty.Store(round == 4)
		for n := range count {
			if err := publisher.Publish("gather", []byte{byte(n)}); err != nil {
				t.Fatal(err)
			}
			if count < 10 { // one by one, with time to become quiet in between
				if err := publisher.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		for n := range count {
			select {
			case m := <-messages:
				if m.Data[0] != byte(n) {
					t.Fatalf("round %d: message %d has number %d", round, n, m.Data[0])
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("round %d: %d of %d messages came", round, n, count)
			}
		}
	}
	if reads := gathered.Load(); reads == 0 || reads > 60_000 {
		t.Errorf("the reader paused %d times over 70,007 messages", reads)
	}
}
