package stream

import (
	"context"

	"tickgate/pkg/subscription"
)

// Face is the side of a session that its client sees: a gRPC stream, or a WebSocket. Commands, conflation, limits and promises are the session's, and
// so the same on every face.
type Face interface {
	// Context ends when the client has gone, or End was called: what the handler waits for outside of Receive ends then.
	Context() context.Context
	// Group is the connection that carries the session.
	Group() *subscription.Conn
	// ClientID is what the client calls itself; empty: nothing.
	ClientID() string
	// Receive returns the next message, encoded as a ClientMessage, which is the caller's from then on. io.EOF says that the client has no more to say, but listens; any other
	// error ends the session. Only the handler calls it.
	Receive() ([]byte, error)
	// Send hands a frame over, which is the face's until it calls Frame.Left. It never blocks: the session bounds what is with the face (see
	// subscription.Session.CanHand). An error says that the stream is over. Only the flush worker calls it.
	Send(*Frame) error
	// End ends the stream while its handler receives: Receive returns, with any error. It does not block, and may be called from anywhere, once.
	End(error)
	// Disconnect cuts the client off at once, with what it has not read.
	Disconnect()
	// Remote is the client's address.
	Remote() string
}
