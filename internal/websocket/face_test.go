package websocket_test

import (
	"strings"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/websocket"
)

// TestBrokenFramesCloseWith1002: what no WebSocket client sends.
func TestBrokenFramesCloseWith1002(t *testing.T) {
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	for _, tt := range []struct {
		name   string
		frames []byte
	}{
		{"an unmasked frame", []byte{finalText, 2, '{', '}'}},
		{"reserved bits", []byte{0xf1, 0x80, 0, 0, 0, 0}},
		{"an opcode that is none", []byte{0x83, 0x80, 0, 0, 0, 0}},
		{"a continuation of nothing", []byte{0x80, 0x80, 0, 0, 0, 0}},
		{"a message within a message", []byte{0x01, 0x80, 0, 0, 0, 0, finalText, 0x80, 0, 0, 0, 0}},
		{"a ping in two frames", []byte{0x09, 0x80, 0, 0, 0, 0}},
		{"a ping of 126 bytes", []byte{finalPing, 0x80 | 126, 0, 126, 0, 0, 0, 0}},
		{"a close frame of one byte", []byte{finalClose, 0x81, 0, 0, 0, 0, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := openRaw(t, g)
			s.write(tt.frames...)
			s.checkClosed(1002, "")
		})
	}
	s := openRaw(t, g)
	s.write(finalText, 2, '{', '}')
	s.checkClosed(1002, "masking")
	gatewaytest.Eventually(t, "all to be counted", func() bool { return ended(t, g, "protocol") == 9 })
}

// TestMalformedJSONIsTold: the close text names the field, and is short whatever was sent.
func TestMalformedJSONIsTold(t *testing.T) {
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	for message, reason := range map[string]string{
		`{"subscribe":{"symbols":["A"],"colour":"red"}}`:             `unknown field "colour"`,
		`{"setConflation":{"conflation":{"intervalMs":"soon"}}}`:     `intervalMs`,
		`{"subscribe":{"symbols":"A"}}`:                              `"A"`,
		`{"subscribe":{"symbols":["A"]},"unsubscribe":{"all":true}}`: `command`,
		`{"subscribe":`: `unexpected`,
		`{"subscribe":{"conflation":{"policy":"` + strings.Repeat("é", 10_000) + `"}}}`:               `policy`,
		`{"subscribe":{"conflation":{"policy":"CONFLATION_POLICY_INTERVAL","interval_ms":"\u0000"}}}`: `interval`,
	} {
		s := openRaw(t, g)
		s.send(finalText, message)
		s.checkClosed(1007, reason)
	}
}

// TestFailingEncoderClosesWith1011: the session ends and is counted; it does not go on without a word.
func TestFailingEncoderClosesWith1011(t *testing.T) {
	t.Cleanup(websocket.BreakJSON(nil, func(*[]byte, []byte) ([]byte, error) { return nil, errBroken }))
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	s := openRaw(t, g)
	s.send(finalText, `{"heartbeat":{}}`)
	s.checkClosed(1011, "the gateway has failed")
	gatewaytest.Eventually(t, "the session to end", func() bool { return metric(t, g, `grpc_stream_active_connections{service="data"}`) == 0 })
}

// TestPanicClosesWith1011: it is counted, and others do not notice.
func TestPanicClosesWith1011(t *testing.T) {
	t.Cleanup(websocket.BreakJSON(func([]byte) ([]byte, error) { panic(errBroken) }, nil))
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	beside := gatewaytest.OpenStream(t, g.DialWebSocket(t, websocket.SubprotocolProto), nil)
	beside.Subscribe(gatewaytest.Latest(), []string{"A"})
	s := openRaw(t, g)
	s.send(finalText, `{"heartbeat":{}}`)
	s.checkClosed(1011, "the gateway has failed")
	if got := ended(t, g, "internal"); got != 1 {
		t.Errorf("%d streams were counted as ended by a fault of the gateway, want 1", got)
	}
	beside.Subscribe(gatewaytest.Latest(), []string{"B"})
	if err := beside.Err(); err != nil {
		t.Errorf("the client beside was ended: %v", err)
	}
}

// TestPingsAreLimited: a client that is careful gets all its answers, one that floods is ended.
func TestPingsAreLimited(t *testing.T) {
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	careful := openRaw(t, g)
	for range 10 {
		careful.sendControl(finalPing)
		for {
			opcode, _, err := careful.receive()
			if err != nil {
				t.Fatal(err)
			}
			if opcode == finalPong {
				break
			}
		}
	}
	for _, opcode := range []byte{finalPing, finalPong} {
		flood := openRaw(t, g)
		for range 100 {
			flood.sendControl(opcode)
		}
		flood.checkClosed(1013, "pings")
	}
	gatewaytest.Eventually(t, "the sessions to be counted as ended", func() bool { return ended(t, g, "command_rate") == 2 })
}

// TestEndWhileCommandsAreDelayed: the session of a client whose command waits for the limit ends at once when it must, and does not wait until the client has
// answered the close frame.
func TestEndWhileCommandsAreDelayed(t *testing.T) {
	c := gatewaytest.Config(t)
	c.Stream.CommandRate, c.Stream.CommandBurst, c.Stream.CommandAbuse = 0.001, 1, time.Hour
	c.Stream.DrainGrace = 10 * time.Millisecond
	c.Subscriptions.Housekeeping = 10 * time.Millisecond
	g := gatewaytest.Start(t, c)
	s := openRaw(t, g)
	s.send(finalText, `{"heartbeat":{}}`)
	s.send(finalText, `{"heartbeat":{}}`)
	gatewaytest.Eventually(t, "a command to be delayed", func() bool { return metric(t, g, "tickgate_commands_delayed_total") == 1 })
	g.BeginDrain()
	if code, reason := s.closed(); code != 1001 {
		t.Errorf("closed with %d %q, want 1001", code, reason)
	}
	gone := make(chan struct{})
	go func() { // the close frame is not answered: the gateway waits for seconds before it hangs up
		defer close(gone)
		_, _, _ = s.receive()
	}()
	gatewaytest.Eventually(t, "the session to end", func() bool { return ended(t, g, "draining") == 1 })
	select {
	case <-gone:
		t.Error("the session ended with the connection, not before")
	default:
	}
	_ = s.conn.Close()
	<-gone
}
