package feed

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/pkg/subscription"
)

const (
	// drainMessages is how many messages are applied between two looks at everything else: a select over all channels costs as much as applying
	// a message, and so many messages take less than a millisecond.
	drainMessages = 256
	// pollInterval is how often nats.go is asked for dropped messages, and latencies are handed over.
	pollInterval = time.Second
)

// Feed keeps a table up to date with what publishers send over NATS.
type Feed struct {
	// Immutable after New.
	config     Config
	connection bus.Connection
	subjects   bus.Subjects
	link       *link
	messages   chan *nats.Msg // nats.go sends and drops what does not fit, the feed goroutine receives, nobody closes
	gathered   chan struct{}  // of one; sent to when nats.go has put what it has read into messages, received by the feed goroutine, never closed
	ready      chan struct{}  // closed by the feed goroutine after the first warm start

	// Owned by the feed goroutine.
	ingester      *Ingester
	live          <-chan *nats.Msg // messages; nil while they wait for a warm start
	reading       *reading         // the warm start under way, nil if there is none
	readers       sync.WaitGroup   // their goroutines
	upsSeen       uint64           // of link
	downsSeen     uint64           // of link
	nextPoll      time.Time
	resyncPending bool      // messages were lost, and the last values not read since
	hadStream     bool      // a warm start has read the stream, so it is there although it may not answer
	failingSince  time.Time // of warm starts, since the bus came up; zero: they do not
	readyOnce     sync.Once

	// Stored by the feed goroutine, read by anybody.
	current           atomic.Bool
	dropped           atomic.Uint64
	warmStart         atomic.Pointer[WarmStart]
	warmStartFailures atomic.Uint64
}

// New returns a feed into table. Run starts it.
func New(config Config, connection bus.Connection, subjects bus.Subjects, table *subscription.Table) (*Feed, error) {
	ingester, err := NewIngester(config, subjects, table)
	if err != nil {
		return nil, err
	}
	f := &Feed{
		config:     config.withDefaults(),
		connection: connection,
		subjects:   subjects,
		link:       newLink(),
		messages:   make(chan *nats.Msg, config.PendingMessages),
		gathered:   make(chan struct{}, 1),
		ready:      make(chan struct{}),
		ingester:   ingester,
	}
	f.warmStart.Store(&WarmStart{})
	f.connection.Gather = bus.Gather{
		For:      func() time.Duration { return f.config.gatherFor(table.ShortestInterval()) },
		Gathered: f.wake,
	}
	return f, nil
}

// wake has the feed goroutine look at messages.
func (f *Feed) wake() {
	select {
	case f.gathered <- struct{}{}:
	default:
	}
}

// Ready is closed when the last values have been read, as far as they can be, and live messages are applied.
func (f *Feed) Ready() <-chan struct{} { return f.ready }

// Current reports whether the bus is connected and the last values have been read since.
func (f *Feed) Current() bool { return f.current.Load() }

func (f *Feed) setCurrent(current bool) {
	if f.current.Swap(current) != current && f.config.OnCurrent != nil {
		f.config.OnCurrent(current)
	}
}

// Age returns how long ago anything was heard from the bus; false if never.
func (f *Feed) Age() (time.Duration, bool) { return f.ingester.Age() }

// Stats returns what was counted so far.
func (f *Feed) Stats() Stats {
	s := f.ingester.Stats()
	s.BusDropped = f.dropped.Load()
	s.Reconnects = f.link.reconnects()
	s.Connected = f.link.connected()
	s.WarmStart = *f.warmStart.Load()
	s.WarmStartFailures = f.warmStartFailures.Load()
	return s
}

// Run connects to NATS, for as long as it takes and as often as it is lost, and applies what comes until ctx is done. It returns an error only if the
// connection's settings cannot work. It is called once.
func (f *Feed) Run(ctx context.Context) error {
	connection, err := bus.Connect(f.connection, "tickgate-feed", f.config.Log, bus.Handlers{Disconnected: f.link.down, Reconnected: f.link.up})
	if err != nil {
		return err
	}
	defer connection.Close()
	subscription, err := connection.ChanSubscribe(f.subjects.All(), f.messages)
	if err != nil {
		return fmt.Errorf("feed: subscribe to %s: %w", f.subjects.All(), err)
	}
	defer f.readers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f.loop(ctx, connection, subscription)
	return nil
}

// loop is the feed goroutine.
func (f *Feed) loop(ctx context.Context, connection *nats.Conn, subscription *nats.Subscription) {
	check := time.NewTicker(f.config.SilenceCheck)
	defer check.Stop()
	for {
		select {
		case <-f.gathered:
			f.drain(drainMessages)
			if len(f.live) > 0 {
				f.wake()
			}
		case <-f.link.wake:
			f.followLink(ctx, connection)
		case result := <-f.results():
			f.finishReading(result)
		case <-check.C:
			f.drain(len(f.messages)) // what has arrived is heard before anybody is called silent
			now := f.config.Now()
			f.ingester.CheckSilence(now)
			f.poll(ctx, now, connection, subscription)
		case <-ctx.Done():
			return
		}
		f.ingester.Post()
	}
}

func (f *Feed) apply(message *nats.Msg) {
	f.ingester.Apply(message.Subject, message.Data, f.config.Now())
}

// drain applies up to limit messages that wait.
func (f *Feed) drain(limit int) {
	for range limit {
		select {
		case message := <-f.live:
			f.apply(message)
		default:
			return
		}
	}
}

// followLink does what has become due since the link was last looked at: a loss first, even if it is over.
func (f *Feed) followLink(ctx context.Context, connection *nats.Conn) {
	ups, downs := f.link.ups.Load(), f.link.downs.Load()
	if downs != f.downsSeen {
		f.downsSeen = downs
		f.stopReading()
		f.live = f.messages // what waits is applied, but confirms nothing
		f.wake()
		f.setCurrent(false)
		f.ingester.Disconnected(f.config.Now())
		f.config.Log.Warn("feed: bus lost, all symbols are stale")
	}
	if ups != f.upsSeen && ups > downs {
		f.upsSeen = ups
		f.stopReading()
		f.live = nil
		f.resyncPending, f.failingSince = false, time.Time{}
		f.startReading(ctx, connection)
	}
}

// poll looks after what needs no haste.
func (f *Feed) poll(ctx context.Context, now time.Time, connection *nats.Conn, subscription *nats.Subscription) {
	if now.Before(f.nextPoll) {
		return
	}
	f.nextPoll = now.Add(pollInterval)
	f.ingester.MergeLatency()
	f.pollLosses(ctx, now, connection, subscription)
}

// pollLosses doubts all values when messages were dropped, because nobody knows whose: the last event of a symbol may have been among them, and then no
// later one shows the hole. Of messages that were lost before they came here only publishers' counts tell (see tally). When no more are lost, the last values are read again; live messages go on
// meanwhile, since holding them back would drop more.
func (f *Feed) pollLosses(ctx context.Context, now time.Time, connection *nats.Conn, subscription *nats.Subscription) {
	n, err := subscription.Dropped()
	if err != nil { // the connection is being closed
		return
	}
	dropped := uint64(n)
	before := f.dropped.Swap(dropped)
	lost := f.ingester.TakeLoss()
	switch {
	case dropped != before:
		f.config.Log.Warn("feed: too slow, messages were dropped", "messages", dropped-before)
		f.ingester.Doubt(now)
		f.resyncPending = true
	case lost:
		f.resyncPending = true
	case f.resyncPending && f.reading == nil && f.link.connected():
		f.resyncPending = false
		f.startReading(ctx, connection)
	}
}
