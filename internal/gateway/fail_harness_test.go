package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/internal/natsd"
	"tickgate/internal/testport"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// staleBound is the two seconds that are promised, and what a busy machine takes to deliver.
const staleBound = 2*time.Second + slowness*200*time.Millisecond

// intervalTolerance is half of the longest interval here, which subscriptions leave for the unevenness of sending, and a millisecond for the resolution of
// their clock. These tests keep the machine busy and do not judge pace beyond that.
const intervalTolerance = 101 * time.Millisecond

// natsBus is a NATS server of its own, which a test stops and starts again on the same port with the same files.
type natsBus struct {
	t      testing.TB
	config natsd.Config
	server *natsd.Server
}

// startBus starts a server with a stream that keeps the last values.
func startBus(t testing.TB) *natsBus {
	t.Helper()
	b := &natsBus{t: t, config: natsd.DefaultConfig()}
	b.config.Listen, b.config.StoreDir = testport.Address(t), t.TempDir()
	b.restart()
	t.Cleanup(b.stop)
	conn := b.connect()
	defer conn.Close()
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	if err := feed.EnsureStream(ctx, conn, subjects, feed.DefaultStreamConfig()); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *natsBus) restart() {
	b.t.Helper()
	server, err := natsd.Start(b.config, slog.New(slog.DiscardHandler))
	if err != nil {
		b.t.Fatal(err)
	}
	b.server = server
}

func (b *natsBus) stop() { b.server.Shutdown() }

func (b *natsBus) address() string { return b.server.Addr().String() }

func (b *natsBus) connection() bus.Connection { return bus.Connection{URL: b.server.URL()} }

// connect returns a connection, which the caller closes.
func (b *natsBus) connect() *nats.Conn {
	b.t.Helper()
	conn, err := bus.Connect(b.connection(), "test", slog.New(slog.DiscardHandler), bus.Handlers{})
	if err != nil {
		b.t.Fatal(err)
	}
	return conn
}

// joined configures a gateway that joins the server.
func (b *natsBus) joined(t testing.TB) gateway.Config {
	c := gatewaytest.Config(t)
	c.Bus = b.connection()
	return c
}

// quoteOf is a bid at a price, and an ask one above.
func quoteOf(price int64) tick.Event {
	return tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, Quote: tick.Quote{
		BidPrice: tick.Some(price), BidSize: tick.Some(1), AskPrice: tick.Some(price + 1), AskSize: tick.Some(2),
	}}
}

// symbolCount is how many symbols the markets of these tests have.
const symbolCount = 10

// symbolNames returns the names that generate gives to so many symbols.
func symbolNames(count int) []string {
	width := len(fmt.Sprint(count))
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("SIM%0*d", width, i+1)
	}
	return names
}

var symbols = symbolNames(symbolCount)

// condition is what a client waits for. One that counts is made anew for every client and every wait.
type condition = func() func(gatewaytest.Holdings) bool

// allAre is satisfied when all symbols are said to be in a state.
func allAre(state tickgatev1.MarketState) condition {
	return func() func(gatewaytest.Holdings) bool {
		return func(h gatewaytest.Holdings) bool {
			for _, symbol := range symbols {
				if held := h[symbol]; held == nil || held.State != state {
					return false
				}
			}
			return true
		}
	}
}

var (
	live  = allAre(tickgatev1.MarketState_MARKET_STATE_LIVE)
	stale = allAre(tickgatev1.MarketState_MARKET_STATE_STALE)
)

// trading is satisfied when all symbols are live and have had some updates since it was first asked.
func trading() func(gatewaytest.Holdings) bool {
	const updates = 3
	isLive := live()
	var began map[string]uint64
	return func(h gatewaytest.Holdings) bool {
		if began == nil {
			began = make(map[string]uint64)
			for symbol, held := range h {
				began[symbol] = held.Updates
			}
		}
		for _, symbol := range symbols {
			if held := h[symbol]; held == nil || held.Updates < began[symbol]+updates {
				return false
			}
		}
		return isLive(h)
	}
}

// policies are those that every failure is tried with.
var policies = []*tickgatev1.Conflation{gatewaytest.Latest(), gatewaytest.Interval(50 * time.Millisecond), gatewaytest.None()}

// clients are one client per policy.
type clients struct {
	t       testing.TB
	streams []*gatewaytest.Stream
}

func openOnePerPolicy(t testing.TB, g dialer) *clients {
	t.Helper()
	c := &clients{t: t}
	for _, policy := range policies {
		s := gatewaytest.OpenStream(t, g.Dial(t), nil)
		s.Subscribe(policy, symbols)
		c.streams = append(c.streams, s)
	}
	return c
}

func (c *clients) await(what string, satisfied condition) {
	c.t.Helper()
	for _, s := range c.streams {
		s.Await(what, satisfied())
	}
}

// idle lets time pass, in which the clients say no more than that they are there.
func (c *clients) idle(d time.Duration) {
	end := time.NewTimer(d)
	defer end.Stop()
	beat := time.NewTicker(20 * time.Second)
	defer beat.Stop()
	for {
		select {
		case <-end.C:
			return
		case <-beat.C:
			for _, s := range c.streams {
				s.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Heartbeat{Heartbeat: &tickgatev1.ClientHeartbeat{}}})
			}
		}
	}
}

// settle waits until every client holds the last event of every symbol.
func (c *clients) settle(p *gatewaytest.Publisher) {
	c.t.Helper()
	c.await("the last values", func() func(gatewaytest.Holdings) bool { return gatewaytest.HoldsLast(p, symbols) })
	c.await("all symbols live", live)
}

// check ends the clients and judges what each was told.
func (c *clients) check(p *gatewaytest.Publisher, silences ...history.Silence) {
	c.t.Helper()
	for i, s := range c.streams {
		checkStream(c.t, policies[i].String(), p, s, silences...)
	}
}

// checkStream ends a client and judges what it was told.
func checkStream(t testing.TB, name string, p *gatewaytest.Publisher, s *gatewaytest.Stream, silences ...history.Silence) {
	t.Helper()
	s.Close()
	options := history.Options{End: history.EndSettled, Silences: silences, StaleBound: staleBound, IntervalTolerance: intervalTolerance}
	report(t, name, p, s, options)
}

// checkCut is checkStream for a client that was cut off in the middle.
func checkCut(t testing.TB, name string, p *gatewaytest.Publisher, s *gatewaytest.Stream) {
	t.Helper()
	s.Close()
	report(t, name, p, s, history.Options{End: history.EndCut, IntervalTolerance: intervalTolerance})
}

func report(t testing.TB, name string, p *gatewaytest.Publisher, s *gatewaytest.Stream, options history.Options) {
	t.Helper()
	for _, v := range history.Check(p.Log(), s.Log(), options) {
		t.Errorf("%s: %v", name, v)
	}
}

// wantMissing demands that every client was told of events that it will not get.
func (c *clients) wantMissing() {
	c.t.Helper()
	for i, s := range c.streams {
		var missing uint64
		for _, counts := range history.Count(s.Log()) {
			missing += counts.Missing
		}
		if missing == 0 {
			c.t.Errorf("%v: no gap was announced", policies[i])
		}
	}
}
