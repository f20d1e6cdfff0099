package client_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// journal has the streams of a client written down as the history checker reads it. A log has one stream after the other; one that begins before the last one has ended, as when the client moves from
// one gateway to another, begins a log of its own.
type journal struct {
	// mu guards the fields below.
	mu   sync.Mutex
	logs []*history.ClientLog
	open []int // streams by log that have not ended
}

func (j *journal) begin() (log *history.ClientLog, end func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	last := len(j.logs) - 1
	if last < 0 || j.open[last] > 0 {
		j.logs, j.open = append(j.logs, history.NewClientLog()), append(j.open, 0)
		last++
	}
	j.open[last]++
	j.logs[last].StreamStarted()
	return j.logs[last], func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.open[last]--
	}
}

func (j *journal) streams() (count int) {
	for _, log := range j.logs {
		for _, e := range log.Entries() {
			if e.Kind == history.EntryStreamStarted {
				count++
			}
		}
	}
	return count
}

// option has a client's streams written down.
func (j *journal) option() client.Option {
	return client.WithGRPC(grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := streamer(ctx, desc, conn, method, opts...)
		if err != nil {
			return nil, err
		}
		log, end := j.begin()
		return &loggedStream{ClientStream: stream, log: log, end: end}, nil
	}))
}

type loggedStream struct {
	grpc.ClientStream
	log *history.ClientLog
	end func() // nil: it was called
}

// SendMsg logs what is sent before it is.
func (s *loggedStream) SendMsg(m any) error {
	s.log.Sent(m.(*tickgatev1.ClientMessage))
	return s.ClientStream.SendMsg(m)
}

// RecvMsg logs what was received, and once how the stream ended.
func (s *loggedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch {
	case err == nil:
		s.log.Received(client.MessageOf(m), time.Now())
	case s.end != nil:
		if errors.Is(err, io.EOF) {
			s.log.StreamEnded(nil, time.Now())
		} else {
			s.log.StreamEnded(err, time.Now())
		}
		s.end()
		s.end = nil
	}
	return err
}

// watched is a client whose streams and states are written down.
type watched struct {
	*client.Client
	policy  client.Conflation
	journal journal

	// mu guards the field below.
	mu     sync.Mutex
	states []client.StateChange
}

// watch connects a client that reconnects at once, and subscribes.
func watch(t *testing.T, g *gatewaytest.Gateway, policy client.Conflation, symbols []string, opts ...client.Option) *watched {
	t.Helper()
	w := &watched{policy: policy}
	note := func(s client.StateChange) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.states = append(w.states, s)
	}
	w.Client = connect(t, g, append(opts, client.WithBackoff(5*time.Millisecond, 50*time.Millisecond), w.journal.option(), client.WithStates(note))...)
	if _, err := w.Subscribe(t.Context(), policy, symbols...); err != nil {
		t.Fatal(err)
	}
	return w
}

// lost returns the states without a connection that the client has been in since it came up, until it was closed.
func (w *watched) lost() (all []client.StateChange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		if s.State == client.Reconnecting {
			all = append(all, s)
		}
	}
	return all
}

// judge has the checker look at every log of a client that was closed when it held the last values.
func (w *watched) judge(t *testing.T, market *gatewaytest.Publisher) {
	t.Helper()
	for i, log := range w.journal.logs {
		options := history.Options{End: history.EndCut, StaleBound: 5 * time.Second, IntervalTolerance: 26 * time.Millisecond}
		if i == len(w.journal.logs)-1 {
			options.End = history.EndSettled
		}
		for _, v := range history.Check(market.Log(), log, options) {
			t.Errorf("%v: %v", w.policy, v)
		}
	}
}

func holdsAll(c *client.Client, symbols []string) bool {
	for _, symbol := range symbols {
		if ticker, ok := c.Book().Quote(symbol); !ok || ticker.Sequence == 0 {
			return false
		}
	}
	return true
}

func holdsLast(c *client.Client, market *gatewaytest.Publisher, symbols []string) bool {
	for _, symbol := range symbols {
		ticker, ok := c.Book().Quote(symbol)
		if !ok || ticker.State != client.Live || ticker.Sequence != market.Last(symbol) {
			return false
		}
	}
	return true
}

// pause is a moment in the life of a market.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
