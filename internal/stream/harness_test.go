package stream_test

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"tickgate/internal/history"
	"tickgate/internal/latency"
	"tickgate/internal/stream"
	"tickgate/pkg/subscription"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen; long enough for a busy machine under the race detector.
const patience = 20 * time.Second

// gate is a gateway without a bus: tests publish to its table.
type gate struct {
	t         testing.TB
	table     *subscription.Table
	hub       *subscription.Hub
	service   *stream.Server
	server    *grpc.Server
	listen    func(context.Context) (net.Conn, error)
	published *history.PublisherLog
}

type silentFeed struct{}

func (silentFeed) Age() (time.Duration, bool) { return 0, false }

// options change the defaults of a test's gateway.
type options struct {
	table         subscription.TableConfig
	subscriptions subscription.Config
	stream        stream.Config
	feed          stream.Feed
	listener      net.Listener // nil: in memory
	log           slog.Handler
}

func newGate(t testing.TB, change func(*options)) *gate {
	t.Helper()
	o := options{subscription.DefaultTableConfig(), subscription.DefaultConfig(), stream.DefaultConfig(), silentFeed{}, nil, slog.DiscardHandler}
	o.subscriptions.Housekeeping = 20 * time.Millisecond
	if change != nil {
		change(&o)
	}
	table, err := subscription.NewTable(o.table)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, table: table, published: history.NewPublisherLog()}
	o.subscriptions.AfterCare = func(worker int) { g.service.AfterCare(worker) }
	if g.hub, err = subscription.NewHub(table, o.subscriptions); err != nil {
		t.Fatal(err)
	}
	if g.service, err = stream.NewServer(g.hub, o.stream, o.feed, latency.NewTotals(), slog.New(o.log)); err != nil {
		t.Fatal(err)
	}
	g.server = grpc.NewServer(g.service.ServerOptions()...)
	g.service.Register(g.server)
	g.run(o.listener)
	return g
}

func (g *gate) run(listener net.Listener) {
	if listener == nil {
		memory := bufconn.Listen(1 << 20)
		listener, g.listen = memory, memory.DialContext
	} else {
		g.listen = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	hubDone := make(chan struct{})
	go func() {
		defer close(hubDone)
		_ = g.hub.Run(ctx)
	}()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = g.server.Serve(listener)
	}()
	g.t.Cleanup(func() {
		g.server.Stop()
		<-served
		stop()
		<-hubDone
	})
}

// connect returns a connection of its own; wrap, if not nil, comes between gRPC and the network.
func (g *gate) connect(wrap func(net.Conn) net.Conn, more ...grpc.DialOption) *grpc.ClientConn {
	g.t.Helper()
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		conn, err := g.listen(ctx)
		if err == nil && wrap != nil {
			conn = wrap(conn)
		}
		return conn, err
	}
	conn, err := grpc.NewClient("passthrough:///gate",
		append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(dial)}, more...)...)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// waitFor looks again and again until the condition holds.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !condition() {
		select {
		case <-look.C:
		case <-deadline.C:
			t.Fatalf("waited %v for: %s", patience, what)
		}
	}
}

// waitForNoStreams waits until the gateway has let go of every stream and what it held.
func (g *gate) waitForNoStreams() {
	g.t.Helper()
	waitFor(g.t, "no stream, subscription or pending symbol", func() bool {
		s := g.hub.Stats()
		return g.service.Stats().ActiveStreams == 0 && s.Subscriptions == 0 && s.Pending == 0
	})
}
