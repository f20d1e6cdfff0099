package feed_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/testport"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestWarmStartOverlapsTheLivePath(t *testing.T) {
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), 50)
	ensureStream(t, v.connection, v.subjects)
	v.sendAll()
	waitStored(t, v.connection, 50)
	stop := v.trade(time.Millisecond)
	r := run(t, server.Connection(), nil)
	r.waitReady(t)
	for i := range v.sequences {
		if r.latest(symbolName(i)).Sequence == 0 {
			t.Fatalf("ready without %s", symbolName(i))
		}
	}
	before := r.Stats().Quotes
	eventually(t, 5*time.Second, "live events", func() bool { return r.Stats().Quotes > before+1000 })
	stop()
	v.flush()
	for i := range v.sequences {
		eventually(t, 5*time.Second, symbolName(i)+" has the last value and is live", func() bool {
			return r.latest(symbolName(i)).Sequence == v.sequences[i].Load() && r.reason(symbolName(i)) == subscription.FeedLive
		})
	}
	s := r.Stats()
	if s.Missing != 0 || s.Gaps != 0 || s.WarmStart.Outcome != feed.WarmStartDone || !s.Connected || !s.Heard {
		t.Errorf("got %+v", s)
	}
}

func TestTenThousandSymbolsAreWarmWithinTwoSeconds(t *testing.T) {
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), 10_000)
	ensureStream(t, v.connection, v.subjects)
	v.sendAll()
	waitStored(t, v.connection, 10_000)
	r := run(t, server.Connection(), nil)
	r.waitReady(t)
	s := r.Stats()
	if s.WarmStart.Symbols != 10_000 || s.WarmStart.Outcome != feed.WarmStartDone {
		t.Errorf("got %+v", s.WarmStart)
	}
	if limit := 2 * time.Second; !raceDetector && s.WarmStart.Duration > limit {
		t.Errorf("it took %v", s.WarmStart.Duration)
	}
	t.Logf("%d symbols in %v", s.WarmStart.Symbols, s.WarmStart.Duration)
}

// TestWarmStartReadsOnlyTheLast message of each subject where the stream keeps all of them for playbacks.
func TestWarmStartReadsOnlyTheLast(t *testing.T) {
	const symbols, times = 1_000, 20
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), symbols)
	config := feed.DefaultStreamConfig()
	config.MaxMessagesPerSubject = 0
	if err := feed.EnsureStream(t.Context(), v.connection, v.subjects, config); err != nil {
		t.Fatal(err)
	}
	for range times {
		v.sendAll()
	}
	waitStored(t, v.connection, symbols*times)
	r := run(t, server.Connection(), nil)
	r.waitReady(t)
	if s := r.Stats().WarmStart; s.Messages != symbols || s.Symbols != symbols || !raceDetector && s.Duration > 2*time.Second {
		t.Errorf("got %+v, want a message for each of %d symbols", s, symbols)
	}
	for i := range symbols {
		if sequence := r.latest(symbolName(i)).Sequence; sequence != times {
			t.Fatalf("%s has sequence %d, want %d", symbolName(i), sequence, times)
		}
	}
}

func TestSilenceIsToldWithinTwoSeconds(t *testing.T) {
	server := startServer(t, "127.0.0.1:0", "")
	r := run(t, server.Connection(), nil)
	r.waitReady(t)
	if outcome := r.Stats().WarmStart.Outcome; outcome != feed.WarmStartMissing {
		t.Errorf("warm start %v without JetStream", outcome)
	}
	v := newVenue(t, server.URL(), 2)
	v.sendAll()
	v.flush()
	sent := time.Now()
	eventually(t, time.Second, "live", func() bool { return r.reason(symbolName(0)) == subscription.FeedLive })
	eventually(t, 5*time.Second, "stale", func() bool { return r.reason(symbolName(0)) == subscription.FeedSilent })
	if late := time.Since(sent); late > 2*time.Second {
		t.Errorf("stale after %v", late)
	}
	v.beat()
	eventually(t, time.Second, "live again", func() bool { return r.reason(symbolName(1)) == subscription.FeedLive })
}

func TestServerKilledAndRestartedUnderLoad(t *testing.T) {
	dir := t.TempDir()
	address := testport.Address(t)
	server := startServer(t, address, dir)
	const symbols, quiet = 50, 49
	v := newVenue(t, server.URL(), symbols)
	ensureStream(t, v.connection, v.subjects)
	r := run(t, bus.Connection{URL: server.URL()}, nil)
	r.waitReady(t)
	v.sendAll()
	waitStored(t, v.connection, symbols) // the quiet one, too, which comes from nowhere else later
	busy := &venue{t: t, connection: v.connection, subjects: v.subjects, name: v.name, epoch: v.epoch, sequences: v.sequences[:quiet]}
	stop := busy.trade(time.Millisecond)
	all := func(reason subscription.StateReason) func() bool {
		return func() bool {
			for i := range symbols {
				if r.reason(symbolName(i)) != reason {
					return false
				}
			}
			return true
		}
	}
	eventually(t, 5*time.Second, "live", all(subscription.FeedLive))
	back := 5 * time.Second
	if raceDetector {
		back *= 4
	}
	for range 2 {
		server.Shutdown()
		eventually(t, 2*time.Second, "stale after the bus was killed", all(subscription.BusLost))
		lostAt := v.sequences[0].Load()
		eventually(t, 5*time.Second, "the venue goes on meanwhile", func() bool { return v.sequences[0].Load() > lostAt+100 })
		server = startServer(t, address, dir)
		eventually(t, back, "live again, the quiet one too", all(subscription.FeedLive))
	}
	stop()
	v.flush()
	for i := range symbols {
		eventually(t, 5*time.Second, symbolName(i)+" has the last value", func() bool {
			return r.latest(symbolName(i)).Sequence == v.sequences[i].Load()
		})
	}
	var sent, missing uint64
	for i := range symbols {
		sent += v.sequences[i].Load()
		missing += r.latest(symbolName(i)).Missing
	}
	s := r.Stats()
	published := uint64(0)
	for i := range symbols {
		published += r.table.Lookup(symbolName(i)).Position()
	}
	if published+missing != sent || s.Missing != missing || v.failed.Load()+busy.failed.Load() == 0 {
		t.Errorf("%d records + %d missing, %d sent (%+v)", published, missing, sent, s)
	}
	if s.Reconnects != 2 {
		t.Errorf("%d reconnects, want 2", s.Reconnects)
	}
}

func TestWithoutAStreamEachSymbolWaitsForItsNextEvent(t *testing.T) {
	address := testport.Address(t)
	server := startServer(t, address, "")
	r := run(t, bus.Connection{URL: server.URL()}, func(c *feed.Config) { c.WarmStartStream = "" })
	r.waitReady(t)
	v := newVenue(t, server.URL(), 2)
	v.sendAll()
	v.flush()
	eventually(t, time.Second, "live", func() bool { return r.reason(symbolName(1)) == subscription.FeedLive })
	server.Shutdown()
	eventually(t, 2*time.Second, "stale", func() bool { return r.reason(symbolName(1)) == subscription.BusLost })
	startServer(t, address, "")
	eventually(t, 5*time.Second, "connected again", func() bool { return v.connection.IsConnected() && r.Stats().Connected })
	defer v.keepBeating()()
	eventually(t, 5*time.Second, "the symbol that sends is live", func() bool {
		v.send(0)
		return r.reason(symbolName(0)) == subscription.FeedLive
	})
	if reason := r.reason(symbolName(1)); reason != subscription.BusLost {
		t.Errorf("the other is stale for reason %d, want bus lost", reason)
	}
}

// TestLongOutage takes five minutes: nobody gives up in that time, neither nats.go nor the feed.
func TestLongOutage(t *testing.T) {
	if os.Getenv("TICKGATE_LONG") == "" {
		t.Skip("set TICKGATE_LONG to run it")
	}
	dir := t.TempDir()
	address := testport.Address(t)
	server := startServer(t, address, dir)
	v := newVenue(t, server.URL(), 10)
	ensureStream(t, v.connection, v.subjects)
	r := run(t, bus.Connection{URL: server.URL()}, nil)
	r.waitReady(t)
	stop := v.trade(50 * time.Millisecond)
	defer stop()
	live := func() bool { return r.reason(symbolName(9)) == subscription.FeedLive }
	eventually(t, 5*time.Second, "live", live)
	server.Shutdown()
	eventually(t, 2*time.Second, "stale", func() bool { return !live() })
	outage := time.NewTimer(5 * time.Minute)
	defer outage.Stop()
	<-outage.C
	if live() {
		t.Error("live without a bus")
	}
	startServer(t, address, dir)
	eventually(t, 5*time.Second, "live again", live)
}

func TestStartsBeforeTheServer(t *testing.T) {
	address := testport.Address(t)
	r := run(t, bus.Connection{URL: "nats://" + address}, nil)
	if s := r.Stats(); s.Connected || s.Heard {
		t.Errorf("got %+v", s)
	}
	server := startServer(t, address, t.TempDir())
	r.waitReady(t)
	v := newVenue(t, server.URL(), 1)
	v.sendAll()
	eventually(t, 5*time.Second, "live", func() bool { return r.reason(symbolName(0)) == subscription.FeedLive })
	if s := r.Stats(); s.Reconnects != 0 || s.WarmStart.Outcome != feed.WarmStartMissing {
		t.Errorf("got %+v", s)
	}
}

func TestDroppedMessagesAreMadeUpForByTheStream(t *testing.T) {
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), 500)
	ensureStream(t, v.connection, v.subjects)
	r := run(t, bus.Connection{URL: server.URL()}, func(c *feed.Config) { c.PendingMessages = 1 })
	r.waitReady(t)
	defer v.keepBeating()()
	eventually(t, 10*time.Second, "messages are dropped", func() bool {
		v.sendAll()
		v.flush()
		return r.Stats().BusDropped > 0
	})
	for i := range v.sequences {
		eventually(t, 10*time.Second, symbolName(i)+" has the last value and is live", func() bool {
			return r.latest(symbolName(i)).Sequence == v.sequences[i].Load() && r.reason(symbolName(i)) == subscription.FeedLive
		})
	}
}

func TestBadMessagesOnTheWire(t *testing.T) {
	server := startServer(t, "127.0.0.1:0", "")
	r := run(t, server.Connection(), nil)
	r.waitReady(t)
	v := newVenue(t, server.URL(), 1)
	v.send(0)
	good := v.subjects.Event(tick.KindQuote, symbolName(0))
	for _, m := range []struct {
		subject string
		payload []byte
	}{
		{"md.depth.A", nil},
		{"md.quote.a.b.c", nil},
		{"md.quote.%zz", []byte("x")},
		{good, []byte("not protobuf")},
		{good, nil},
		{good, make([]byte, 1<<20)},
		{"md.quote." + strings.Repeat("x", 3000), nil},
	} {
		if err := v.connection.Publish(m.subject, m.payload); err != nil {
			t.Fatal(err)
		}
	}
	v.send(0)
	eventually(t, 5*time.Second, "the good ones are applied", func() bool { return r.latest(symbolName(0)).Sequence == 2 })
	s := r.Stats()
	if s.Dropped[feed.DropWrongSubject] != 4 || s.Dropped[feed.DropMalformed] != 3 || s.Symbols != 1 {
		t.Errorf("got %+v", s)
	}
}

func TestRunEndsWhileTheServerIsAway(t *testing.T) {
	r := run(t, bus.Connection{URL: "nats://127.0.0.1:1"}, nil)
	if s := r.Stats(); s.Connected {
		t.Errorf("got %+v", s)
	} // the cleanup ends it
}

func TestRunRefusesBadSettings(t *testing.T) {
	subjects, _ := bus.NewSubjects("md")
	table, err := subscription.NewTable(subscription.DefaultTableConfig())
	if err != nil {
		t.Fatal(err)
	}
	f, err := feed.New(feed.DefaultConfig(), bus.Connection{URL: "nats://127.0.0.1:1", Password: "x"}, subjects, table)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context()); !errors.Is(err, bus.ErrAuth) {
		t.Errorf("got %v, want ErrAuth", err)
	}
}

func TestEnsureStream(t *testing.T) {
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), 1)
	config := feed.DefaultStreamConfig()
	config.Storage = jetstream.MemoryStorage
	for _, perSubject := range []int64{1, 5} { // creates, then updates
		config.MaxMessagesPerSubject = perSubject
		if err := feed.EnsureStream(t.Context(), v.connection, v.subjects, config); err != nil {
			t.Fatal(err)
		}
		js, err := jetstream.New(v.connection)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := js.Stream(t.Context(), config.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got := stream.CachedInfo().Config.MaxMsgsPerSubject; got != perSubject {
			t.Errorf("%d messages per subject, want %d", got, perSubject)
		}
	}
	config.Storage = jetstream.FileStorage // cannot be changed
	if err := feed.EnsureStream(t.Context(), v.connection, v.subjects, config); !errors.Is(err, feed.ErrStream) {
		t.Errorf("got %v, want ErrStream", err)
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*feed.Config)
	}{
		{"", func(*feed.Config) {}},
		{"stale-after", func(c *feed.Config) { c.StaleAfter = 0 }},
		{"silence-check", func(c *feed.Config) { c.SilenceCheck = 0 }},
		{"silence-check", func(c *feed.Config) { c.SilenceCheck = time.Minute }},
		{"pending-messages", func(c *feed.Config) { c.PendingMessages = 0 }},
		{"max-publishers", func(c *feed.Config) { c.MaxPublishers = -1 }},
		{"warm-start-timeout", func(c *feed.Config) { c.WarmStartTimeout = -1 }},
	} {
		config := feed.DefaultConfig()
		test.change(&config)
		err := config.Validate()
		if test.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !errors.Is(err, feed.ErrConfig) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want one that names %s", err, test.want)
		}
	}
}
