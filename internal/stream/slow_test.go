package stream_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// smallWindows keeps gRPC from granting the gateway more than 64 KiB ahead of what the application reads.
func smallWindows() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithInitialWindowSize(1 << 16), grpc.WithInitialConnWindowSize(1 << 20)}
}

// churn publishes to the markets in turn, so many events a second, until it is stopped.
func churn(t *testing.T, perSecond int, markets ...*market) (stop func()) {
	t.Helper()
	stopping, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		pace := time.NewTicker(time.Second / time.Duration(perSecond))
		defer pace.Stop()
		for i := 0; ; i++ {
			select {
			case <-pace.C:
				markets[i%len(markets)].quote(int64(i))
			case <-stopping:
				return
			}
		}
	}()
	var once atomic.Bool
	stop = func() {
		if once.CompareAndSwap(false, true) {
			close(stopping)
		}
		<-stopped
	}
	t.Cleanup(stop)
	return stop
}

func (g *gate) markets(prefix string, count int) ([]*market, []string) {
	g.t.Helper()
	names := numbered(prefix, count)
	markets := make([]*market, count)
	for i, name := range names {
		markets[i] = g.market(name)
		markets[i].quote(1)
	}
	return markets, names
}

// age returns how long ago the gateway received the newest value of a batch.
func age(b *tickgatev1.Batch) time.Duration {
	newest := int64(0)
	for _, u := range b.GetUpdates() {
		newest = max(newest, b.GetTsSend()-int64(u.GetRecvAge()))
	}
	return time.Since(time.Unix(0, newest))
}

// takes reads messages, pausing before each, and returns the ages of the batches taken until it has seen enough.
func (c *client) takes(pause time.Duration, acknowledge bool, enough func(age time.Duration) bool) (ages []time.Duration) {
	c.t.Helper()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		<-ticker.C
		batch := c.receive().GetBatch()
		if batch == nil {
			continue
		}
		taken := age(batch)
		ages = append(ages, taken)
		if acknowledge {
			c.send(ack(batch.GetStreamSequence()))
		}
		if enough(taken) {
			return ages
		}
	}
}

// A slow reader takes a tenth of what is sent. With acknowledgements, nothing that it takes is older than its bound and its pause.
const (
	slowReaderPause  = 25 * time.Millisecond
	slowReaderBound  = 300 * time.Millisecond
	slowReaderOldest = slowness * (slowReaderBound + slowReaderPause)
)

func (g *gate) slowReader() *client {
	g.t.Helper()
	return g.openOn(g.connect(nil, smallWindows()...))
}

// TestSlowReaderWithAcknowledgements wants nothing older than its bound.
func TestSlowReaderWithAcknowledgements(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	markets, names := g.markets("S", 10)
	c := g.slowReader()
	c.send(setFreshness(1, slowReaderBound.Milliseconds()))
	c.subscribe(2, names...)
	churn(t, 400, markets...)
	began := time.Now()
	ages := c.takes(slowReaderPause, true, func(time.Duration) bool { return time.Since(began) > 2500*time.Millisecond })
	slices.Sort(ages)
	t.Logf("%d batches taken at 40/s of 400 events/s: median age %v, greatest %v", len(ages), ages[len(ages)/2], ages[len(ages)-1])
	if oldest := ages[len(ages)-1]; oldest > slowReaderOldest {
		t.Errorf("the oldest value taken was %v old, the bound is %v and the client's interval %v", oldest, slowReaderBound, slowReaderPause)
	}
}

// TestSlowReaderWithoutAcknowledgements is the contrast: the transport's windows alone let what the same client takes grow many times older than
// acknowledgements would, as doc.go says.
func TestSlowReaderWithoutAcknowledgements(t *testing.T) {
	t.Parallel()
	g := newGate(t, nil)
	markets, names := g.markets("S", 10)
	c := g.slowReader()
	c.subscribe(2, names...)
	churn(t, 400, markets...)
	const farTooOld = 5 * (slowReaderBound + slowReaderPause)
	began := time.Now()
	ages := c.takes(slowReaderPause, false, func(age time.Duration) bool { return age > farTooOld || time.Since(began) > patience })
	t.Logf("%d batches taken at 40/s of 400 events/s in %v: the last one was %v old", len(ages), time.Since(began), ages[len(ages)-1])
	if oldest := ages[len(ages)-1]; oldest <= farTooOld {
		t.Errorf("after %v nothing was older than %v: the figures in doc.go do not hold, or acknowledgements are of no use", patience, farTooOld)
	}
}

// TestNeverReadingClient: its connection is closed after the send stall and not much later, what it can make the gateway hold is bounded, and a client
// of the same worker is served all the while.
func TestNeverReadingClient(t *testing.T) {
	t.Parallel()
	const stall, housekeeping, slack = time.Second, 50 * time.Millisecond, slowness * 400 * time.Millisecond
	g := newGate(t, func(o *options) {
		o.subscriptions.Workers, o.subscriptions.Housekeeping = 1, housekeeping
		o.stream.SendStall = stall
	})
	markets, names := g.markets("S", 100)
	var watch watch
	began := time.Now()
	stuck := g.openUnjudged(g.connect(watch.wrap, smallWindows()...))
	stuck.subscribe(1, names...)
	churn(t, 2_000, markets...)

	reader := g.open()
	reader.subscribe(1, names[0])
	var taken, oldest = 0, time.Duration(0)
	for g.service.Stats().StreamsEnded["stalled"] == 0 {
		m := reader.receive()
		taken += proto.Size(m)
		if batch := m.GetBatch(); batch != nil {
			oldest = max(oldest, age(batch))
		}
	}
	if oldest > slowness*500*time.Millisecond {
		t.Errorf("beside a client that does not read, another one's values were %v old", oldest)
	}
	const windows, inFlight = 64 << 10, (24 + 32 + 2) << 10
	if held := int(g.service.Stats().BytesSent) - taken; held > windows+inFlight+32<<10 {
		t.Errorf("%d bytes were handed over for a client that reads nothing", held)
	}
	waitFor(t, "the connection to be closed", func() bool { _, end := watch.seen(); return !end.IsZero() })
	// The message that waits was handed over when the window was full, which is when the last bytes came.
	lastBytes, end := watch.seen()
	if waited := end.Sub(lastBytes); end.Sub(began) < stall || waited > stall+2*housekeeping+slack {
		t.Errorf("the connection was closed %v after the last bytes, want %v and at most %v more", waited, stall, 2*housekeeping+slack)
	}
	if s := stuck.end(); s.Code() != codes.Unavailable {
		t.Errorf("the client that does not read is ended with %v", s)
	}
	waitFor(t, "its stream to be gone", func() bool { return g.service.Stats().ActiveStreams == 1 })
	for reason, count := range g.service.Stats().StreamsEnded {
		if want := map[string]uint64{"stalled": 1}[reason]; count != want {
			t.Errorf("%d streams ended as %q, want %d", count, reason, want)
		}
	}
	reader.lives()
}

// TestStuckConnection: the client's machine takes no more bytes at all; its connection is closed, and nobody else notices.
func TestStuckConnection(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.listener = listenTCP(t)
		o.subscriptions.Workers = 1
		o.stream.SendStall = time.Second
	})
	markets, names := g.markets("S", 100)
	gag := newGag()
	stuck := g.openUnjudged(g.connect(gag.wrap, grpc.WithInitialWindowSize(1<<28), grpc.WithInitialConnWindowSize(1<<28)))
	stuck.subscribe(1, names...)
	stuck.answer()
	gag.stop()
	defer gag.release()
	churn(t, 10_000, markets...)
	reader := g.open()
	reader.subscribe(1, names[0])
	oldest := time.Duration(0)
	for g.service.Stats().StreamsEnded["stalled"] == 0 {
		if batch := reader.receive().GetBatch(); batch != nil {
			oldest = max(oldest, age(batch))
		}
	}
	if oldest > slowness*500*time.Millisecond {
		t.Errorf("beside a stuck connection another client's values were %v old", oldest)
	}
	waitFor(t, "the stuck stream to be gone", func() bool { return g.service.Stats().ActiveStreams == 1 })
	reader.lives()
}

// TestLeftoversOfAnEndedStream: a client that does not read, and breaks the protocol before the send stall, must not stay in the transport.
func TestLeftoversOfAnEndedStream(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.SendStall = 2 * time.Second })
	markets, names := g.markets("S", 100)
	conn := g.connect(nil, smallWindows()...)
	c, beside := g.openUnjudged(conn), g.openUnjudged(conn)
	beside.lives()
	c.subscribe(1, names...)
	churn(t, 5_000, markets...)
	sent, changed := uint64(0), time.Now()
	waitFor(t, "the window to be full", func() bool {
		if now := g.service.Stats().BytesSent; now != sent {
			sent, changed = now, time.Now()
		}
		return sent > 48<<10 && time.Since(changed) > 100*time.Millisecond
	})
	c.send(&tickgatev1.ClientMessage{})
	waitFor(t, "the end of the stream", func() bool { return g.service.Stats().StreamsEnded["protocol"] == 1 })
	waitFor(t, "the end of the connection", func() bool { return g.service.Stats().ActiveStreams == 0 })
	if s := beside.end(); s.Code() == 0 {
		t.Error("the connection was not closed")
	}
}
