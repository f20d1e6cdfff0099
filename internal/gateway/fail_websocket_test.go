package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	webface "tickgate/internal/websocket"
)

// dialRaw opens a WebSocket whose frames are made by hand.
func dialRaw(t *testing.T, g *gatewaytest.Gateway, origin string, subprotocols ...string) *websocket.Conn {
	t.Helper()
	options := &websocket.DialOptions{Subprotocols: subprotocols, HTTPHeader: http.Header{}}
	if origin != "" {
		options.HTTPHeader.Set("Origin", origin)
	}
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, "ws://"+g.Addresses().Web+"/v1/stream", options)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// closeOf reads until the gateway closes, and returns how.
func closeOf(t *testing.T, conn *websocket.Conn) websocket.CloseError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	for {
		_, _, err := conn.Read(ctx)
		if err == nil {
			continue
		}
		var closed websocket.CloseError
		if !asClose(err, &closed) {
			t.Fatalf("the WebSocket ended without a close code: %v", err)
		}
		return closed
	}
}

func asClose(err error, closed *websocket.CloseError) bool {
	closed.Code = websocket.CloseStatus(err)
	closed.Reason = err.Error()
	return closed.Code != -1
}

// TestWebSocketCloseCodes is the table of what ends a WebSocket; a session beside it does not notice.
func TestWebSocketCloseCodes(t *testing.T) {
	c := gatewaytest.Config(t)
	c.Stream.FirstMessageTimeout = time.Second
	c.Subscriptions.Housekeeping = 50 * time.Millisecond
	c.WebSocket.Origins = []string{"https://desk.example.com", "*.example.org"}
	g := gatewaytest.Start(t, c)
	market := gatewaytest.NewPublisher(t, g.Bus())
	beside := gatewaytest.OpenStream(t, g.DialWebSocket(t, webface.SubprotocolProto), &gatewaytest.Options{HeartbeatEvery: 500 * time.Millisecond})
	beside.Subscribe(gatewaytest.Latest(), []string{"A"})

	write := func(kind websocket.MessageType, frame []byte) func(*websocket.Conn) {
		return func(conn *websocket.Conn) {
			if err := conn.Write(t.Context(), kind, frame); err != nil && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
				t.Errorf("write: %v", err)
			}
		}
	}
	text := func(frame string) func(*websocket.Conn) { return write(websocket.MessageText, []byte(frame)) }
	nothing := func(*websocket.Conn) {}
	const inProto, inJSON = webface.SubprotocolProto, webface.SubprotocolJSON
	for _, tt := range []struct {
		name, subprotocol, origin string
		send                      func(*websocket.Conn)
		code                      websocket.StatusCode
		reason                    string
	}{
		{"text on the binary subprotocol", inProto, "", text(`{"heartbeat":{}}`), websocket.StatusUnsupportedData, "binary frames"},
		{"a binary frame on the text subprotocol", inJSON, "", write(websocket.MessageBinary, []byte{18, 0}), websocket.StatusUnsupportedData, "text frames"},
		{"truncated protobuf", inProto, "", write(websocket.MessageBinary, []byte{18, 20, 10}), websocket.StatusInvalidFramePayloadData, "ClientMessage"},
		{"no command", inProto, "", write(websocket.MessageBinary, []byte{8, 1}), websocket.StatusInvalidFramePayloadData, "command"},
		{"an empty frame", inProto, "", write(websocket.MessageBinary, nil), websocket.StatusInvalidFramePayloadData, "command"},
		{"JSON with an unknown field", inJSON, "", text(`{"subscribe":{"symbols":["A"],"colour":"red"}}`), websocket.StatusInvalidFramePayloadData, "ClientMessage"},
		{"no JSON", inJSON, "", text(`hello`), websocket.StatusInvalidFramePayloadData, "ClientMessage"},
		{"a string of 10 MB", inJSON, "", text(`{"subscribe":{"symbols":["` + strings.Repeat("A", 10<<20) + `"]}}`), websocket.StatusMessageTooBig, ""},
		{"a string of 10 MB while updates come", inJSON, "", func(conn *websocket.Conn) {
			text(`{"subscribe":{"symbols":["A"]}}`)(conn)
			text(`{"subscribe":{"symbols":["` + strings.Repeat("A", 10<<20) + `"]}}`)(conn)
		}, websocket.StatusMessageTooBig, ""},
		{"a foreign origin", inProto, "https://evil.example.com", nothing, websocket.StatusPolicyViolation, "web-origins"},
		{"an origin that is none", inProto, "null", nothing, websocket.StatusPolicyViolation, "web-origins"},
		{"no subprotocol of ours", "soap", "", nothing, websocket.StatusProtocolError, "tickgate.v1.proto"},
		{"no first message", inProto, "", nothing, 4008, "first message"},
		{"an acknowledgement of the future", inJSON, "", text(`{"ack":{"streamSequence":"7"}}`), websocket.StatusInvalidFramePayloadData, "acknowledgement"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := dialRaw(t, g, tt.origin, tt.subprotocol)
			tt.send(conn)
			closed := closeOf(t, conn)
			if closed.Code != tt.code || !strings.Contains(closed.Reason, tt.reason) {
				t.Errorf("closed with %v %q, want %v and a reason with %q", closed.Code, closed.Reason, tt.code, tt.reason)
			}
		})
	}
	market.Publish("A", quoteOf(7))
	beside.Await("the value", func(h gatewaytest.Holdings) bool { return h.Sequence("A") == 1 })
}

// TestWebSocketOrigins: the gateway's own pages, configured origins and programs may connect.
func TestWebSocketOrigins(t *testing.T) {
	c := gatewaytest.Config(t)
	c.WebSocket.Origins = []string{"https://desk.example.com", "*.example.org"}
	g := gatewaytest.Start(t, c)
	for _, origin := range []string{"", "http://" + g.Addresses().Web, "https://desk.example.com", "https://DESK.example.com", "http://a.example.org"} {
		conn := dialRaw(t, g, origin, webface.SubprotocolJSON)
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"requestId":"3","heartbeat":{}}`)); err != nil {
			t.Fatalf("%q: %v", origin, err)
		}
		_, frame, err := conn.Read(t.Context())
		if err != nil || !strings.Contains(string(frame), `"3"`) {
			t.Errorf("origin %q: the heartbeat was answered with %s, %v", origin, frame, err)
		}
		_ = conn.CloseNow()
	}
	for _, origin := range []string{"http://desk.example.com", "https://desk.example.com.evil.com", "https://example.org.evil.com"} {
		if closed := closeOf(t, dialRaw(t, g, origin, webface.SubprotocolJSON)); closed.Code != websocket.StatusPolicyViolation {
			t.Errorf("origin %q: closed with %v, want it turned away", origin, closed)
		}
	}
}

// TestWebSocketJSONHasDecimalsAsStrings, since a browser's numbers are not exact.
func TestWebSocketJSONHasDecimalsAsStrings(t *testing.T) {
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	const price = 1<<53 + 1
	market.Publish("A", quoteOf(price))
	conn := dialRaw(t, g, "", webface.SubprotocolJSON)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"subscribe":{"symbols":["A"]}}`)); err != nil {
		t.Fatal(err)
	}
	for {
		_, frame, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var message struct {
			Batch struct {
				Updates []struct {
					Quote struct {
						BidPrice *string `json:"bidPrice"`
					} `json:"quote"`
				} `json:"updates"`
			} `json:"batch"`
		}
		if err := json.Unmarshal(frame, &message); err != nil {
			t.Fatalf("%s: %v", frame, err)
		}
		if len(message.Batch.Updates) == 0 {
			continue
		}
		if got := message.Batch.Updates[0].Quote.BidPrice; got == nil || *got != fmt.Sprint(price) {
			t.Errorf("%s: want a bid price of %d as a string", frame, price)
		}
		return
	}
}

// TestWebSocketNeverReadingClient is cut off after the send stall, and not long after.
func TestWebSocketNeverReadingClient(t *testing.T) {
	c := gatewaytest.Config(t)
	c.Stream.SendStall = time.Second
	c.Subscriptions.Housekeeping = 50 * time.Millisecond
	g := gatewaytest.Start(t, c)
	feed := gatewaytest.NewPublisher(t, g.Bus()).Trade(liveliness(5_000))
	defer feed.Stop()
	raw := openDeafWebSocket(t, g, `{"subscribe":{"symbols":["`+strings.Join(symbols, `","`)+`"],"conflation":{"policy":"CONFLATION_POLICY_NONE"}}}`)
	begun := time.Now()
	gatewaytest.Eventually(t, "the connection to be cut", func() bool { return metric(t, adminOf(g), `tickgate_streams_ended_total{reason="stalled"}`) == 1 })
	const fill = 20 * time.Second // for the kernel's buffers on the way, ours and the client's
	if took := time.Since(begun); took < c.Stream.SendStall || took > c.Stream.SendStall+fill {
		t.Errorf("cut after %v, want between %v and %v", took, c.Stream.SendStall, c.Stream.SendStall+fill)
	}
	_ = raw.SetReadDeadline(time.Now().Add(gatewaytest.Patience))
	if _, err := io.Copy(io.Discard, raw); err == nil {
		t.Log("the connection ended without a reset")
	}
}

// TestWebSocketVanishedClient: one that answers no pings is noticed, though nothing is sent to it and no other time-out is near.
func TestWebSocketVanishedClient(t *testing.T) {
	c := gatewaytest.Config(t)
	c.Stream.IdleTimeout, c.Stream.SendStall, c.Stream.HeartbeatInterval = time.Hour, time.Hour, time.Hour
	c.WebSocket.PingInterval, c.WebSocket.PingTimeout = 100*time.Millisecond, 100*time.Millisecond
	g := gatewaytest.Start(t, c)
	answering := gatewaytest.OpenStream(t, g.DialWebSocket(t, webface.SubprotocolProto), nil)
	answering.Subscribe(gatewaytest.Latest(), []string{"A"})
	openDeafWebSocket(t, g, `{"subscribe":{"symbols":["A"]}}`)
	active := func() float64 { return metric(t, adminOf(g), `grpc_stream_active_connections{service="data"}`) }
	gatewaytest.Eventually(t, "the client that vanished to be noticed", func() bool { return active() == 1 })
	if answering.Err() != nil {
		t.Errorf("the client that answers was ended: %v", answering.Err())
	}
}

// TestRefusedWebSocketIsNotHeld: a page of a foreign origin that neither answers the close frame nor goes away is cut off, and nothing of it is left.
func TestRefusedWebSocketIsNotHeld(t *testing.T) {
	c := gatewaytest.Config(t)
	c.Stream.SendStall = 200 * time.Millisecond
	g := gatewaytest.Start(t, c)
	raw := upgradeByHand(t, g, "Origin: https://evil.example.com\r\n")
	if _, err := raw.Write([]byte{0x82, 0xff, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}); err != nil { // a frame of 2^62 bytes, which never come
		t.Fatal(err)
	}
	_ = raw.SetReadDeadline(time.Now().Add(gatewaytest.Patience))
	if _, err := io.Copy(io.Discard, raw); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection stays open")
	}
}

// openDeafWebSocket opens a WebSocket by hand, sends one text frame and reads nothing but the answer to the upgrade.
func openDeafWebSocket(t *testing.T, g *gatewaytest.Gateway, message string) net.Conn {
	t.Helper()
	raw := upgradeByHand(t, g, "")
	frame := []byte{0x81, 0x80 | 126, byte(len(message) >> 8), byte(len(message)), 0, 0, 0, 0} // masked with zeros
	if _, err := raw.Write(append(frame, message...)); err != nil {
		t.Fatal(err)
	}
	return raw
}

// upgradeByHand makes a WebSocket of a connection, with more headers, and reads the answer to that.
func upgradeByHand(t *testing.T, g *gatewaytest.Gateway, headers string) net.Conn {
	t.Helper()
	raw, err := net.Dial("tcp", g.Addresses().Web)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	_ = raw.(*net.TCPConn).SetReadBuffer(8 << 10)
	if _, err := fmt.Fprintf(raw, "GET /v1/stream HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: %s\r\n%s\r\n", g.Addresses().Web, webface.SubprotocolJSON, headers); err != nil {
		t.Fatal(err)
	}
	var answer []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(answer), "\r\n\r\n"); {
		if _, err := raw.Read(one); err != nil {
			t.Fatal(err)
		}
		answer = append(answer, one[0])
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 101") {
		t.Fatalf("upgrade: %s", answer)
	}
	return raw
}

// TestWebSocketDrain: clients are told, and then closed with GoingAway; nothing is left.
func TestWebSocketDrain(t *testing.T) {
	c := gatewaytest.Config(t)
	c.Stream.DrainGrace = 200 * time.Millisecond
	g := gatewaytest.Start(t, c)
	conn := dialRaw(t, g, "", webface.SubprotocolJSON)
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"subscribe":{"symbols":["A"]}}`)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.BeginDrain()
	told := false
	for {
		_, frame, err := conn.Read(t.Context())
		if err != nil {
			if code := websocket.CloseStatus(err); code != websocket.StatusGoingAway {
				t.Errorf("closed with %v, want %v", err, websocket.StatusGoingAway)
			}
			break
		}
		told = told || strings.Contains(string(frame), "goingAway")
	}
	if !told {
		t.Error("the client was not told before it was closed")
	}
	g.Stop()
}

// TestInstrumentsForBrowsers lists what the feed has sent.
func TestInstrumentsForBrowsers(t *testing.T) {
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	client.Subscribe(gatewaytest.Latest(), []string{"A", "B"})
	market.Publish("A", quoteOf(1))
	market.Publish("B", quoteOf(1))
	client.Await("both", func(h gatewaytest.Holdings) bool { return h.Sequence("A") > 0 && h.Sequence("B") > 0 })
	get := func(query string) (int, string) {
		response, err := http.Get("http://" + g.Addresses().Web + "/v1/instruments" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if code, body := get(""); code != http.StatusOK || !strings.Contains(body, `"A"`) || !strings.Contains(body, `"B"`) {
		t.Errorf("all: %d %s", code, body)
	}
	if code, body := get("?prefix=B&page_size=1"); code != http.StatusOK || strings.Contains(body, `"A"`) || !strings.Contains(body, `"B"`) {
		t.Errorf("prefix B: %d %s", code, body)
	}
	if code, body := get("?page_size=many"); code != http.StatusBadRequest || !strings.Contains(body, "page_size") {
		t.Errorf("a bad page size: %d %s", code, body)
	}
}

// TestWebSocketSettingsAreChecked by name.
func TestWebSocketSettingsAreChecked(t *testing.T) {
	for setting, change := range map[string]func(*gateway.Config){
		"web-origins":           func(c *gateway.Config) { c.WebSocket.Origins = []string{"*"} },
		"web-send-buffer-bytes": func(c *gateway.Config) { c.WebSocket.SendBufferBytes = 1 },
		"web-ping-interval":     func(c *gateway.Config) { c.WebSocket.PingInterval = 0 },
	} {
		c := gateway.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%v, want the setting %s named", err, setting)
		}
	}
}
