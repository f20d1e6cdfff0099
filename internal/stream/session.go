package stream

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"tickgate/internal/latency"
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
	below         transportStream
	subscriptions *subscription.Session
	clientID      string
	started       time.Time

	// Written by the handler, read by the worker: when the last message came, UTC nanoseconds; 0 before the first.
	lastHeard atomic.Int64

	// Why the stream was ended by anybody but its handler; nil: it was not.
	ending atomic.Pointer[error]

	// Owned by the handler, and by the goroutine that serves a command while the handler waits for it.
	header       [headerBytes]byte // of the message that is being received
	limiter      *rate.Limiter
	delayedSince time.Time             // of the commands that are being delayed without a break; zero: none
	delayedUntil time.Time             // when the last delay ended; zero: there was none
	reported     *latency.Distribution // by the client, the newest; nil: nothing yet

	// Owned by the flush worker.
	batch     wire.Batch
	making    *frame // the batch in the making; nil: none
	makingAt  time.Time
	flying    []*frame // handed to gRPC, the oldest first, and not seen to have left; the handler's once the worker has let go of the session
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
		below:     grpc.ServerTransportStreamFromContext(transport.Context()).(transportStream),
		clientID:  clientID(transport.Context()),
		started:   now,
		lastSent:  now,
		limiter:   rate.NewLimiter(rate.Limit(s.config.CommandRate), s.config.CommandBurst),
	}
	x.subscriptions = s.hub.NewSession(x.conn.group)
	x.subscriptions.Attach(x) // from here on the worker has it
	return x
}

// clientID returns what the client calls itself, or a name of our own.
func clientID(ctx context.Context) string {
	const maxBytes = 64
	if given := metadata.ValueFromIncomingContext(ctx, "client-id"); len(given) > 0 && given[0] != "" {
		return tick.Printable(given[0], maxBytes)
	}
	return "stream-" + strconv.FormatUint(nextClient.Add(1), 10)
}

// end ends the stream from anywhere but its handler, whose receive, or whatever it waits for, returns then. The first reason counts.
func (x *session) end(err error) {
	if x.ending.CompareAndSwap(nil, &err) {
		_ = x.below.WriteStatus(status.Convert(statusOf(err))) // fails if the stream is over already
	}
}

// watchLeftovers sees to it that an ended stream does not stay in the transport: its end queues behind the data that the client may never read.
// The handler calls it when the worker has let go of the session.
func (x *session) watchLeftovers() {
	if x.oldestInFlight().IsZero() {
		return
	}
	time.AfterFunc(x.server.config.SendStall, func() {
		if !x.oldestInFlight().IsZero() {
			x.disconnect()
		}
	})
}

// disconnect closes the connection of a client that does not read. Ending its stream alone would leave its data in the transport.
func (x *session) disconnect() {
	x.server.log.Warn("closing the connection of a client that does not read", "client", x.clientID, "remote", x.conn.raw.RemoteAddr().String())
	x.conn.closeAtOnce()
}
