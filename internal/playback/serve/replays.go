package serve

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"tickgate/internal/playback"
	"tickgate/internal/stream"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// call is a Replay call.
type call = grpc.BidiStreamingServer[tickgatev1.ReplayCommand, tickgatev1.ReplayEvent]

// Replays serves playbacks.
type Replays struct {
	// Immutable.
	streams *stream.Server
	library *playback.Library
	stall   time.Duration
	ctx     context.Context // ends with ErrDraining as its cause
	end     context.CancelCauseFunc

	// mu guards the field below, so that none is added while Drain waits.
	mu    sync.Mutex
	calls sync.WaitGroup // handlers and receivers
}

// New returns what serves playbacks, and shares the limits of streams. A client may let a message wait for as long as stall.
func New(streams *stream.Server, library *playback.Library, stall time.Duration) *Replays {
	ctx, end := context.WithCancelCause(context.Background())
	return &Replays{streams: streams, library: library, stall: stall, ctx: ctx, end: end}
}

// Drain ends all playbacks, and those that begin from now on, and returns when they have ended. Their clients know where they are, and open them again elsewhere.
func (s *Replays) Drain() {
	s.mu.Lock()
	s.end(stream.ErrDraining)
	s.mu.Unlock()
	s.calls.Wait()
}

// Replay implements tickgate.v1.MarketData.
func (s *Replays) Replay(c call) error { return statusOf(s.serve(c)) }

func (s *Replays) serve(c call) error {
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return stream.ErrDraining
	}
	s.calls.Add(1)
	s.mu.Unlock()
	defer s.calls.Done()
	if err := s.streams.Admit(); err != nil {
		return err
	}
	defer s.streams.Leave()
	leave, err := s.library.Admit()
	if err != nil {
		return err
	}
	defer leave()

	ctx, cancel := context.WithCancelCause(c.Context())
	defer cancel(nil)
	out := newSink(c, s.stall)
	defer context.AfterFunc(s.ctx, func() {
		cancel(context.Cause(s.ctx))
		out.hurry(drainPatience)
	})()
	r := &receiver{call: c, ctx: ctx, cancel: cancel, commands: make(chan playback.Command), limiter: rate.NewLimiter(commandRate, commandBurst)}
	s.calls.Go(r.run)
	return (&session{server: s, commands: r.commands, sink: out}).run(ctx)
}

// drainPatience is how long a client that does not read holds a drain up.
const drainPatience = time.Second

// Limits of commands: each seek reads the recording anew.
const (
	commandRate  = 20 // per second
	commandBurst = 40
)

// receiver receives commands until the call ends.
type receiver struct {
	call     call
	ctx      context.Context
	cancel   context.CancelCauseFunc
	commands chan playback.Command // it sends, the handler receives; closed when the client has no more to say
	limiter  *rate.Limiter
}

func (r *receiver) run() {
	for {
		m, err := r.call.Recv()
		switch {
		case errors.Is(err, io.EOF):
			close(r.commands)
			return
		case err != nil:
			r.cancel(err)
			return
		case m.GetCommand() == nil:
			r.cancel(stream.ErrProtocol)
			return
		}
		if r.limiter.Wait(r.ctx) != nil {
			return
		}
		select {
		case r.commands <- commandOf(m):
		case <-r.ctx.Done():
			return
		}
	}
}

// ending is how a playback ends that streams know nothing of.
type ending struct {
	err   error
	code  codes.Code
	retry time.Duration // sent as RetryInfo; 0: none
}

var endings = []ending{
	{playback.ErrQuota, codes.ResourceExhausted, 5 * time.Second},
	{playback.ErrIdle, codes.DeadlineExceeded, 0},
	{playback.ErrUnreadable, codes.Unavailable, time.Second},
}

// statusOf returns what the client gets to see.
func statusOf(err error) error {
	for _, e := range endings {
		if !errors.Is(err, e.err) {
			continue
		}
		s := status.New(e.code, err.Error())
		if e.retry > 0 {
			if detailed, detailErr := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(e.retry)}); detailErr == nil {
				s = detailed
			}
		}
		return s.Err()
	}
	if s, ok := status.FromError(err); ok { // the transport's own
		return s.Err()
	}
	return stream.StatusOf(err)
}
