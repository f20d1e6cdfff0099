package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/natsd"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

var discard = slog.New(slog.DiscardHandler)

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for !condition() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// startServer starts a server that is stopped at the end of the test at the latest.
func startServer(t testing.TB, listen, storeDir string) *natsd.Server {
	t.Helper()
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = listen, storeDir
	server, err := natsd.Start(config, discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}

func connect(t testing.TB, url string) *nats.Conn {
	t.Helper()
	connection, err := bus.Connect(bus.Connection{URL: url}, "test", discard, bus.Handlers{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(connection.Close)
	return connection
}

func ensureStream(t testing.TB, connection *nats.Conn, subjects bus.Subjects) {
	t.Helper()
	config := feed.DefaultStreamConfig()
	config.Storage = jetstream.FileStorage
	if err := feed.EnsureStream(t.Context(), connection, subjects, config); err != nil {
		t.Fatal(err)
	}
}

// waitStored waits until the stream has the last message of so many symbols: the server stores what it has been sent a little later.
func waitStored(t testing.TB, connection *nats.Conn, symbols int) {
	t.Helper()
	js, err := jetstream.New(connection)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the stream has all symbols", func() bool {
		stream, err := js.Stream(t.Context(), feed.DefaultStream)
		return err == nil && stream.CachedInfo().State.Msgs == uint64(symbols)
	})
}

// running is a feed that runs until the end of the test.
type running struct {
	*feed.Feed
	table    *subscription.Table
	subjects bus.Subjects
}

func run(t testing.TB, connection bus.Connection, change func(*feed.Config)) *running {
	t.Helper()
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	table, err := subscription.NewTable(subscription.DefaultTableConfig())
	if err != nil {
		t.Fatal(err)
	}
	config := feed.DefaultConfig()
	if change != nil {
		change(&config)
	}
	f, err := feed.New(config, connection, subjects, table)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &running{Feed: f, table: table, subjects: subjects}
}

func (r *running) waitReady(t testing.TB) {
	t.Helper()
	select {
	case <-r.Ready():
	case <-time.After(10 * time.Second):
		t.Fatal("not ready")
	}
}

func (r *running) latest(symbol string) (record tick.Record) {
	if s := r.table.Lookup(symbol); s != nil {
		s.Latest(&record)
	}
	return record
}

func (r *running) reason(symbol string) subscription.StateReason {
	if s := r.table.Lookup(symbol); s != nil {
		return s.State().Reason
	}
	return subscription.NotSeen
}

// venue publishes events of numbered symbols, and heartbeats. A publication that fails is lost, as with a real feed.
type venue struct {
	t          testing.TB
	connection *nats.Conn
	subjects   bus.Subjects
	name       string
	epoch      uint64
	sequences  []atomic.Uint64 // by symbol, of the last event
	failed     atomic.Uint64
}

func newVenue(t testing.TB, url string, symbols int) *venue {
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return &venue{t: t, connection: connect(t, url), subjects: subjects, name: "venue", epoch: 1, sequences: make([]atomic.Uint64, symbols)}
}

func symbolName(i int) string { return fmt.Sprintf("SYM%05d.X", i) }

func (v *venue) send(symbol int) {
	e := quote(v.epoch, v.sequences[symbol].Add(1))
	payload := bus.AppendEventBatch(nil, v.name, []tick.Event{e})
	if v.connection.Publish(v.subjects.Event(tick.KindQuote, symbolName(symbol)), payload) != nil {
		v.failed.Add(1)
	}
}

func (v *venue) sendAll() {
	for i := range v.sequences {
		v.send(i)
	}
}

func (v *venue) beat() {
	var numbered uint64
	for i := range v.sequences {
		numbered += v.sequences[i].Load()
	}
	_ = v.connection.Publish(v.subjects.Heartbeat(v.name), bus.AppendEventCount(bus.AppendHeartbeat(nil, v.name, v.epoch, 1), numbered))
}

func (v *venue) flush() {
	v.t.Helper()
	if err := v.connection.FlushTimeout(5 * time.Second); err != nil {
		v.t.Fatal(err)
	}
}

// trade sends events and heartbeats until the returned function is called.
func (v *venue) trade(pause time.Duration) (stop func()) {
	return every(pause, func() {
		v.sendAll()
		v.beat()
	})
}

// keepBeating sends heartbeats only.
func (v *venue) keepBeating() (stop func()) { return every(50*time.Millisecond, v.beat) }

// every calls do on a goroutine of its own, at once and then at an interval, until the returned function is called.
func every(pause time.Duration, do func()) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			do()
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
