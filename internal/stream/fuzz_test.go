package stream_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// FuzzClientMessages sends arbitrary bytes as a client message to a live session. Either it is answered as the API says, exactly once, and the stream lives,
// or the stream ends with the code for it.
func FuzzClientMessages(f *testing.F) {
	for _, m := range []*tickgatev1.ClientMessage{
		subscribe(1, &tickgatev1.Subscribe{Symbols: []string{"A", "A", "B", "\x00", ">"}, Conflation: wish(none, 0)}),
		subscribe(2, &tickgatev1.Subscribe{Symbols: []string{"A"}, Resume: []*tickgatev1.Resume{{Symbol: "A", Epoch: 1, LastSequence: 1}}}),
		unsubscribe(3, "A", "B"), unsubscribeAll(4), setConflation(5, wish(interval, -1)), list(6), heartbeat(7),
		reporting(8, []byte("no histogram")), requestLatency(9, -1), ack(0), ack(99), setFreshness(10, 1), {},
	} {
		encoded, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Add(subscribeBytes("\xff"))
	f.Add([]byte("\x12\xff\xff\xff\xff\x0f"))

	g := newGate(f, func(o *options) {
		o.stream.CommandRate, o.stream.CommandBurst = 1e9, 1<<30
		o.stream.ProcessCommandRate, o.stream.ProcessCommandBurst = 1e9, 1<<30
	})
	m := g.market("A")
	for range 3 {
		m.quote(5)
	}
	conn := g.connect(nil, raw())
	f.Fuzz(func(t *testing.T, message []byte) {
		gate := *g
		gate.t = t
		c := gate.openUnjudged(conn)
		defer c.cancel()
		c.log = history.NewClientLog()
		c.log.StreamStarted()
		var decoded tickgatev1.ClientMessage
		valid := proto.Unmarshal(message, &decoded) == nil && decoded.GetCommand() != nil
		if valid {
			c.log.Sent(&decoded)
		}
		c.sendRaw(message)
		ended := c.serves(heartbeat(fuzzBeat))
		switch {
		case ended == codes.InvalidArgument && (!valid || decoded.GetAck().GetStreamSequence() > 0):
		case ended != codes.OK || !valid:
			t.Fatalf("%v ended with %v", &decoded, ended)
		default:
			c.judgeAnswers()
		}
	})
}

const fuzzBeat = 1<<63 + 12345

// serves sends a command and receives until it is answered; it returns the code with which the stream ended instead, or OK.
func (c *client) serves(m *tickgatev1.ClientMessage) codes.Code {
	c.log.Sent(m)
	if err := c.stream.Send(m); err != nil { // the stream is over, and why says next
		return c.end().Code()
	}
	for {
		received, err := c.next()
		if err != nil {
			return status.Code(err)
		}
		if beat := received.GetHeartbeat(); beat.GetRequestId() == m.GetRequestId() && beat.Echo != nil && beat.GetEcho() == m.GetHeartbeat().GetClientTime() {
			return codes.OK
		}
	}
}

// judgeAnswers wants every command answered once and in order; what else the checker knows it cannot know of arbitrary wishes.
func (c *client) judgeAnswers() {
	c.t.Helper()
	for _, v := range history.Check(history.NewPublisherLog(), c.log, history.Options{End: history.EndSettled}) {
		if v.Rule == history.RuleAnswered {
			c.t.Error(v)
		}
	}
}
