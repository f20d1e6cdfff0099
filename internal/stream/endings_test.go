package stream_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// rawCodec sends bytes as they are.
type rawCodec struct{ encoding.CodecV2 }

func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if raw, ok := v.([]byte); ok {
		return mem.BufferSlice{mem.SliceBuffer(raw)}, nil
	}
	return c.CodecV2.Marshal(v)
}

func raw() grpc.DialOption {
	return grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2(proto.Name)}))
}

// subscribeBytes is a Subscribe whose symbol may be anything.
func subscribeBytes(symbol string) []byte {
	wish := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), symbol)
	return protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), wish)
}

// TestEndings is the table of what ends a stream, each with its code; a stream beside it on the same connection lives on.
func TestEndings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		send   func(*client)
		code   codes.Code
		reason string
		retry  bool
	}{
		{"a message without a command", func(c *client) { c.send(&tickgatev1.ClientMessage{RequestId: 1}) }, codes.InvalidArgument, "protocol", false},
		{"garbage", func(c *client) { c.sendRaw([]byte("\xff\xff\xff\xff\xff\xff")) }, codes.InvalidArgument, "protocol", false},
		{"a truncated message", func(c *client) { c.sendRaw(subscribeBytes("AAAAAAAA")[:6]) }, codes.InvalidArgument, "protocol", false},
		{"nothing but unknown fields", func(c *client) { c.sendRaw(protowire.AppendVarint(protowire.AppendTag(nil, 99, 0), 1)) }, codes.InvalidArgument, "protocol", false},
		{"text that is not UTF-8", func(c *client) { c.sendRaw(subscribeBytes("A\xff\xfe")) }, codes.InvalidArgument, "protocol", false},
		{"5 MB", func(c *client) { c.sendRaw(subscribeBytes(strings.Repeat("A", 5<<20))) }, codes.ResourceExhausted, "message_size", false},
		{"one byte too many", func(c *client) { c.sendRaw(make([]byte, 256<<10+1)) }, codes.ResourceExhausted, "message_size", false},
		{"acknowledging the future", func(c *client) { c.send(ack(2)) }, codes.InvalidArgument, "protocol", false},
		{"acknowledging the end of time", func(c *client) { c.send(ack(1<<64 - 1)) }, codes.InvalidArgument, "protocol", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGate(t, nil)
			g.market("A").quote(1)
			conn := g.connect(nil, raw())
			other, c := g.openOn(conn), g.openUnjudged(conn)
			other.subscribe(1, "A")
			other.answer()
			c.subscribe(1, "A", "PENDING")
			c.answer()
			c.receive() // batch 1
			tt.send(c)
			g.checkEnd(c, tt.code, tt.reason, tt.retry)
			other.lives()
			waitFor(t, "the ended stream's subscriptions to be gone", func() bool {
				s := g.hub.Stats()
				return s.Subscriptions == 1 && s.Pending == 0
			})
		})
	}
}

func (c *client) sendRaw(message []byte) {
	c.t.Helper()
	if err := c.stream.SendMsg(message); err != nil {
		c.t.Fatal(err)
	}
}

// checkEnd waits for the end of a stream and compares it with a row of the table.
func (g *gate) checkEnd(c *client, code codes.Code, reason string, retry bool) {
	g.t.Helper()
	s := c.end()
	if s.Code() != code {
		g.t.Fatalf("ended with %v %q, want %v", s.Code(), s.Message(), code)
	}
	if got := retryInfo(s) > 0; got != retry {
		g.t.Errorf("RetryInfo: %v, want %v", got, retry)
	}
	waitFor(g.t, "the end to be counted", func() bool { return g.service.Stats().StreamsEnded[reason] == 1 })
}

func retryInfo(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

func TestNoFirstMessage(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.FirstMessageTimeout = 50 * time.Millisecond })
	c := g.open()
	g.checkEnd(c, codes.DeadlineExceeded, "no_first_message", false)
}

func TestFirstMessageInTime(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.FirstMessageTimeout = 500 * time.Millisecond
		o.stream.IdleTimeout = time.Hour
	})
	c := g.open()
	c.lives()
	const beats = 2
	c.send(requestLatency(1, 1_000)) // says something each second: the stream outlives the timeout
	for range beats {
		c.until("a report", func(m *tickgatev1.ServerMessage) bool { return m.GetLatencyReport() != nil })
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.IdleTimeout = 300 * time.Millisecond })
	m := g.market("A")
	m.quote(1)
	c := g.open()
	c.subscribe(1, "A")
	c.answer()
	began := time.Now()
	for time.Since(began) < time.Second { // what the client says keeps the stream alive
		c.lives()
		m.quote(2)
		c.until("a batch", func(m *tickgatev1.ServerMessage) bool { return m.GetBatch() != nil })
	}
	g.checkEnd(c, codes.DeadlineExceeded, "idle", false)
}

func TestStreamQuota(t *testing.T) {
	g := newGate(t, func(o *options) { o.stream.MaxStreams = 2 })
	conn := g.connect(nil)
	first, second := g.openOn(conn), g.openOn(conn)
	first.lives()
	second.lives()
	refused := g.openOn(conn)
	g.checkEnd(refused, codes.ResourceExhausted, "stream_quota", true)
	first.lives()
	second.cancel()
	waitFor(t, "one stream", func() bool { return g.service.Stats().ActiveStreams == 1 })
	g.openOn(conn).lives()
}

// TestStreamsPerConnection: one stream more than a connection may carry waits, and begins when another ends.
func TestStreamsPerConnection(t *testing.T) {
	g := newGate(t, func(o *options) { o.stream.MaxStreamsPerConnection = 2 })
	conn := g.connect(nil)
	first, second := g.openOn(conn), g.openOn(conn)
	first.lives()
	second.lives()
	opened := make(chan *client)
	go func() { opened <- g.openUnjudged(conn) }()
	g.open().lives()
	select {
	case <-opened:
		t.Fatal("a third stream was opened")
	default:
	}
	first.cancel()
	(<-opened).lives()
}

func TestHugeHeaders(t *testing.T) {
	g := newGate(t, nil)
	conn := g.connect(nil)
	c := g.openOn(conn)
	c.lives()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	huge := metadata.AppendToOutgoingContext(ctx, "client-id", strings.Repeat("x", 17<<10))
	s, err := tickgatev1.NewMarketDataClient(conn).Stream(huge)
	if err == nil {
		_, err = s.Recv()
	}
	if err == nil {
		t.Fatal("17 KB of headers were taken")
	}
	c.lives()
}

// TestStreamAge: an old stream is told to leave, and then ended.
func TestStreamAge(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.MaxStreamAge = 100 * time.Millisecond
		o.stream.DrainGrace = 100 * time.Millisecond
		o.stream.RetryAfter = time.Second
	})
	g.market("A").quote(1)
	c := g.open()
	c.subscribe(1, "A")
	going := c.until("GoingAway", func(m *tickgatev1.ServerMessage) bool { return m.GetGoingAway() != nil }).GetGoingAway()
	if ms := going.GetRetryAfterMs(); ms < 1_000 || ms > 3_000 || going.GetReason() == "" {
		t.Errorf("got %v, want to be asked to wait for 1 to 3 s", going)
	}
	c.lives()
	g.checkEnd(c, codes.Unavailable, "stream_age", false)
}

// TestHeartbeatAfterSilenceOnly counts the signs of life that nobody asked for.
func TestHeartbeatAfterSilenceOnly(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.HeartbeatInterval = time.Second
		o.feed = oldFeed{}
	})
	m := g.market("A")
	m.quote(1)
	c := g.open()
	c.subscribe(1, "A")
	c.answer()
	c.receive() // the snapshot
	lastMessage := time.Now()
	for range 30 { // 50 ms apart: no silence of a second
		m.quote(int64(lastMessage.Nanosecond()))
		for c.receive().GetBatch() == nil {
			if time.Since(lastMessage) < 700*time.Millisecond {
				t.Fatal("a heartbeat although there was no silence")
			}
		}
		lastMessage = time.Now()
		<-time.After(50 * time.Millisecond)
	}
	beat := c.receive().GetHeartbeat()
	if silence := time.Since(lastMessage); beat == nil || beat.Echo != nil || beat.GetFeedAge() != int64(time.Minute) || silence < 700*time.Millisecond {
		t.Errorf("got %v after %v, want a heartbeat after a second", beat, silence)
	}
}

type oldFeed struct{}

func (oldFeed) Age() (time.Duration, bool) { return time.Minute, true }

// TestHalfClosedClientIsServed: who has nothing more to say still listens.
func TestHalfClosedClientIsServed(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.IdleTimeout = time.Second })
	m := g.market("A")
	m.quote(1)
	c := g.open()
	c.subscribe(1, "A")
	if err := c.stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	c.answer()
	for price := range int64(3) {
		m.quote(price)
		c.until("the update", func(m *tickgatev1.ServerMessage) bool {
			u := m.GetBatch().GetUpdates()
			return len(u) == 1 && u[0].GetQuote().GetBidPrice() == price
		})
	}
	g.checkEnd(c, codes.DeadlineExceeded, "idle", false)
}

// TestSilentStreamIsServedBeforeItsFirstCommand: its worker may come to a session that its handler has not finished making.
func TestSilentStreamIsServedBeforeItsFirstCommand(t *testing.T) {
	g := newGate(t, func(o *options) {
		o.stream.HeartbeatInterval = time.Millisecond
		o.subscriptions.Housekeeping = time.Millisecond
	})
	conn := g.connect(nil)
	for range 50 {
		c := g.openOn(conn)
		for range 3 {
			if m := c.receive(); m.GetHeartbeat() == nil {
				t.Fatalf("got %v, want a heartbeat", m)
			}
		}
		c.cancel()
	}
	g.waitForNoStreams()
}

// TestHeartbeatsSayHowOftenTheyCome at least, so that clients can tell a silent gateway from a quiet one.
func TestHeartbeatsSayHowOftenTheyCome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		interval, housekeeping, want time.Duration
	}{
		{10 * time.Second, 20 * time.Millisecond, 10 * time.Second},
		{time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}, // a silence ends with the housekeeping after it
	} {
		g := newGate(t, func(o *options) {
			o.stream.HeartbeatInterval, o.subscriptions.Housekeeping = tt.interval, tt.housekeeping
		})
		c := g.open()
		c.send(heartbeat(1))
		beat := c.until("a heartbeat", func(m *tickgatev1.ServerMessage) bool { return m.GetHeartbeat() != nil }).GetHeartbeat()
		if got := time.Duration(beat.GetIntervalMs()) * time.Millisecond; got != tt.want {
			t.Errorf("%v, want %v", got, tt.want)
		}
	}
}
