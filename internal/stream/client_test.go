package stream_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// client is one stream of a test. What it sends and receives is logged, and judged by the history checker at the end of the test.
type client struct {
	t        testing.TB
	gate     *gate
	stream   tickgatev1.MarketData_StreamClient
	log      *history.ClientLog // nil: not judged
	cancel   context.CancelFunc
	nextID   uint64
	ended    chan struct{}                   // closed by follow; nil if it was not called
	received func(*tickgatev1.ServerMessage) // called by follow for each message; nil: nothing
	err      error                           // why the stream ended; read after ended
}

// open opens a stream on a connection of its own.
func (g *gate) open() *client {
	g.t.Helper()
	return g.openOn(g.connect(nil))
}

// openOn opens a stream whose log is judged at the end of the test.
func (g *gate) openOn(conn grpc.ClientConnInterface) *client {
	g.t.Helper()
	c := g.openUnjudged(conn)
	c.log = history.NewClientLog()
	c.log.StreamStarted()
	g.t.Cleanup(func() {
		c.cancel()
		c.judge(history.EndCut)
	})
	return c
}

// openUnjudged is for streams whose messages the checker cannot know.
func (g *gate) openUnjudged(conn grpc.ClientConnInterface) *client {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	g.t.Cleanup(cancel)
	s, err := tickgatev1.NewMarketDataClient(conn).Stream(ctx)
	if err != nil {
		g.t.Fatal(err)
	}
	return &client{t: g.t, gate: g, stream: s, cancel: cancel}
}

func (c *client) send(m *tickgatev1.ClientMessage) {
	c.t.Helper()
	if c.log != nil {
		c.log.Sent(m)
	}
	if err := c.stream.Send(m); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next message, or how the stream ended.
func (c *client) next() (*tickgatev1.ServerMessage, error) {
	m, err := c.stream.Recv()
	if c.log != nil {
		if err != nil {
			c.log.StreamEnded(err, time.Now())
		} else {
			c.log.Received(m, time.Now())
		}
	}
	return m, err
}

func (c *client) receive() *tickgatev1.ServerMessage {
	c.t.Helper()
	m, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// until receives until a message of interest comes.
func (c *client) until(what string, wanted func(*tickgatev1.ServerMessage) bool) *tickgatev1.ServerMessage {
	c.t.Helper()
	for {
		m, err := c.next()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", what, err)
		}
		if wanted(m) {
			return m
		}
	}
}

// answer receives until an answer comes, passing over updates and what goes with them.
func (c *client) answer() *tickgatev1.ServerMessage {
	c.t.Helper()
	return c.until("an answer", isAnswer)
}

func isAnswer(m *tickgatev1.ServerMessage) bool {
	switch event := m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_Batch, *tickgatev1.ServerMessage_Gap, *tickgatev1.ServerMessage_State,
		*tickgatev1.ServerMessage_Notice, *tickgatev1.ServerMessage_GoingAway:
		return false
	case *tickgatev1.ServerMessage_Heartbeat:
		return event.Heartbeat.Echo != nil
	}
	return true
}

// end receives until the stream ends, and returns its status.
func (c *client) end() *status.Status {
	c.t.Helper()
	for {
		if _, err := c.next(); err != nil {
			return status.Convert(err)
		}
	}
}

// lives demands that the stream still answers.
func (c *client) lives() {
	c.t.Helper()
	c.nextID++
	id := 1_000_000 + c.nextID
	c.send(heartbeat(id))
	if beat := c.answer().GetHeartbeat(); beat.GetRequestId() != id {
		c.t.Fatalf("got %v, want the answer to heartbeat %d", beat, id)
	}
}

// follow receives in the background until the stream ends.
func (c *client) follow() {
	c.ended = make(chan struct{})
	ended, cancel := c.ended, c.cancel
	go func() {
		defer close(ended)
		for c.err == nil {
			m, err := c.next()
			if err == nil && c.received != nil {
				c.received(m)
			}
			c.err = err
		}
	}()
	c.t.Cleanup(func() { // before the log is judged
		cancel()
		<-ended
	})
}

// settled waits until the client holds the publisher's last values. It must be following.
func (c *client) settled() {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	waitFor(c.t, "the last values", func() bool {
		violations := history.Check(c.gate.published, c.log, history.Options{End: history.EndSettled, IntervalTolerance: intervalTolerance})
		if len(violations) > 0 && time.Now().After(deadline.Add(-patience/4)) {
			c.t.Fatalf("not settled: %v", violations)
		}
		return len(violations) == 0
	})
}

// intervalTolerance is half of the longest interval here that is short enough for two updates, and a bit.
const intervalTolerance = 51 * time.Millisecond

func (c *client) judge(end history.End) {
	c.t.Helper()
	for _, v := range history.Check(c.gate.published, c.log, history.Options{End: end, IntervalTolerance: intervalTolerance}) {
		c.t.Error(v)
	}
}

func (c *client) subscribe(id uint64, symbols ...string) {
	c.t.Helper()
	c.send(subscribe(id, &tickgatev1.Subscribe{Symbols: symbols}))
}

func subscribe(id uint64, m *tickgatev1.Subscribe) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_Subscribe{Subscribe: m}}
}

func unsubscribe(id uint64, symbols ...string) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{Symbols: symbols}}}
}

func unsubscribeAll(id uint64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{All: true}}}
}

func setConflation(id uint64, wish *tickgatev1.Conflation, symbols ...string) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_SetConflation{
		SetConflation: &tickgatev1.SetConflation{Symbols: symbols, Conflation: wish},
	}}
}

func list(id uint64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_ListSubscriptions{ListSubscriptions: &tickgatev1.ListSubscriptions{}}}
}

func heartbeat(id uint64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_Heartbeat{Heartbeat: &tickgatev1.ClientHeartbeat{ClientTime: int64(id)}}}
}

func reporting(id uint64, histogram []byte) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_Heartbeat{Heartbeat: &tickgatev1.ClientHeartbeat{
		EndToEnd: &tickgatev1.ClientLatency{Histogram: histogram},
	}}}
}

func requestLatency(id uint64, intervalMillis int64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_LatencyRequest{
		LatencyRequest: &tickgatev1.LatencyRequest{IntervalMs: intervalMillis},
	}}
}

func ack(sequence uint64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Ack{Ack: &tickgatev1.Ack{StreamSequence: sequence}}}
}

func setFreshness(id uint64, millis int64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_SetFreshness{SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: millis}}}
}

const (
	latest   = tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST
	interval = tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL
	none     = tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE
)

func wish(policy tickgatev1.ConflationPolicy, intervalMillis int64) *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: policy, IntervalMs: intervalMillis}
}
