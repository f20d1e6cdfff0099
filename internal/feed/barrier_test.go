package feed_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// lateStream is a stream that stores what it is told to store, when it is told: its messages come on subjects of its own, so that nobody else gets them.
type lateStream struct {
	t     *testing.T
	js    jetstream.JetStream
	venue *venue
}

func newLateStream(t *testing.T, v *venue) *lateStream {
	t.Helper()
	js, err := jetstream.New(v.connection)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: feed.DefaultStream, Subjects: []string{"late.>"}, MaxMsgsPerSubject: 1,
		SubjectTransform: &jetstream.SubjectTransformConfig{Source: "late.>", Destination: ">"},
	}); err != nil {
		t.Fatal(err)
	}
	return &lateStream{t: t, js: js, venue: v}
}

func (l *lateStream) store(symbol int, sequence uint64) {
	l.t.Helper()
	payload := bus.AppendEventBatch(nil, l.venue.name, []tick.Event{quote(l.venue.epoch, sequence)})
	if _, err := l.js.Publish(l.t.Context(), "late."+l.venue.subjects.Event(tick.KindQuote, symbolName(symbol)), payload); err != nil {
		l.t.Fatal(err)
	}
}

// TestEventPublishedBeforeAndStoredAfterTheWarmStart reached a gateway on neither way: it was not there yet when the event was published, and it had read the stream when the event was
// stored. Its clients held an older value, said to be live, until the symbol's next event.
func TestEventPublishedBeforeAndStoredAfterTheWarmStart(t *testing.T) {
	const busy, quiet = 0, 1
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), 1)
	stream := newLateStream(t, v)
	stream.store(quiet, 1)
	stop := v.trade(time.Millisecond) // of busy; quiet's second event was before it, and waits for the disk as all of busy's do
	before := server.Subscriptions()
	r := run(t, bus.Connection{URL: server.URL()}, func(c *feed.Config) { c.WarmStartTimeout = time.Minute })
	eventually(t, 10*time.Second, "the feed subscribes", func() bool { return server.Subscriptions() > before })
	subscribed := v.sequences[busy].Load()
	eventually(t, 10*time.Second, "events come live", func() bool { return v.sequences[busy].Load() > subscribed+100 })
	select {
	case <-r.Ready():
		t.Error("ready before the stream has stored what was published before")
	default:
	}
	stop()
	stream.store(quiet, 2)
	stream.store(busy, v.sequences[busy].Load())
	r.waitReady(t)
	if got := r.latest(symbolName(quiet)).Sequence; got != 2 {
		t.Errorf("the quiet symbol has event %d, want the second one", got)
	}
}

// TestStreamThatStoresNothing holds up a warm start for half of its time, and what it has is read.
func TestStreamThatStoresNothing(t *testing.T) {
	const busy, quiet = 0, 1
	server := startServer(t, "127.0.0.1:0", t.TempDir())
	v := newVenue(t, server.URL(), 1)
	stream := newLateStream(t, v)
	stream.store(quiet, 1)
	defer v.trade(time.Millisecond)()
	r := run(t, bus.Connection{URL: server.URL()}, func(c *feed.Config) { c.WarmStartTimeout = 600 * time.Millisecond })
	r.waitReady(t)
	if s := r.Stats().WarmStart; s.Outcome != feed.WarmStartDone || s.Duration < 300*time.Millisecond {
		t.Errorf("got %+v, want it to be done after 300ms", s)
	}
	if got := r.latest(symbolName(quiet)).Sequence; got != 1 {
		t.Errorf("the quiet symbol has event %d, want the first one", got)
	}
	eventually(t, 5*time.Second, "the busy symbol is live", func() bool { return r.reason(symbolName(busy)) == subscription.FeedLive })
}
