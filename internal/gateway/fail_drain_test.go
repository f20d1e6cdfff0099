package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/internal/bus"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

const (
	drainedStreams = 200 // that read
	deafStreams    = 5   // that never read
)

// TestDrainUnderLoad has bounds that a quick test can wait for. The stall is longer than the drain, so that nothing but the drain ends those who do not read.
func TestDrainUnderLoad(t *testing.T) {
	t.Parallel()
	c := gatewaytest.Config(t)
	c.DrainTimeout, c.Stream.DrainGrace, c.Stream.SendStall = 3*time.Second, time.Second, time.Minute
	took := drainUnderLoad(t, drainedInProcess(gatewaytest.Start(t, c)))
	if took < c.DrainTimeout || took > c.DrainTimeout+2*time.Second {
		t.Errorf("the gateway took %v to stop, want %v: nothing else ends a stream that is not read", took, c.DrainTimeout)
	}
}

// TestLongDrainUnderLoad has the bounds of the defaults: 20 s, and never more than 25 s.
func TestLongDrainUnderLoad(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*gateway.Config)
	}{
		{"defaults", func(*gateway.Config) {}},
		{"the stall does not help", func(c *gateway.Config) { c.Stream.SendStall = time.Minute }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := gatewaytest.Config(t)
			c.change(&config)
			if took := drainUnderLoad(t, drainedInProcess(gatewaytest.Start(t, config))); took > longestDrain {
				t.Errorf("the gateway took %v to stop, want %v at most", took, longestDrain)
			}
		})
	}
}

// longestDrain is the time from SIGTERM to the end, with the default settings.
const longestDrain = 25 * time.Second

// drained is a gateway that is about to be told to stop, here or in a process of its own.
type drained struct {
	dialer
	bus   bus.Connection
	admin string // URL
	begin func()
	await func() // until everything has ended
}

func drainedInProcess(g *gatewaytest.Gateway) drained {
	return drained{dialer: g, bus: g.Bus(), admin: adminOf(g), begin: g.BeginDrain, await: g.Stop}
}

// drainUnderLoad drains a gateway with streams that receive and some that never read, and returns how long it took to stop.
func drainUnderLoad(t *testing.T, g drained) time.Duration {
	market := gatewaytest.NewPublisher(t, g.bus)
	market.Trade(liveliness(100))
	readers := openReaders(t, g)
	for range deafStreams {
		openDeaf(t, g.Dial(t, deafWindow...))
	}
	for _, r := range readers {
		r.Await("all symbols live", live())
	}
	readers[0].Await("a live market", trading())
	wantPage(t, g.admin+"/readyz", http.StatusOK, "ready\n")

	began := time.Now()
	g.begin()
	for i, r := range readers {
		<-r.Ended()
		told := r.toldAt.Load()
		if told == 0 {
			t.Fatalf("reader %d was not told that the gateway goes away: %v", i, r.Err())
		}
		if after := time.Duration(told - began.UnixNano()); after > time.Second*slowness {
			t.Errorf("reader %d was told after %v, want 1s at most", i, after)
		}
		if code := status.Code(r.Err()); code != codes.Unavailable {
			t.Errorf("reader %d: the stream ended with %v, want %v", i, r.Err(), codes.Unavailable)
		}
	}
	t.Logf("all readers had ended after %v", time.Since(began))
	wantPage(t, g.admin+"/readyz", http.StatusServiceUnavailable, "draining\n") // those who do not read are still there
	wantPage(t, g.admin+"/healthz", http.StatusOK, "ok\n")
	g.await()
	took := time.Since(began)
	t.Logf("the gateway had stopped after %v", took)
	for i, r := range readers {
		checkCut(t, fmt.Sprintf("reader %d", i), market, r.Stream)
	}
	return took
}

// reader is a client that notes when it was told to leave, and stays.
type reader struct {
	*gatewaytest.Stream
	toldAt atomic.Int64 // UTC nanoseconds; 0: not
}

// openReaders spreads the streams over some connections; one in ten has policy LATEST.
func openReaders(t testing.TB, g dialer) []*reader {
	t.Helper()
	const perConnection = 50
	var readers []*reader
	var conn *grpc.ClientConn
	for i := range drainedStreams {
		if i%perConnection == 0 {
			conn = g.Dial(t)
		}
		r := &reader{}
		r.Stream = gatewaytest.OpenStream(t, conn, &gatewaytest.Options{OnMessage: func(_ context.Context, m *tickgatev1.ServerMessage) {
			if m.GetGoingAway() != nil {
				r.toldAt.Store(time.Now().UnixNano())
			}
		}})
		policy := gatewaytest.Interval(200 * time.Millisecond)
		if i%10 == 0 {
			policy = gatewaytest.Latest()
		}
		r.Send(subscribeCommand(policy, symbols))
		readers = append(readers, r)
	}
	return readers
}

// deafWindow is the least flow control that HTTP/2 allows, and fixed.
var deafWindow = []grpc.DialOption{grpc.WithStaticStreamWindowSize(64 << 10), grpc.WithStaticConnWindowSize(64 << 10)}

// openDeaf opens a stream that never reads, on a connection with deafWindow, and asks for so much that its flow control is used up.
func openDeaf(t testing.TB, conn *grpc.ClientConn) *gatewaytest.Stream {
	t.Helper()
	first := make(chan struct{}, 1)
	s := gatewaytest.OpenStream(t, conn, &gatewaytest.Options{OnMessage: func(ctx context.Context, _ *tickgatev1.ServerMessage) {
		select {
		case first <- struct{}{}:
		default:
		}
		<-ctx.Done()
	}})
	s.Send(subscribeCommand(gatewaytest.Latest(), symbols))
	<-first
	s.Send(subscribeCommand(gatewaytest.Latest(), longNames)) // the answer is larger than the window
	return s
}

// longNames are symbols that nobody publishes.
var longNames = func() []string {
	names := make([]string, 1_000)
	for i := range names {
		names[i] = fmt.Sprintf("%064d", i)
	}
	return names
}()

func subscribeCommand(policy *tickgatev1.Conflation, symbols []string) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{
		Subscribe: &tickgatev1.Subscribe{Symbols: symbols, Conflation: policy},
	}}
}
