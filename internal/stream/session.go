package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"tickgate/internal/wire"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// session is one stream: its handler receives commands, its flush worker sends.
type session struct {
	// Immutable after newSession.
	server        *Server
	transport     grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]
	conn          *connection
	cancel        context.CancelCauseFunc // ends the stream from anywhere
	subscriptions *subscription.Session
	clientID      string
	started       time.Time

	// Written by the handler, read by the worker: when the last message came, UTC nanoseconds; 0 before the first.
	lastHeard atomic.Int64

	// Owned by the handler.
	limiter      *commandLimiter
	delayedSince time.Time // of the commands that are being delayed without a break; zero: none

	// Owned by the flush worker.
	batch     wire.Batch
	making    *frame // the batch in the making; nil: none
	makingAt  time.Time
	flying    []*frame // handed to gRPC, the oldest first
	flyingAt  time.Time
	lastSent  time.Time
	latency   *streamLatency // nil until the client asks for it
	slow      slowEpisode
	agedSince time.Time // GoingAway was sent because of age; zero: not
}

var nextClient atomic.Uint64

func newSession(s *Server, transport grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]) *session {
	now := s.now()
	x := &session{
		server:    s,
		transport: transport,
		conn:      connectionOf(transport.Context()),
		cancel:    enderOf(transport),
		clientID:  clientID(transport.Context()),
		started:   now,
		lastSent:  now,
		limiter:   newCommandLimiter(s.config),
	}
	x.subscriptions = s.hub.Attach(x.conn.group, x)
	return x
}

// clientID returns what the client calls itself, or a name of our own.
func clientID(ctx context.Context) string {
	const maxBytes = 64
	if given := metadata.ValueFromIncomingContext(ctx, "client-id"); len(given) > 0 && given[0] != "" {
		return tick.Printable(given[0], maxBytes)
	}
	return fmt.Sprintf("stream-%d", nextClient.Add(1))
}

// receive serves commands until the stream ends; the error says why.
func (x *session) receive() error {
	ctx := x.transport.Context()
	for {
		var message tickgatev1.ClientMessage
		switch err := x.transport.RecvMsg(&message); {
		case errors.Is(err, io.EOF): // the client says nothing more, but listens until it hangs up, or idles out
			<-ctx.Done()
			return context.Cause(ctx)
		case err != nil:
			return receiveError(ctx, err)
		}
		x.lastHeard.Store(x.server.now().UnixNano())
		if err := x.serve(ctx, &message); err != nil {
			return err
		}
	}
}

// end ends the stream from the worker.
func (x *session) end(err error) { x.cancel(err) }
