package gatewaytest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/history"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Publisher publishes to a bus, keeps the log, and shows signs of life until it is closed.
type Publisher struct {
	t         testing.TB
	conn      *nats.Conn
	closed    chan struct{} // by nats.go, when the connection's goroutines have ended
	publisher *publish.Publisher
	log       *history.PublisherLog
	beating   sync.WaitGroup
	quiet     context.CancelFunc
	close     sync.Once

	// mu guards the field below.
	mu   sync.Mutex
	last map[string]*newest // by symbol
}

// newest is what the bus took last of a symbol.
type newest struct {
	epoch     uint64
	sequences [tick.KindStatus + 1]uint64 // by kind; of all kinds at 0
}

// NewPublisher connects to a bus. The publisher is closed when the test ends, if not before. change may be nil.
func NewPublisher(t testing.TB, c bus.Connection, change ...func(*publish.Config)) *Publisher {
	t.Helper()
	p := &Publisher{t: t, closed: make(chan struct{}), log: history.NewPublisherLog(), last: make(map[string]*newest)}
	var err error
	if p.conn, err = bus.Connect(c, t.Name(), slog.New(slog.DiscardHandler), bus.Handlers{}); err != nil {
		t.Fatal(err)
	}
	p.conn.SetClosedHandler(func(*nats.Conn) { close(p.closed) })
	config := publish.DefaultConfig()
	config.OnEvent = p.published
	for _, f := range change {
		f(&config)
	}
	if p.publisher, err = publish.New(config, p.conn); err != nil {
		t.Fatal(err)
	}
	beating, quiet := context.WithCancel(context.Background())
	p.quiet = quiet
	p.beating.Go(func() { p.publisher.Heartbeats(beating) })
	t.Cleanup(p.Close)
	return p
}

func (p *Publisher) published(symbol string, e tick.Event) {
	p.log.Published(symbol, e)
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.last[symbol]
	if last == nil || last.epoch < e.Epoch {
		last = &newest{epoch: e.Epoch}
		p.last[symbol] = last
	}
	for _, kind := range []tick.Kind{0, e.Kind} { // what is sent again, or late, is not the newest
		last.sequences[kind] = max(last.sequences[kind], e.Sequence)
	}
}

// Publish numbers and sends one event. One goroutine at a time publishes.
func (p *Publisher) Publish(symbol string, e tick.Event) {
	p.publisher.Publish(symbol, &e)
	p.publisher.Flush()
}

// Replay plays files once and returns when all was published and has reached NATS.
func (p *Publisher) Replay(files []datafile.File, speed pace.Speed) feedsim.Progress {
	p.t.Helper()
	progress, err := p.ReplayUntil(context.Background(), files, speed)
	if err != nil {
		p.t.Fatal(err)
	}
	return progress
}

// ReplayUntil ends early, with the context's error, when ctx is done. It may run on a goroutine of its own.
func (p *Publisher) ReplayUntil(ctx context.Context, files []datafile.File, speed pace.Speed) (feedsim.Progress, error) {
	return p.replay(ctx, files, speed, feedsim.EventTimeIntended)
}

// ReplayRecorded plays files once as fast as it can, with the times that they give, and returns when all was published and has reached NATS.
func (p *Publisher) ReplayRecorded(files []datafile.File) {
	p.t.Helper()
	if _, err := p.replay(context.Background(), files, pace.Unpaced(), feedsim.EventTimeRecorded); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Publisher) replay(ctx context.Context, files []datafile.File, speed pace.Speed, at feedsim.EventTime) (feedsim.Progress, error) {
	c := replay.DefaultConfig()
	c.Files, c.Speed, c.EventTime = files, speed, at
	return p.ReplayAs(ctx, c)
}

// ReplayAs plays what a configuration says. It may run on a goroutine of its own.
func (p *Publisher) ReplayAs(ctx context.Context, c replay.Config) (feedsim.Progress, error) {
	r, err := replay.New(c, p.publisher)
	if err != nil {
		return feedsim.Progress{}, err
	}
	if err := r.Run(ctx); err != nil {
		return r.Progress(), err
	}
	return r.Progress(), p.conn.FlushTimeout(Patience)
}

// AwaitStored waits until the stream of the gateway has stored that many messages, which it does at its own pace.
func (p *Publisher) AwaitStored(messages uint64) {
	p.t.Helper()
	js, err := jetstream.New(p.conn)
	if err != nil {
		p.t.Fatal(err)
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	timeout := time.After(Patience)
	for {
		stream, err := js.Stream(context.Background(), feed.DefaultStream)
		if err != nil {
			p.t.Fatal(err)
		}
		stored := stream.CachedInfo().State.LastSeq
		if stored >= messages {
			return
		}
		select {
		case <-look.C:
		case <-timeout:
			p.t.Fatalf("JetStream has taken %d of %d messages", stored, messages)
		}
	}
}

// Epoch returns the epoch under way.
func (p *Publisher) Epoch() uint64 { return p.publisher.Epoch() }

// Log returns what was published so far.
func (p *Publisher) Log() *history.PublisherLog { return p.log }

// Last returns the newest sequence of a symbol that the bus took, of some kinds or, if none is given, of all; 0 if there is none. It may be
// called from anywhere.
func (p *Publisher) Last(symbol string, kinds ...tick.Kind) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.last[symbol]
	switch {
	case last == nil:
		return 0
	case len(kinds) == 0:
		return last.sequences[0]
	}
	var sequence uint64
	for _, k := range kinds {
		sequence = max(sequence, last.sequences[k])
	}
	return sequence
}

// Silence ends the signs of life; a replay under way has its own.
func (p *Publisher) Silence() {
	p.quiet()
	p.beating.Wait()
}

// Close disconnects. It may be called again.
func (p *Publisher) Close() {
	p.close.Do(func() {
		p.Silence()
		p.conn.Close()
		<-p.closed
	})
}

// HoldsLast is satisfied when the last update of each symbol has the publisher's last event of some kinds in it; none: of all. An update for some kinds
// may have the sequence of a later event of another. A publisher of an earlier epoch satisfies nobody any more.
func HoldsLast(p *Publisher, symbols []string, kinds ...tick.Kind) func(Holdings) bool {
	return func(h Holdings) bool {
		for _, symbol := range symbols {
			last := p.Last(symbol, kinds...)
			if last == 0 || h.Sequence(symbol) < last || h[symbol].Epoch != p.publisher.Epoch() {
				return false
			}
		}
		return true
	}
}
