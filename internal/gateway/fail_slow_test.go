package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestSlowAndDead does what bad clients do to a gateway with fifty good ones, and looks at those, and at what is left of the bad ones.
func TestSlowAndDead(t *testing.T) {
	config := gatewaytest.Config(t)
	config.Stream.SendStall = 1500 * time.Millisecond
	config.Stream.KeepaliveTime, config.Stream.KeepaliveTimeout = time.Second, time.Second
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, g.Bus())
	feed := market.Trade(liveliness(100 / slowness))
	judged := openOnePerPolicy(t, g)
	judged.await("a live market", trading)
	others := openHealthy(t, g)
	usage := measureUsage(g)

	t.Run("never reads", func(t *testing.T) {
		others.unharmed(t, func() harm { return neverReads(g, config.Stream.SendStall) })
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

// neverReads is one client that never reads. Its connection is closed after the stall.
func neverReads(g *gatewaytest.Gateway, stall time.Duration) harm {
	var conn *grpc.ClientConn
	var began time.Time
	return harm{
		strike: func(t *testing.T) {
			began = time.Now()
			conn = g.Dial(t, deafWindow...)
			openDeaf(t, conn)
		},
		verify: func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
			defer cancel()
			for conn.GetState() == connectivity.Ready {
				if !conn.WaitForStateChange(ctx, connectivity.Ready) {
					t.Fatal("the connection of the client that never reads stays open")
				}
			}
			t.Logf("the connection was closed within %v", time.Since(began))
			if took := time.Since(began); took < stall {
				t.Errorf("the connection was closed after %v, before the stall of %v", took, stall)
			}
			_ = conn.Close()
		},
	}
}

// readsATenth is one client that takes every tenth of the batches that come. With a freshness bound it acknowledges each that it takes, and takes nothing
// that was not the newest value a bound ago.
func readsATenth(g *gatewaytest.Gateway, bound time.Duration) harm {
	r := &slowReader{pause: 10 * time.Second * slowness / 100, acknowledges: bound > 0} // the market has 100 events a second
	var conn *grpc.ClientConn
	return harm{
		strike: func(t *testing.T) {
			conn = g.Dial(t)
			r.Stream = gatewaytest.OpenStream(t, conn, &gatewaytest.Options{OnMessage: r.take})
			if bound > 0 {
				r.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_SetFreshness{
					SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: bound.Milliseconds()},
				}})
			}
			r.Send(subscribeCommand(gatewaytest.Latest(), symbols))
		},
		verify: func(t *testing.T) {
			r.Close()
			_ = conn.Close()
			t.Logf("the slow client took %d batches; the values of the oldest were the newest ones %v before", r.taken, r.oldest)
			if most := bound + 50*time.Millisecond*slowness; bound > 0 && r.oldest > most {
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
	var way *link
	var conn *grpc.ClientConn
	var before int
	return harm{
		prepare: func(t *testing.T) {
			before = activeStreams(t, g)
			way = newLink(t, g.Addresses().GRPC)
			conn = gatewaytest.Dial(t, way.address())
			for range streams {
				s := gatewaytest.OpenStream(t, conn, nil)
				s.Subscribe(gatewaytest.Latest(), symbols)
			}
		},
		strike: func(*testing.T) { way.freeze() },
		verify: func(t *testing.T) {
			eventually(t, "the streams of the vanished clients end", func() bool { return activeStreams(t, g) <= before })
			_ = conn.Close()
			way.close()
		},
	}
}

// dieAtOnce is many clients that hang up in the same moment.
func dieAtOnce(g *gatewaytest.Gateway, streams int) harm {
	const perConnection = 100
	var conns []*grpc.ClientConn
	var open []*gatewaytest.Stream
	var before int
	return harm{
		prepare: func(t *testing.T) {
			before = activeStreams(t, g)
			for i := range streams {
				if i%perConnection == 0 {
					conns = append(conns, g.Dial(t))
				}
				s := gatewaytest.OpenStream(t, conns[len(conns)-1], nil)
				s.Send(subscribeCommand(gatewaytest.Interval(time.Second), symbols))
				open = append(open, s)
			}
			for _, s := range open {
				s.Await("all symbols live", live())
			}
		},
		strike: func(*testing.T) {
			for _, conn := range conns {
				_ = conn.Close()
			}
		},
		verify: func(t *testing.T) {
			eventually(t, "the streams end", func() bool { return activeStreams(t, g) <= before })
			for _, s := range open {
				s.Close()
			}
		},
	}
}

// activeStreams asks the gateway's metrics.
func activeStreams(t testing.TB, g *gatewaytest.Gateway) int {
	t.Helper()
	return counter(t, g, `grpc_stream_active_connections{service="data"}`)
}

// counter asks the gateway for a metric, whose name includes its labels.
func counter(t testing.TB, g *gatewaytest.Gateway, name string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + g.Addresses().Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n"+name+" ")
	var count int
	if _, err := fmt.Sscan(rest, &count); !found || err != nil {
		t.Fatalf("no metric %s: %v", name, err)
	}
	return count
}

// usage is what the process uses while only good clients are there.
type usage struct {
	gateway    *gatewaytest.Gateway
	goroutines int
	heapBytes  uint64
}

func measureUsage(g *gatewaytest.Gateway) usage {
	return usage{gateway: g, goroutines: runtime.NumGoroutine(), heapBytes: heapBytes()}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// wantBack demands that the process uses again what it used before. The logs of the clients that are judged grow meanwhile.
func (u usage) wantBack(t *testing.T) {
	t.Helper()
	const moreGoroutines, moreBytes = 5, 8 << 20
	eventually(t, fmt.Sprintf("there are %d goroutines again", u.goroutines), func() bool { return runtime.NumGoroutine() <= u.goroutines+moreGoroutines })
	eventually(t, fmt.Sprintf("the heap has %d bytes again", u.heapBytes), func() bool { return heapBytes() <= u.heapBytes+moreBytes })
}
