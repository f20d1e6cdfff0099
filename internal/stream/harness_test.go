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

	"tickgate/internal/latency"
	"tickgate/internal/stream"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gate is a gateway without a bus: tests publish to its table.
type gate struct {
	t       *testing.T
	table   *subscription.Table
	hub     *subscription.Hub
	service *stream.Server
	server  *grpc.Server
	listen  func(context.Context) (net.Conn, error)
}

type silentFeed struct{}

func (silentFeed) Age() (time.Duration, bool) { return 0, false }

// options change the defaults of a test's gateway.
type options struct {
	table         subscription.TableConfig
	subscriptions subscription.Config
	stream        stream.Config
}

func newGate(t *testing.T, change func(*options)) *gate {
	t.Helper()
	o := options{subscription.DefaultTableConfig(), subscription.DefaultConfig(), stream.DefaultConfig()}
	o.subscriptions.Housekeeping = 20 * time.Millisecond
	if change != nil {
		change(&o)
	}
	table, err := subscription.NewTable(o.table)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, table: table}
	o.subscriptions.AfterCare = func(worker int) { g.service.MergeLatency(worker) }
	if g.hub, err = subscription.NewHub(table, o.subscriptions); err != nil {
		t.Fatal(err)
	}
	if g.service, err = stream.NewServer(g.hub, o.stream, silentFeed{}, latency.NewTotals(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	g.listen = listener.DialContext
	g.server = grpc.NewServer(g.service.ServerOptions()...)
	g.service.Register(g.server)
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
	t.Cleanup(func() {
		g.server.Stop()
		<-served
		stop()
		<-hubDone
	})
	return g
}

// dial returns a client on a connection of its own.
func (g *gate) dial() tickgatev1.MarketDataClient {
	g.t.Helper()
	conn, err := grpc.NewClient("passthrough:///gate", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return g.listen(ctx) }))
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = conn.Close() })
	return tickgatev1.NewMarketDataClient(conn)
}

// market publishes one symbol.
type market struct {
	gate   *gate
	symbol *subscription.Symbol
	record tick.Record
	next   uint64
}

func (g *gate) market(symbol string) *market {
	g.t.Helper()
	s, err := g.table.Open(symbol)
	if err != nil {
		g.t.Fatal(err)
	}
	g.table.SetState(s, &subscription.State{Market: subscription.Live, Reason: subscription.FeedLive})
	return &market{gate: g, symbol: s, record: tick.NewRecord()}
}

// quote publishes the next event: a bid at price and an ask one tick above.
func (m *market) quote(price int64) {
	m.gate.t.Helper()
	m.next++
	event := tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2, Size: 3}, Epoch: 1, Sequence: m.next, Quote: tick.Quote{
		BidPrice: tick.Some(price), BidSize: tick.Some(1_000), AskPrice: tick.Some(price + 1), AskSize: tick.Some(2_000),
	}}
	if err := m.record.Apply(&event, tick.Time(time.Now().UnixNano())); err != nil {
		m.gate.t.Fatal(err)
	}
	m.gate.table.Publish(m.symbol, &m.record)
}
