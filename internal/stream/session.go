package stream

import (
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"tickgate/internal/latency"
	"tickgate/internal/wire"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// session is one client's stream of commands and updates: its handler receives commands, its flush worker sends.
type session struct {
	// Immutable after newSession.
	server        *Server
	face          Face
	worker        *workerState // of the session's flush worker
	subscriptions *subscription.Session
	clientID      string
	started       time.Time

	// Written by the handler, read by the worker: when the last message came, UTC nanoseconds; 0 before the first.
	lastHeard atomic.Int64

	// Why the stream was ended by anybody but its handler; nil: it was not.
	ending atomic.Pointer[error]

	// Owned by the handler, and by the goroutine that serves a command while the handler waits for it.
	limiter      *rate.Limiter
	delayedSince time.Time             // of the commands that are being delayed without a break; zero: none
	delayedUntil time.Time             // when the last delay ended; zero: there was none
	reported     *latency.Distribution // by the client, the newest; nil: nothing yet

	// Owned by the flush worker.
	batch     wire.Batch
	making    *Frame // the batch in the making; nil: none
	makingAt  time.Time
	flying    []*Frame // handed over, the oldest first, and not seen to have left; the handler's once the worker has let go of the session
	lastSent  time.Time
	latency   *streamLatency // nil until the client asks for it
	slow      slowEpisode
	agedSince time.Time // GoingAway was sent because of age; zero: not
}

var nextClient atomic.Uint64

func newSession(s *Server, face Face) *session {
	now := s.now()
	x := &session{
		server:   s,
		face:     face,
		worker:   &s.workers[face.Group().Worker()],
		clientID: clientID(face.ClientID()),
		started:  now,
		lastSent: now,
		limiter:  rate.NewLimiter(rate.Limit(s.config.CommandRate), s.config.CommandBurst),
	}
	x.subscriptions = s.hub.NewSession(face.Group())
	x.subscriptions.Attach(x) // from here on the worker has it
	return x
}

// ClientIDKey names the metadata, or the parameter of a WebSocket's address, in which a client says what it calls itself.
const ClientIDKey = "client-id"

// clientID returns what the client calls itself, or a name of our own.
func clientID(given string) string {
	const maxBytes = 64
	if given != "" {
		return tick.Printable(given, maxBytes)
	}
	return "stream-" + strconv.FormatUint(nextClient.Add(1), 10)
}

// end ends the stream from anywhere but its handler, whose receive, or whatever it waits for, returns then. The first reason counts.
func (x *session) end(err error) {
	if x.ending.CompareAndSwap(nil, &err) {
		x.face.End(err)
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
	x.server.log.Warn("closing the connection of a client that does not read", "client", x.clientID, "remote", x.face.Remote())
	x.face.Disconnect()
}
