package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"tickgate/internal/stream"
	"tickgate/pkg/subscription"
)

// Control frames (pings, and answers to ours) that a client may send: as many at once, and then as many a second.
const (
	controlBurst     = 20
	controlPerSecond = 1
)

// face is the stream.Face of a WebSocket.
type face struct {
	// Immutable after open.
	handler  *Handler
	conn     *websocket.Conn
	raw      net.Conn // nil: the server has no ConnContext
	encoding *encoding
	group    *subscription.Conn
	clientID string
	remote   string

	ctx     context.Context         // the handler's: it ends with a cause when the session does
	end     context.CancelCauseFunc // of ctx
	io      context.Context         // of reads and writes: it ends when the client has gone, or has been told why it must
	hangUp  context.CancelFunc      // of io
	control *rate.Limiter           // of control frames

	outbox *outbox
	reads  atomic.Uint64 // how often a read has begun or ended: odd while one waits
	writes atomic.Uint64 // likewise for writes

	memory []byte // owned by the sender: for the message that is being written
}

var _ stream.Face = (*face)(nil)

func newFace(h *Handler, r *http.Request) *face {
	f := &face{
		handler: h, clientID: r.URL.Query().Get(stream.ClientIDKey), remote: r.RemoteAddr, outbox: newOutbox(),
		control: rate.NewLimiter(controlPerSecond, controlBurst),
	}
	f.raw, _ = r.Context().Value(connKey{}).(net.Conn)
	f.io, f.hangUp = context.WithCancel(context.Background()) // the request's own context says nothing once it is a WebSocket
	f.ctx, f.end = context.WithCancelCause(f.io)
	return f
}

// open gives the face its WebSocket.
func (f *face) open(conn *websocket.Conn) {
	f.conn, f.encoding, f.group = conn, encodings[conn.Subprotocol()], f.handler.hub.NewConn()
	conn.SetReadLimit(int64(f.handler.service.MaxMessageBytes()))
	if tcp, ok := f.raw.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(f.handler.config.SendBufferBytes) // without it values wait in the kernel for longer
	}
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
	kind, message, err := f.conn.Read(f.io)
	f.reads.Add(1)
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		return nil, stream.ErrMessageSize
	case err != nil:
		return nil, f.readError(err)
	case kind != f.encoding.frames:
		return nil, fmt.Errorf("%w: %w", stream.ErrProtocol, errFrameKind)
	}
	return f.encoding.decode(message)
}

// readError says what a failed read means: the session was ended meanwhile, the client does not speak the protocol, or it has gone.
func (f *face) readError(err error) error {
	if cause := context.Cause(f.ctx); cause != nil {
		return cause
	}
	if brokenFraming(err) {
		return fmt.Errorf("%w: %w (%w)", stream.ErrProtocol, errFraming, err)
	}
	f.hangUp()
	return fmt.Errorf("%w (%w)", context.Canceled, err) // whoever went, the session is over
}

// brokenFraming tells what the client did wrong, for which the library has errors without a type, from the ends of connections, which have one.
func brokenFraming(err error) bool {
	var ofNetwork net.Error
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.Canceled, context.DeadlineExceeded, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return false
		}
	}
	return websocket.CloseStatus(err) == -1 && !errors.As(err, &ofNetwork)
}

type controlOutcome uint8

const (
	controlAllowed controlOutcome = iota
	controlExcess                 // the session has been ended for it
)

// noteControl counts a control frame. Each costs the gateway a write, or at least reading, that no limit of commands knows of. The library calls it while it reads.
func (f *face) noteControl() controlOutcome {
	if f.control.Allow() {
		return controlAllowed
	}
	f.End(fmt.Errorf("%w (%w)", stream.ErrCommandRate, errControlRate))
	return controlExcess
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
		f.end(err)
		time.AfterFunc(f.handler.service.SendStall(), f.Disconnect) // too late is no harm
	}
}

// Disconnect implements stream.Face.
func (f *face) Disconnect() {
	f.hangUp()
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
	defer f.hangUp() // only now: it would end the connection before the close frame
	var failed error // why nothing is written any more
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
	encoded, err := f.encoding.encode(&f.memory, message)
	if err != nil {
		f.handler.log.Error("a message could not be written, which ends its stream", "error", err, "client", f.clientID)
		f.End(fmt.Errorf("%w (%w)", stream.ErrInternal, err))
		return err
	}
	f.writes.Add(1)
	defer f.writes.Add(1)
	return f.conn.Write(f.io, f.encoding.frames, encoded)
}

// ping notices a client that has vanished. An answer that is missing because the session is not reading, since the client's commands are being delayed, is no sign of that, nor one that
// is behind frames which the client reads slowly: for those there is the send stall.
func (f *face) ping() {
	ticker := time.NewTicker(f.handler.config.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-f.io.Done():
			return
		case <-f.outbox.sent:
			return
		case <-ticker.C:
		}
		reads, writes := f.reads.Load(), f.writes.Load()
		if writes%2 == 1 {
			continue
		}
		ctx, cancel := context.WithTimeout(f.io, f.handler.config.PingTimeout)
		err := f.conn.Ping(ctx)
		cancel()
		if waiting := reads%2 == 1 && f.reads.Load() == reads && f.writes.Load() == writes; err != nil && waiting && f.io.Err() == nil {
			f.handler.log.Debug("a client does not answer pings", "client", f.clientID, "remote", f.remote)
			f.Disconnect()
			return
		}
	}
}
