package stream_test

import (
	"io"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"tickgate/internal/stream"
)

// patiently leaves a connection to the limits of the transport: those of streams are an hour away.
func patiently(c *stream.Config) {
	c.FirstMessageTimeout, c.IdleTimeout, c.SendStall, c.HeartbeatInterval = time.Hour, time.Hour, time.Hour, time.Hour
}

// TestFrozenConnectionIsEnded: a client that is not there any more says nothing and is told nothing, so that only keepalive notices. One that is as
// quiet and answers pings stays.
func TestFrozenConnectionIsEnded(t *testing.T) {
	t.Parallel()
	const silence, answer, slack = time.Second, 500 * time.Millisecond, slowness * time.Second // gRPC does not ping more often than every second
	g := newGate(t, func(o *options) {
		patiently(&o.stream)
		o.stream.KeepaliveTime, o.stream.KeepaliveTimeout = silence, answer
	})
	quiet := g.open()
	quiet.lives()
	frozen := g.openRaw()
	began := time.Now()
	frozen.openStream()
	waitFor(t, "the stream to be open", func() bool { return g.service.Stats().ActiveStreams == 2 })
	pings := 0
	frozen.untilEnd(func(f http2.Frame) {
		if ping, ok := f.(*http2.PingFrame); ok && !ping.IsAck() {
			pings++
		}
	})
	if took := time.Since(began); took < silence+answer || took > silence+answer+slack {
		t.Errorf("the connection was ended after %v, want %v and at most %v more", took, silence+answer, slack)
	}
	if pings == 0 {
		t.Error("the connection was ended without a ping")
	}
	waitFor(t, "the frozen client's stream to end", func() bool { return g.service.Stats().ActiveStreams == 1 })
	quiet.lives()
}

// TestHandshakeTimeout: who connects and does not go on to speak HTTP/2 is not waited for.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		says string
	}{
		{"nothing", ""},
		{"half a preface", http2.ClientPreface[:12]},
		{"a preface and no settings", http2.ClientPreface},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const timeout, slack = 300 * time.Millisecond, slowness * time.Second
			g := newGate(t, func(o *options) {
				patiently(&o.stream)
				o.listener = listenTCP(t)
				o.stream.HandshakeTimeout = timeout
			})
			began := time.Now()
			c := g.dialRaw()
			c.write([]byte(tt.says))
			_, err := io.Copy(io.Discard, c.conn) // the gateway's own settings, and the end
			c.checkEnded(err)
			if took := time.Since(began); took < timeout || took > timeout+slack {
				t.Errorf("the connection was closed after %v, want %v and at most %v more", took, timeout, slack)
			}
			g.open().lives()
		})
	}
}

// TestClientsMayNotPingTooOften: each ping costs the gateway a write, so who pings more often than it may loses its connection, and is told why.
func TestClientsMayNotPingTooOften(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		patiently(&o.stream)
		o.stream.MinClientPing = time.Hour
	})
	c := g.openRaw()
	const forgiven = 3 // the first ping, which is not too early, and gRPC's two strikes
	for range forgiven {
		c.ping()
	}
	c.check(c.framer.WritePing(false, [8]byte{}))
	told := false
	c.untilEnd(func(f http2.Frame) {
		away, ok := f.(*http2.GoAwayFrame)
		if !ok {
			return
		}
		told = true
		if away.ErrCode != http2.ErrCodeEnhanceYourCalm || string(away.DebugData()) != "too_many_pings" {
			t.Errorf("the connection ends with %v %q, want %v", away.ErrCode, away.DebugData(), http2.ErrCodeEnhanceYourCalm)
		}
	})
	if !told {
		t.Error("the connection ended without a GOAWAY")
	}
	g.open().lives()
}

// TestClientsMayPingAsOftenAsAllowed: also without a stream.
func TestClientsMayPingAsOftenAsAllowed(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.MinClientPing = time.Nanosecond })
	c := g.openRaw()
	for range 20 {
		c.ping()
	}
}

// ping waits for the answer.
func (c *rawClient) ping() {
	c.t.Helper()
	c.check(c.framer.WritePing(false, [8]byte{}))
	c.until(func(f http2.Frame) bool {
		if away, ok := f.(*http2.GoAwayFrame); ok {
			c.t.Fatalf("the connection ends with %v %q", away.ErrCode, away.DebugData())
		}
		ping, ok := f.(*http2.PingFrame)
		return ok && ping.IsAck()
	})
}
