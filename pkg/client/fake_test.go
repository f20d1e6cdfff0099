package client_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// fake is a gateway that does as it is told.
type fake struct {
	tickgatev1.UnimplementedMarketDataServer
	address string
	server  *grpc.Server
	streams chan *fakeStream // one is sent for each that a client opens
	tries   chan time.Time   // of each stream, refused ones too
	beat    time.Duration    // as it announces; 0: it does not

	answers chan error // to GetSnapshot

	refusal atomic.Pointer[error] // answers every stream; nil: it is taken
}

// fakeStream is one stream, whose messages the test takes and makes.
type fakeStream struct {
	tickgatev1.MarketData_StreamServer
	commands chan *tickgatev1.ClientMessage
	end      chan error
}

func newFake(t *testing.T) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{address: listener.Addr().String(), server: grpc.NewServer(), streams: make(chan *fakeStream, 100), tries: make(chan time.Time, 10_000), answers: make(chan error, 1)}
	tickgatev1.RegisterMarketDataServer(f.server, f)
	var serving sync.WaitGroup
	serving.Go(func() { _ = f.server.Serve(listener) })
	t.Cleanup(func() {
		f.server.Stop()
		serving.Wait()
	})
	return f
}

// refuse has every stream refused from here on.
func (f *fake) refuse(err error) { f.refusal.Store(&err) }

// Stream implements the service.
func (f *fake) Stream(transport tickgatev1.MarketData_StreamServer) error {
	f.tries <- time.Now()
	if err := f.refusal.Load(); err != nil {
		return *err
	}
	s := &fakeStream{MarketData_StreamServer: transport, commands: make(chan *tickgatev1.ClientMessage, 1000), end: make(chan error, 1)}
	f.streams <- s
	received := make(chan error, 1)
	go func() {
		for {
			m, err := transport.Recv()
			if err != nil {
				received <- err
				return
			}
			s.commands <- m
		}
	}()
	select {
	case err := <-s.end:
		return err
	case err := <-received:
		return err
	}
}

// accept waits for a stream, and answers what a client says first.
func (f *fake) accept(t *testing.T) *fakeStream {
	t.Helper()
	select {
	case s := <-f.streams:
		m := s.next(t)
		if m.GetSetFreshness() == nil {
			t.Fatalf("a client says %v first, want a SetFreshness", m)
		}
		s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_FreshnessResult{FreshnessResult: &tickgatev1.FreshnessResult{
			RequestId: m.GetRequestId(), MaxUnackedMs: m.GetSetFreshness().GetMaxUnackedMs(),
		}}})
		if m = s.next(t); m.GetHeartbeat() == nil {
			t.Fatalf("a client says %v, want a Heartbeat", m)
		}
		s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Heartbeat{Heartbeat: &tickgatev1.Heartbeat{
			RequestId: m.GetRequestId(), Echo: &m.GetHeartbeat().ClientTime, IntervalMs: uint32(f.beat.Milliseconds()),
		}}})
		return s
	case <-time.After(gatewaytest.Patience):
		t.Fatal("no client comes")
		return nil
	}
}

// next returns the next command.
func (s *fakeStream) next(t *testing.T) *tickgatev1.ClientMessage {
	t.Helper()
	select {
	case m := <-s.commands:
		return m
	case <-time.After(gatewaytest.Patience):
		t.Fatal("the client says nothing")
		return nil
	}
}

func (s *fakeStream) say(t *testing.T, m *tickgatev1.ServerMessage) {
	t.Helper()
	if err := s.Send(m); err != nil {
		t.Fatal(err)
	}
}

// takeSubscribe accepts every symbol of a Subscribe, with ids from 1, as live at an epoch.
func (s *fakeStream) takeSubscribe(t *testing.T, epoch uint64) *tickgatev1.Subscribe {
	t.Helper()
	m := s.next(t)
	for m.GetHeartbeat() != nil || m.GetAck() != nil {
		m = s.next(t)
	}
	if m.GetSubscribe() == nil {
		t.Fatalf("the client says %v, want a Subscribe", m)
	}
	result := &tickgatev1.SubscribeResult{RequestId: m.GetRequestId(), Conflation: m.GetSubscribe().GetConflation()}
	for i, symbol := range m.GetSubscribe().GetSymbols() {
		result.Accepted = append(result.Accepted, &tickgatev1.Instrument{
			Symbol: symbol, Id: uint32(i + 1), PriceScale: 2, SizeScale: 3, State: tickgatev1.MarketState_MARKET_STATE_LIVE, Epoch: epoch,
		})
	}
	s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: result}})
	return m.GetSubscribe()
}

// bid sends a bid price of instrument 1.
func (s *fakeStream) bid(t *testing.T, batch, sequence uint64, price int64) {
	t.Helper()
	s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{
		TsSend: time.Now().UnixNano(), StreamSequence: batch,
		Updates: []*tickgatev1.Update{{InstrumentId: 1, Sequence: sequence, Quote: &tickgatev1.Quote{BidPrice: &price}}},
	}}})
}

func dial(t *testing.T, address string, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), address, append([]client.Option{client.InBackground(), client.WithBackoff(time.Millisecond, 10*time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// subscribe subscribes in the background, since the fake answers by the test's hand.
func subscribe(t *testing.T, c *client.Client, conflation client.Conflation, symbols ...string) (wait func()) {
	gatewaytest.Eventually(t, "the stream", func() bool { return c.State().State == client.Connected })
	done := make(chan error, 1)
	go func() {
		_, err := c.Subscribe(t.Context(), conflation, symbols...)
		done <- err
	}()
	return func() {
		t.Helper()
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(gatewaytest.Patience):
			t.Fatal("the Subscribe is not answered")
		}
	}
}

func holds(c *client.Client, symbol, bid string) func() bool {
	return func() bool {
		ticker, ok := c.Book().Quote(symbol)
		return ok && ticker.Bid.String() == bid
	}
}
