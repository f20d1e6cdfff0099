package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func isGoingAway(m *tickgatev1.ServerMessage) bool { return m.GetGoingAway() != nil }

// TestDrainUnderLoad: every reading client is told within a second, goes on being served, and is ended with UNAVAILABLE after the grace; new calls are refused.
func TestDrainUnderLoad(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.DrainGrace = 500 * time.Millisecond })
	markets, names := g.markets("S", 20)
	churn(t, 1_000, markets...)
	var clients []*client
	for range 4 {
		conn := g.connect(nil)
		for range 10 {
			c := g.openOn(conn)
			c.subscribe(1, names...)
			c.answer()
			clients = append(clients, c)
		}
	}
	unary := g.unary()
	drained := make(chan error, 1)
	began := time.Now()
	go func() { drained <- g.service.Drain(context.Background()) }()
	var ends sync.WaitGroup
	for _, c := range clients {
		ends.Go(func() {
			c.until("GoingAway", isGoingAway)
			if told := time.Since(began); told > slowness*time.Second {
				t.Errorf("told after %v", told)
			}
			if s := c.end(); s.Code() != codes.Unavailable || retryInfo(s) == 0 {
				t.Errorf("ended with %v", s)
			}
		})
	}
	ends.Wait()
	if err := <-drained; err != nil {
		t.Errorf("Drain: %v", err)
	}
	if took := time.Since(began); took < 400*time.Millisecond || took > patience {
		t.Errorf("ended after %v, the grace is 500ms", took)
	}
	if _, err := unary.ListInstruments(context.Background(), &tickgatev1.ListInstrumentsRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("a unary call ended with %v", err)
	}
	if s := g.openUnjudged(g.connect(nil)).end(); s.Code() != codes.Unavailable {
		t.Errorf("a new stream ended with %v", s)
	}
	g.waitForNoStreams()
}

// TestDrainEndsWhenClientsHaveLeft: nobody waits for the grace to pass.
func TestDrainEndsWhenClientsHaveLeft(t *testing.T) {
	g := newGate(t, func(o *options) { o.stream.DrainGrace = time.Hour })
	var clients []*client
	for range 3 {
		c := g.open()
		c.lives()
		clients = append(clients, c)
	}
	drained := make(chan error, 1)
	go func() { drained <- g.service.Drain(context.Background()) }()
	for _, c := range clients {
		c.until("GoingAway", isGoingAway)
		c.cancel()
	}
	if err := <-drained; err != nil {
		t.Errorf("Drain: %v", err)
	}
}

// TestDrainOfClientsThatDoNotRead ends within its context, and the server stops.
func TestDrainOfClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.DrainGrace = 100 * time.Millisecond
		o.stream.SendStall = time.Hour
	})
	markets, names := g.markets("S", 100)
	churn(t, 5_000, markets...)
	for range 5 {
		c := g.openUnjudged(g.connect(nil, smallWindows()...))
		c.subscribe(1, names...)
	}
	reader := g.open()
	reader.subscribe(1, names...)
	reader.answer()
	skips := g.hub.Stats().BusySkips
	waitFor(t, "five clients that hold back their updates", func() bool { return g.hub.Stats().BusySkips > skips+500 })
	told := make(chan struct{})
	go func() {
		defer close(told)
		reader.until("GoingAway", isGoingAway)
		reader.end()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.service.Drain(ctx); err != nil {
		t.Errorf("Drain: %v", err)
	}
	<-told
	stopped := make(chan struct{})
	go func() { g.server.Stop(); close(stopped) }()
	<-stopped
}

// TestDrainMissesNobody: streams that are opened while the drain begins end like all others.
func TestDrainMissesNobody(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.DrainGrace = 0 })
	var draining atomic.Bool
	var openers sync.WaitGroup
	for range 4 {
		conn := g.connect(nil)
		client := tickgatev1.NewMarketDataClient(conn)
		openers.Go(func() {
			for !draining.Load() {
				s, err := client.Stream(context.Background())
				if err != nil {
					t.Error(err)
					return
				}
				openers.Go(func() {
					for {
						if _, err := s.Recv(); err != nil {
							if status.Code(err) != codes.Unavailable {
								t.Errorf("ended with %v", err)
							}
							return
						}
					}
				})
				runtime.Gosched()
			}
		})
	}
	waitFor(t, "some streams", func() bool { return g.service.Stats().ActiveStreams > 50 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.service.Drain(ctx); err != nil {
		t.Errorf("Drain: %v", err)
	}
	draining.Store(true)
	openers.Wait()
}

// TestFiveHundredStreamsDieAtOnce: everything they held is let go of, and others do not notice.
func TestFiveHundredStreamsDieAtOnce(t *testing.T) {
	g := newGate(t, nil)
	markets, names := g.markets("S", 20)
	stop := churn(t, 2_000, markets...)
	survivor := g.open()
	survivor.subscribe(1, names...)
	survivor.follow()
	goroutines := runtime.NumGoroutine()
	var raw []net.Conn
	var dead []*client
	for range 5 {
		conn := g.connect(func(c net.Conn) net.Conn { raw = append(raw, c); return c })
		for i := range 100 {
			c := g.openUnjudged(conn)
			c.subscribe(1, append(names[i%10:i%10+10:i%10+10], "PENDING."+names[i%20])...)
			c.answer()
			dead = append(dead, c)
		}
	}
	if active := g.service.Stats().ActiveStreams; active != 501 {
		t.Fatalf("%d streams", active)
	}
	for _, c := range raw {
		_ = c.Close()
	}
	waitFor(t, "one stream with its subscriptions", func() bool {
		s := g.hub.Stats()
		return g.service.Stats().ActiveStreams == 1 && s.Subscriptions == 20 && s.Pending == 0
	})
	for _, c := range dead {
		c.cancel() // its own goroutines
	}
	waitFor(t, "the goroutines of before", func() bool { return runtime.NumGoroutine() <= goroutines+20 }) // those of five client connections stay
	stop()
	survivor.settled()
}

// TestVanishedClient: a connection that is reset takes its streams with it.
func TestVanishedClient(t *testing.T) {
	g := newGate(t, func(o *options) { o.listener = listenTCP(t) })
	var raw net.Conn
	c := g.openOn(g.connect(func(conn net.Conn) net.Conn { raw = conn; return conn }))
	c.wait(t, "A")
	if err := raw.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = raw.Close()
	g.waitForNoStreams()
	if _, err := c.next(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
