package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"tickgate/internal/stream"
	"tickgate/pkg/subscription"
)

// face is the stream.Face of a WebSocket.
type face struct {
	// Immutable after newFace.
	handler  *Handler
	conn     *websocket.Conn
	raw      net.Conn // nil: the server has no ConnContext
	encoding *encoding
	group    *subscription.Conn
	clientID string
	remote   string
	ctx      context.Context // ends when the client has gone
	cancel   context.CancelFunc

	outbox *outbox
	reads  atomic.Uint64 // how often a read has begun or ended: odd while one waits
	writes atomic.Uint64 // likewise for writes
}

var _ stream.Face = (*face)(nil)

func newFace(h *Handler, conn *websocket.Conn, raw net.Conn, r *http.Request) *face {
	conn.SetReadLimit(int64(h.service.MaxMessageBytes()))
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(h.config.SendBufferBytes) // without it values wait in the kernel for longer
	}
	f := &face{
		handler: h, conn: conn, raw: raw, encoding: encodings[conn.Subprotocol()], group: h.hub.NewConn(),
		clientID: r.URL.Query().Get(stream.ClientIDKey), remote: r.RemoteAddr, outbox: newOutbox(),
	}
	f.ctx, f.cancel = context.WithCancel(context.Background()) // the request's own context says nothing once it is a WebSocket
	return f
}

// Context implements stream.Face.
func (f *face) Context() context.Context { return f.ctx }

// Group implements stream.Face. A WebSocket carries one session.
func (f *face) Group() *subscription.Conn { return f.group }

// ClientID implements stream.Face.
func (f *face) ClientID() string { return f.clientID }

// Remote implements stream.Face.
func (f *face) Remote() string { return f.remote }

// Receive implements stream.Face.
func (f *face) Receive() ([]byte, error) {
	f.reads.Add(1)
	kind, message, err := f.conn.Read(f.ctx)
	f.reads.Add(1)
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		return nil, stream.ErrMessageSize
	case err != nil:
		f.cancel()
		return nil, fmt.Errorf("%w (%w)", context.Canceled, err) // whoever went, the session is over
	case kind != f.encoding.frames:
		return nil, fmt.Errorf("%w: %w", stream.ErrProtocol, errFrameKind)
	}
	return f.encoding.decode(message)
}

// Send implements stream.Face.
func (f *face) Send(frame *stream.Frame) error {
	if f.outbox.put(frame) == outboxEnded {
		frame.Left()
		return net.ErrClosed
	}
	return nil
}

// End implements stream.Face: what is in the outbox goes first, then the reason. A client that does not take them is cut off, and so is one that does not answer the close frame.
func (f *face) End(err error) {
	if f.outbox.end(err) == endedNow {
		time.AfterFunc(f.handler.service.SendStall(), f.Disconnect) // too late is no harm
	}
}

// Disconnect implements stream.Face.
func (f *face) Disconnect() {
	f.cancel()
	if f.raw == nil {
		go func() { _ = f.conn.CloseNow() }() // it may wait for a write that is under way
		return
	}
	if tcp, ok := f.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // drop what the kernel still holds for the client
	}
	_ = f.raw.Close()
}

// finish ends the session's side, and returns when the client has been told, or cut off because it does not take that.
func (f *face) finish(err error) {
	f.End(err)
	<-f.outbox.sent
}

// send writes frames until the outbox has ended, and then says why.
func (f *face) send() {
	defer close(f.outbox.sent)
	defer f.cancel() // only now: it would end the connection before the close frame
	var failed error
	for {
		frames, ended := f.outbox.take()
		for _, frame := range frames {
			if failed == nil {
				failed = f.write(frame.Message())
			}
			frame.Left()
		}
		if ended != nil {
			code, reason := closing(ended.why)
			_ = f.conn.Close(code, reason) // the client may be gone, or know already
			return
		}
	}
}

func (f *face) write(message []byte) error {
	encoded, err := f.encoding.encode(message)
	if err != nil {
		f.handler.log.Error("a message could not be translated", "error", err)
		return err
	}
	f.writes.Add(1)
	defer f.writes.Add(1)
	return f.conn.Write(f.ctx, f.encoding.frames, encoded)
}

// ping notices a client that has vanished. An answer that is missing because the session is not reading, since the client's commands are being delayed, is no sign of that, nor one that
// is behind frames which the client reads slowly: for those there is the send stall.
func (f *face) ping() {
	ticker := time.NewTicker(f.handler.config.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.outbox.sent:
			return
		case <-ticker.C:
		}
		reads, writes := f.reads.Load(), f.writes.Load()
		if writes%2 == 1 {
			continue
		}
		ctx, cancel := context.WithTimeout(f.ctx, f.handler.config.PingTimeout)
		err := f.conn.Ping(ctx)
		cancel()
		if waiting := reads%2 == 1 && f.reads.Load() == reads && f.writes.Load() == writes; err != nil && waiting && f.ctx.Err() == nil {
			f.handler.log.Debug("a client does not answer pings", "client", f.clientID, "remote", f.remote)
			f.Disconnect()
			return
		}
	}
}
