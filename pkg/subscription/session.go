package subscription

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// ErrClosed says that the session has ended; nothing more can be done with it.
var ErrClosed = errors.New("subscription: the session is closed")

// maxBytesInFlight is how much of a session may be with the transport when one more message is handed over. A gRPC stream blocks a send only once 64 KiB
// or more are with it; less than that are whenever CanHand says yes, whatever the last message took.
const maxBytesInFlight = 24 << 10

// MaxBatchBytes is the size at which a sink's Append says Full.
const MaxBatchBytes = 32 << 10

// Session is one stream's interest and its way out.
type Session struct {
	// Immutable after NewSession, the sink after Attach.
	worker *worker
	conn   *Conn
	sink   Sink
	ran    chan struct{} // of one; the worker sends when the pending command has run, Execute receives, never closed
	gone   chan struct{} // closed by the worker when it has let go of the session

	// Shared with the transport.
	inFlight      inFlight
	bytesInFlight atomic.Int64
	nextReturned  *Session // see returnStack

	// Owned by the worker.
	seat          int // its index in worker.sessions and one more; 0: not admitted
	subscriptions subscribed
	lanes         []*lane
	ready         []*subscription // may have something to send; those with subscription.ready unset were withdrawn
	withdrawn     bool            // the command took something out of ready, or out of what is held back
	command       func()          // waits for a turn in which its answer can be handed over
	urgent        []func()        // likewise; from Broadcast
	statesUntold  bool
	batchOut      bool // a batch is with the transport, or its return has not been noticed yet
	inRound       bool
	closed        bool
	held          HeldCause // what holds updates back now; 0: nothing
	heldSince     time.Time
	freshness     freshness
	lastBatch     uint64 // stream sequence
}

// NewSession returns a session of the connection that nobody serves yet: its sink can be made around it, and goes to Session.Attach.
func (h *Hub) NewSession(c *Conn) *Session {
	return &Session{
		worker: c.worker,
		conn:   c,
		ran:    make(chan struct{}, 1),
		gone:   make(chan struct{}),
	}
}

// Attach has the worker serve the session, and call its sink, from now on. It is called once; Session.Close ends it. When the hub has ended, the session is
// closed from the start.
func (s *Session) Attach(sink Sink) {
	s.sink = sink
	if s.worker.post(func() { s.worker.admit(s) }) == refused {
		close(s.gone)
	}
}

// Execute runs command on the worker, in a turn of the session in which an answer can be handed over, and returns when it has run. One call at a time per
// session: a client that does not read its answers is not served another command. It returns ErrClosed, or ctx's error, if the command
// did not run and never will; to be sure of that, a ctx that ends first closes the session.
func (s *Session) Execute(ctx context.Context, command func()) error {
	s.worker.post(func() {
		if !s.closed {
			s.command = command
			s.worker.giveTurn(s)
		}
	})
	select {
	case <-s.ran:
		return nil
	case <-s.gone:
	case <-ctx.Done():
		s.Close()
	}
	select {
	case <-s.ran: // it ran before the session was let go
		return nil
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return ErrClosed
}

// Post runs f on the worker as soon as it can, whether or not the session can send. It does not wait. f is not run once the session is closed.
func (s *Session) Post(f func()) {
	s.worker.post(func() {
		if !s.closed {
			f()
			s.worker.giveTurn(s)
		}
	})
}

// Close ends the session and returns when its worker has let go of it: the sink is not called any more. It waits for a hub that is not
// running yet, not for one that has ended. It may be called again, but not on the worker: a sink ends its session by having its owner call Close.
func (s *Session) Close() {
	s.worker.post(s.letGo)
	<-s.gone
}

// Sink returns what the session was attached with.
func (s *Session) Sink() Sink { return s.sink }

// Gone is closed when the worker has let go of the session.
func (s *Session) Gone() <-chan struct{} { return s.gone }

// Handed says that a message of so many bytes is about to be handed to the transport. Only sinks call it.
func (s *Session) Handed(bytes int) {
	s.bytesInFlight.Add(int64(bytes))
	s.inFlight.handed()
}

// Left says that the last byte of a message has left. The transport calls it, once per Handed, from any goroutine, also after Close.
func (s *Session) Left(bytes int) {
	s.bytesInFlight.Add(-int64(bytes))
	switch s.inFlight.left() {
	case stillInFlight:
		return
	case allLeftUnlisted:
		s.worker.returned.push(s)
	case allLeftListed:
	}
	if s.inFlight.wanted() {
		s.worker.signal()
	}
}

// acceptReturn takes the session off the return stack and reports whether it has waited for a turn.
func (s *Session) acceptReturn() (wanted bool) {
	wanted = s.inFlight.accept()
	if !s.closed && !s.inFlight.busy() {
		s.batchOut = false
		s.sink.Recycle()
	}
	return wanted
}

// letGo removes every trace of the session from the worker.
func (s *Session) letGo() {
	if s.closed {
		return
	}
	s.closed = true
	for _, sub := range s.subscriptions.list {
		s.worker.remove(sub)
	}
	s.subscriptions, s.ready, s.command, s.urgent = subscribed{}, nil, nil, nil
	s.worker.dismiss(s)
	close(s.gone)
}
