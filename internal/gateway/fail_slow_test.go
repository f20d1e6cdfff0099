package gateway_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/testlink"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestSlowAndDead does what bad clients do to a gateway with fifty good ones, and looks at those, and at what is left of the bad ones.
func TestSlowAndDead(t *testing.T) {
	config := gatewaytest.Config(t)
	config.Stream.SendStall, config.Subscriptions.Housekeeping = time.Second, 100*time.Millisecond
	config.Stream.KeepaliveTime, config.Stream.KeepaliveTimeout = time.Second, time.Second
	config.Stream.IdleTimeout = time.Hour // the good clients say nothing, and a minute is not enough for all turns
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, g.Bus())
	feed := market.Trade(liveliness(100 / slowness))
	judged := openOnePerPolicy(t, g)
	judged.await("a live market", trading)
	others := openHealthy(t, g)
	usage := measureUsage(t, g)

	t.Run("never reads", func(t *testing.T) {
		others.unharmed(t, func() harm { return neverReads(g, config) })
	})
	usage.wantBack(t)
	t.Run("reads a tenth and acknowledges", func(t *testing.T) {
		others.unharmed(t, func() harm { return readsATenth(g, 250*time.Millisecond*slowness) })
	})
	usage.wantBack(t)
	t.Run("reads a tenth", func(t *testing.T) {
		others.unharmed(t, func() harm { return readsATenth(g, 0) })
	})
	usage.wantBack(t)
	t.Run("vanishes", func(t *testing.T) {
		others.unharmed(t, func() harm { return vanishes(g) })
	})
	usage.wantBack(t)
	t.Run("five hundred die at once", func(t *testing.T) {
		others.unharmed(t, func() harm { return dieAtOnce(g, 500) })
	})
	usage.wantBack(t)
	feed.Stop()
	judged.settle(market)
	judged.check(market)
}

// stallSlack is what a busy machine may add to the time in which a client that does not read is found and cut off.
const stallSlack = slowness * 300 * time.Millisecond

// neverReads is one client that never reads. Its connection is closed after the stall, at the second housekeeping at the latest.
func neverReads(g *gatewaytest.Gateway, c gateway.Config) harm {
	const ended = `tickgate_streams_ended_total{reason="stalled"}`
	least := c.Stream.SendStall
	var conn *grpc.ClientConn
	var deaf *gatewaytest.Stream
	var began, asked time.Time // before and after what it asks for fills the connection
	var before float64
	cut := make(chan time.Time, 1) // one: when the connection was closed
	return harm{
		prepare: func(t *testing.T) {
			before = metric(t, adminOf(g), ended)
			conn = g.Dial(t, deafWindow...)
			conn.Connect()
			gatewaytest.Eventually(t, "the connection is ready", func() bool { return conn.GetState() == connectivity.Ready })
		},
		strike: func(t *testing.T) {
			began = time.Now()
			deaf = openDeaf(t, conn)
			asked = time.Now()
			go awaitCut(t.Context(), conn, cut)
		},
		over: func(int) bool { return len(cut) > 0 },
		verify: func(t *testing.T, worst time.Duration) {
			at := <-cut
			t.Logf("the connection was closed %v after the client had asked for more than it reads", at.Sub(asked))
			if took := at.Sub(began); took < least {
				t.Errorf("the connection was closed after %v, before the stall of %v", took, least)
			}
			most := least + 2*c.Subscriptions.Housekeeping + max(stallSlack, worst)
			if took := at.Sub(asked); took > most {
				t.Errorf("the connection was closed after %v, want %v at most", took, most)
			}
			gatewaytest.Eventually(t, "the stream is counted as stalled", func() bool { return metric(t, adminOf(g), ended) == before+1 })
			deaf.Close()
			_ = conn.Close()
		},
	}
}

// awaitCut tells when a connection is closed. It ends with ctx at the latest.
func awaitCut(ctx context.Context, conn *grpc.ClientConn, cut chan<- time.Time) {
	for conn.GetState() == connectivity.Ready {
		if !conn.WaitForStateChange(ctx, connectivity.Ready) {
			return
		}
	}
	cut <- time.Now()
}

// readsATenth is one client that takes every tenth of the batches that come. With a freshness bound it acknowledges each that it takes, and takes nothing
// that was not the newest value a bound ago.
func readsATenth(g *gatewaytest.Gateway, bound time.Duration) harm {
	r := &slowReader{pause: 10 * time.Second * slowness / 100, acknowledges: bound > 0} // the market has 100 events a second
	var conn *grpc.ClientConn
	return harm{
		prepare: func(t *testing.T) {
			conn = g.Dial(t)
			r.Stream = gatewaytest.OpenStream(t, conn, &gatewaytest.Options{OnMessage: r.take})
			r.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_SetFreshness{
				SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: bound.Milliseconds()},
			}})
			r.AwaitMessages("the stream is open", func(_ gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool { return len(others) > 0 })
		},
		strike: func(*testing.T) { r.Send(subscribeCommand(gatewaytest.Latest(), symbols)) },
		verify: func(t *testing.T, worst time.Duration) {
			r.Close()
			_ = conn.Close()
			t.Logf("the slow client took %d batches; the values of the oldest were the newest ones %v before", r.taken, r.oldest)
			if most := bound + max(50*time.Millisecond*slowness, worst); bound > 0 && r.oldest > most {
				t.Errorf("the slow client took what was newest %v before, want %v at most", r.oldest, most)
			}
		},
	}
}

// slowReader is a client that pauses after each batch.
type slowReader struct {
	*gatewaytest.Stream
	pause        time.Duration
	acknowledges bool

	// Owned by the receiver until the stream is closed.
	taken  int
	oldest time.Duration // since a batch was made, when it was taken
}

func (r *slowReader) take(ctx context.Context, m *tickgatev1.ServerMessage) {
	b := m.GetBatch()
	if b == nil || ctx.Err() != nil { // what is left when the client has gone is not taken
		return
	}
	r.taken++
	r.oldest = max(r.oldest, time.Duration(time.Now().UnixNano()-b.GetTsSend()))
	if r.acknowledges {
		r.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Ack{Ack: &tickgatev1.Ack{StreamSequence: b.GetStreamSequence()}}})
	}
	timer := time.NewTimer(r.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// vanishes is twenty clients whose network becomes a black hole.
func vanishes(g *gatewaytest.Gateway) harm {
	const streams = 20
	var way *testlink.Link
	var conn *grpc.ClientConn
	var before int
	return harm{
		over: func(streams int) bool { return streams <= before },
		prepare: func(t *testing.T) {
			before = activeStreams(t, g)
			way = testlink.New(t, g.Addresses().GRPC)
			conn = gatewaytest.Dial(t, way.Address())
			for range streams {
				s := gatewaytest.OpenStream(t, conn, nil)
				s.Subscribe(gatewaytest.Latest(), symbols)
			}
		},
		strike: func(*testing.T) { way.Freeze() },
		verify: func(*testing.T, time.Duration) {
			_ = conn.Close()
			way.Close()
		},
	}
}

// dieAtOnce is many clients that hang up in the same moment. What their own end of it costs is not the gateway's, and comes afterwards.
func dieAtOnce(g *gatewaytest.Gateway, streams int) harm {
	const perConnection = 100
	var way *testlink.Link
	var conns []*grpc.ClientConn
	var open []*gatewaytest.Stream
	var before int
	return harm{
		over: func(streams int) bool { return streams <= before },
		prepare: func(t *testing.T) {
			before = activeStreams(t, g)
			way = testlink.New(t, g.Addresses().GRPC)
			for i := range streams {
				if i%perConnection == 0 {
					conns = append(conns, gatewaytest.Dial(t, way.Address()))
				}
				s := gatewaytest.OpenStream(t, conns[len(conns)-1], nil)
				s.Send(subscribeCommand(gatewaytest.Interval(time.Second), symbols))
				open = append(open, s)
			}
			for _, s := range open {
				s.Await("all symbols live", live())
			}
		},
		strike: func(*testing.T) { way.HangUp() },
		verify: func(*testing.T, time.Duration) {
			for _, conn := range conns {
				_ = conn.Close()
			}
			for _, s := range open {
				s.Close()
			}
			way.Close()
		},
	}
}

// usage is what the gateway has, and the process of the test uses, while only good clients are there.
type usage struct {
	gateway                *gatewaytest.Gateway
	goroutines             int
	heapBytes              uint64
	subscriptions, pending float64
}

func measureUsage(t testing.TB, g *gatewaytest.Gateway) usage {
	t.Helper()
	return usage{
		gateway: g, goroutines: runtime.NumGoroutine(), heapBytes: heapBytes(),
		subscriptions: metric(t, adminOf(g), subscriptionsMetric), pending: metric(t, adminOf(g), pendingMetric),
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// wantBack demands that the gateway has again what it had before, and the process uses about as much. The logs of the clients that are judged grow meanwhile; that a gateway
// keeps nothing at all is for TestStormsLeaveNothing.
func (u usage) wantBack(t *testing.T) {
	t.Helper()
	const moreGoroutines, moreBytes = 5, 8 << 20
	gatewaytest.Eventually(t, "there are as many subscriptions as before", func() bool { return metric(t, adminOf(u.gateway), subscriptionsMetric) == u.subscriptions })
	gatewaytest.Eventually(t, "as many symbols are pending as before", func() bool { return metric(t, adminOf(u.gateway), pendingMetric) == u.pending })
	gatewaytest.Eventually(t, fmt.Sprintf("there are %d goroutines again", u.goroutines), func() bool { return runtime.NumGoroutine() <= u.goroutines+moreGoroutines })
	gatewaytest.Eventually(t, fmt.Sprintf("the heap has %d bytes again", u.heapBytes), func() bool { return heapBytes() <= u.heapBytes+moreBytes })
}
