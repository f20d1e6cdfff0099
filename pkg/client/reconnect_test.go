package client_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/latency"
	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// reported returns how many values the next heartbeat that has a report has in it.
func (s *fakeStream) reported(t *testing.T) uint64 {
	t.Helper()
	for {
		encoded := s.next(t).GetHeartbeat().GetEndToEnd().GetHistogram()
		if encoded == nil {
			continue
		}
		histogram, err := latency.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		return histogram.Count()
	}
}

// TestLatencyIsReportedFromZeroOnEachStream: a gateway adds what each stream reports, so nothing may be reported on two of them.
func TestLatencyIsReportedFromZeroOnEachStream(t *testing.T) {
	f := newFake(t)
	taken := make(chan client.Update, 100)
	c := dial(t, f.address, client.ReportingLatency(), client.WithHeartbeat(20*time.Millisecond), client.WithUpdates(func(u client.Update) { taken <- u }))
	take := func(bid string) {
		for u := range taken {
			if u.Bid.String() == bid {
				return
			}
		}
	}
	first := f.accept(t)
	wait := subscribe(t, c, client.Latest, "A")
	first.takeSubscribe(t, 1)
	wait()
	first.bid(t, 1, 1, 1)
	take("0.01")
	first.bid(t, 2, 2, 2)
	take("0.02")
	first.bid(t, 3, 3, 3)
	take("0.03")
	for first.reported(t) < 2 {
		continue
	}
	first.end <- status.Error(codes.Unavailable, "gone")
	second := f.accept(t)
	second.takeSubscribe(t, 1)
	second.bid(t, 1, 4, 4)
	take("0.04")
	if count := second.reported(t); count != 1 {
		t.Errorf("the second stream reports %d values, want the one that came over it", count)
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
	gatewaytest.Eventually(t, "the bid", holds(c, "A", "12.34"))
	first.end <- status.Error(codes.Unavailable, "gone")

	second := f.accept(t)
	s := second.takeSubscribe(t, 7)
	if len(s.GetResume()) != 1 || s.GetResume()[0].GetEpoch() != 7 || s.GetResume()[0].GetLastSequence() != 5 || s.GetConflation().GetIntervalMs() != 1000 {
		t.Errorf("the second Subscribe is %v, want it to resume from 7:5 at the same interval", s)
	}
	second.bid(t, 1, 4, 1) // a gateway that is behind
	second.bid(t, 2, 6, 1235)
	gatewaytest.Eventually(t, "the newer bid", holds(c, "A", "12.35"))
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
	gatewaytest.Eventually(t, "the bid", holds(c, "A", "1.00"))
	f.refuse(status.Error(codes.ResourceExhausted, "full"))
	s.end <- status.Error(codes.Unavailable, "gone")
	gatewaytest.Eventually(t, "the ticker to be stale", func() bool {
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
		case <-time.After(gatewaytest.Patience):
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
	gatewaytest.Eventually(t, "the state", func() bool { return c.State().State == client.AllStale })
	if ticker, _ := c.Book().Quote("B"); ticker.Reason != client.BusLost {
		t.Errorf("%v, want the reason bus lost", ticker)
	}
}

// TestSilentGatewayIsLeft within two of its own heartbeats, whatever the client's are.
func TestSilentGatewayIsLeft(t *testing.T) {
	f := newFake(t)
	f.beat = 200 * time.Millisecond
	_ = dial(t, f.address, client.WithHeartbeat(time.Hour))
	f.accept(t)
	began := time.Now()
	f.accept(t)
	if took := time.Since(began); took < 2*f.beat-50*time.Millisecond || took > 2*f.beat+400*time.Millisecond {
		t.Errorf("a silent gateway was left after %v, want two of its heartbeats of %v", took, f.beat)
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
	f.refuse(status.Error(codes.Unauthenticated, "no credentials"))
	_, err := client.Dial(t.Context(), f.address)
	wantError(t, err, client.ErrRefused, "no credentials")
}

func TestNobodyThere(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := client.Dial(ctx, "127.0.0.1:1")
	wantError(t, err, client.ErrUnavailable, "127.0.0.1:1")
}
