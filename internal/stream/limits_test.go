package stream_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func isDelayNotice(m *tickgatev1.ServerMessage) bool {
	return m.GetNotice().GetKind() == tickgatev1.NoticeKind_NOTICE_KIND_COMMANDS_DELAYED
}

// TestCommandsAreDelayed: more commands than the burst are answered in order all the same, at the rate.
func TestCommandsAreDelayed(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.CommandRate = 100
		o.stream.CommandBurst = 10
	})
	c := g.open()
	began := time.Now()
	const commands = 60
	go func() {
		for id := range uint64(commands) {
			c.send(heartbeat(id))
		}
	}()
	notices := 0
	for id := uint64(0); id < commands; {
		m := c.receive()
		if isDelayNotice(m) {
			notices++
		}
		if isAnswer(m) {
			if got := m.GetHeartbeat().GetRequestId(); got != id {
				t.Fatalf("answer %d instead of %d", got, id)
			}
			id++
		}
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("50 commands over the burst at 100/s took %v", took)
	}
	if notices != 1 {
		t.Errorf("%d notices, want one", notices)
	}
	if delayed := g.service.Stats().CommandsDelayed; delayed < 30 || delayed > commands {
		t.Errorf("%d delayed", delayed)
	}
}

// TestCommandAbuse: who goes on and on is ended, and told when to come back.
func TestCommandAbuse(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.CommandRate = 20
		o.stream.CommandBurst = 1
		o.stream.CommandAbuse = 300 * time.Millisecond
	})
	c := g.open()
	for id := range uint64(100) {
		c.send(heartbeat(id))
	}
	g.checkEnd(c, codes.ResourceExhausted, "command_rate", true)
}

// TestSparseCommandsAreNoAbuse: two delays with a long silence between them are not one long delay.
func TestSparseCommandsAreNoAbuse(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.ProcessCommandRate = 10
		o.stream.ProcessCommandBurst = 1
		o.stream.CommandAbuse = 800 * time.Millisecond
	})
	c := g.open()
	for round := range uint64(2) {
		for range 2 { // the first takes the only token, the second is delayed by 100 ms
			c.send(list(round))
			c.answer()
		}
		if round < 1 {
			// Somebody else takes each token as it comes, so that not even the first command of the next round finds one.
			began := time.Now()
			for time.Since(began) < 1100*time.Millisecond {
				if _, err := g.unary().ListInstruments(context.Background(), &tickgatev1.ListInstrumentsRequest{}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if ended := g.service.Stats().StreamsEnded["command_rate"]; ended != 0 {
		t.Errorf("%d streams ended", ended)
	}
}

func (g *gate) unary() tickgatev1.MarketDataClient {
	return tickgatev1.NewMarketDataClient(g.connect(nil))
}

// TestRefusedCommandsLeaveTheQueue: after an overload the next client is served, however many were refused meanwhile.
func TestRefusedCommandsLeaveTheQueue(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.ProcessCommandRate = 10
		o.stream.ProcessCommandBurst = 1
		o.stream.CommandAbuse = 500 * time.Millisecond
	})
	conn := g.connect(nil)
	refused := 0
	for range 60 { // six seconds' worth of commands at once
		c := g.openOn(conn)
		c.send(list(1))
		c.follow()
		defer func() { <-c.ended }()
	}
	waitFor(t, "the overload to be refused", func() bool { return g.service.Stats().StreamsEnded["overload"] >= 40 })
	began := time.Now()
	client := g.unary()
	for {
		_, err := client.ListInstruments(context.Background(), &tickgatev1.ListInstrumentsRequest{})
		if err == nil {
			break
		}
		s := status.Convert(err)
		if s.Code() != codes.ResourceExhausted || retryInfo(s) == 0 {
			t.Fatalf("got %v, want RESOURCE_EXHAUSTED with RetryInfo", err)
		}
		refused++
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("served after %v and %d refusals, the queue should be half a second long", took, refused)
	}
	g.server.Stop()
}

// TestHeartbeatsAndAcknowledgementsDoNotWaitForOthers: they do not count for the process.
func TestHeartbeatsAndAcknowledgementsDoNotWaitForOthers(t *testing.T) {
	g := newGate(t, func(o *options) {
		o.stream.ProcessCommandRate = 0.001
		o.stream.ProcessCommandBurst = 1
		o.stream.CommandAbuse = time.Hour
	})
	c := g.open()
	c.send(list(1)) // the only token
	c.answer()
	for range 20 {
		c.send(ack(0))
		c.lives()
	}
}
