package client_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// patience is how long anything may take.
const patience = 30 * time.Second

// fake is a gateway that does as it is told.
type fake struct {
	tickgatev1.UnimplementedMarketDataServer
	address string
	server  *grpc.Server
	streams chan *fakeStream // one is sent for each that a client opens
	refuse  error            // answers every stream; nil: it is taken
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
	f := &fake{address: listener.Addr().String(), server: grpc.NewServer(), streams: make(chan *fakeStream, 100)}
	tickgatev1.RegisterMarketDataServer(f.server, f)
	var serving sync.WaitGroup
	serving.Go(func() { _ = f.server.Serve(listener) })
	t.Cleanup(func() {
		f.server.Stop()
		serving.Wait()
	})
	return f
}

// Stream implements the service.
func (f *fake) Stream(transport tickgatev1.MarketData_StreamServer) error {
	if f.refuse != nil {
		return f.refuse
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
		if m := s.next(t); m.GetSetFreshness() == nil {
			t.Fatalf("a client says %v first, want a SetFreshness", m)
		}
		s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_FreshnessResult{FreshnessResult: &tickgatev1.FreshnessResult{MaxUnackedMs: 1000}}})
		return s
	case <-time.After(patience):
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
	case <-time.After(patience):
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
	eventually(t, "the stream", func() bool { return c.State().State == client.Connected })
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
		case <-time.After(patience):
			t.Fatal("the Subscribe is not answered")
		}
	}
}

// eventually waits for what the Book holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func holds(c *client.Client, symbol, bid string) func() bool {
	return func() bool {
		ticker, ok := c.Book().Quote(symbol)
		return ok && ticker.Bid.String() == bid
	}
}

func TestReconnectResumesWhereItWas(t *testing.T) {
	f := newFake(t)
	c := dial(t, f.address)
	first := f.accept(t)
	wait := subscribe(t, c, client.Every(time.Second), "A")
	if s := first.takeSubscribe(t, 7); len(s.GetResume()) != 0 {
		t.Errorf("the first Subscribe resumes: %v", s)
	}
	wait()
	first.bid(t, 1, 5, 1234)
	eventually(t, "the bid", holds(c, "A", "12.34"))
	first.end <- status.Error(codes.Unavailable, "gone")

	second := f.accept(t)
	s := second.takeSubscribe(t, 7)
	if len(s.GetResume()) != 1 || s.GetResume()[0].GetEpoch() != 7 || s.GetResume()[0].GetLastSequence() != 5 || s.GetConflation().GetIntervalMs() != 1000 {
		t.Errorf("the second Subscribe is %v, want it to resume from 7:5 at the same interval", s)
	}
	second.bid(t, 1, 4, 1) // a gateway that is behind
	second.bid(t, 2, 6, 1235)
	eventually(t, "the newer bid", holds(c, "A", "12.35"))
	if ticker, _ := c.Book().Quote("A"); ticker.State != client.Live || ticker.Updates != 2 {
		t.Errorf("%+v, want it live after two updates", ticker)
	}
}

func TestWhileDisconnectedTickersAreStale(t *testing.T) {
	f := newFake(t)
	states := make(chan client.StateChange, 100)
	c := dial(t, f.address, client.WithStates(func(s client.StateChange) { states <- s }))
	s := f.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	s.takeSubscribe(t, 1)
	wait()
	s.bid(t, 1, 1, 100)
	eventually(t, "the bid", holds(c, "A", "1.00"))
	f.refuse = status.Error(codes.ResourceExhausted, "full")
	s.end <- status.Error(codes.Unavailable, "gone")
	eventually(t, "the ticker to be stale", func() bool {
		ticker, _ := c.Book().Quote("A")
		return ticker.State == client.Stale && ticker.Reason == client.Disconnected && ticker.Bid.String() == "1.00"
	})
	var seen []client.ConnState
	for len(seen) == 0 || seen[len(seen)-1] != client.Reconnecting {
		select {
		case change := <-states:
			seen = append(seen, change.State)
			if change.State == client.Reconnecting && change.Why == "" {
				t.Error("reconnecting without a reason")
			}
		case <-time.After(patience):
			t.Fatalf("states %v", seen)
		}
	}
	if seen[0] != client.Connecting || seen[1] != client.Connected {
		t.Errorf("states %v, want connecting, live, …, reconnecting", seen)
	}
}

func TestAllStaleIsAState(t *testing.T) {
	f := newFake(t)
	c := dial(t, f.address)
	s := f.accept(t)
	wait := subscribe(t, c, client.Latest, "A", "B")
	s.takeSubscribe(t, 1)
	wait()
	s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_State{State: &tickgatev1.State{
		State: tickgatev1.MarketState_MARKET_STATE_STALE, Reason: tickgatev1.StateReason_STATE_REASON_BUS_LOST,
	}}})
	eventually(t, "the state", func() bool { return c.State().State == client.AllStale })
	if ticker, _ := c.Book().Quote("B"); ticker.Reason != client.BusLost {
		t.Errorf("%v, want the reason bus lost", ticker)
	}
}

func TestGoingAwayIsHonoured(t *testing.T) {
	leaving, next := newFake(t), newFake(t)
	c := dial(t, leaving.address, client.WithAddresses(next.address))
	s := leaving.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	s.takeSubscribe(t, 1)
	wait()
	const after = 300 * time.Millisecond
	told := time.Now()
	s.say(t, &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_GoingAway{GoingAway: &tickgatev1.GoingAway{Reason: "stopping", RetryAfterMs: uint32(after.Milliseconds())}}})
	s.bid(t, 1, 1, 100) // still taken
	eventually(t, "the last bid of the gateway that leaves", holds(c, "A", "1.00"))
	second := next.accept(t)
	if took := time.Since(told); took < after {
		t.Errorf("the client came to the next gateway after %v, before the %v that it was asked to wait", took, after)
	}
	if s := second.takeSubscribe(t, 1); len(s.GetResume()) != 1 {
		t.Errorf("%v does not resume", s)
	}
}

func TestSilentGatewayIsLeft(t *testing.T) {
	f := newFake(t)
	const beat = 100 * time.Millisecond
	_ = dial(t, f.address, client.WithHeartbeat(beat))
	began := time.Now()
	first := f.accept(t)
	if m := first.next(t); m.GetHeartbeat() == nil {
		t.Errorf("the client says %v, want a heartbeat", m)
	}
	f.accept(t)
	if took := time.Since(began); took < 2*beat || took > 2*beat+5*time.Second {
		t.Errorf("a silent gateway was left after %v, want two heartbeats of %v", took, beat)
	}
}

func TestAcknowledgesWithoutMore(t *testing.T) {
	f := newFake(t)
	c := dial(t, f.address, client.WithFreshness(200*time.Millisecond))
	s := f.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	s.takeSubscribe(t, 1)
	wait()
	for batch := uint64(1); batch <= 3; batch++ {
		s.bid(t, batch, batch, 100)
	}
	for {
		if ack := s.next(t).GetAck(); ack != nil && ack.GetStreamSequence() == 3 {
			return
		}
	}
}

func TestRefusedClientGivesUp(t *testing.T) {
	f := newFake(t)
	f.refuse = status.Error(codes.Unauthenticated, "no credentials")
	_, err := client.Dial(t.Context(), f.address)
	wantError(t, err, client.ErrRefused, "no credentials")
}

func TestNobodyThere(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := client.Dial(ctx, "127.0.0.1:1")
	wantError(t, err, client.ErrUnavailable, "127.0.0.1:1")
}
