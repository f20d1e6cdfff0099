package gatewaytest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Options of a stream. The zero value is a client that reads as fast as it can.
type Options struct {
	// Log to go on with, for a client that comes back; nil: a new one.
	Log *history.ClientLog
	// Context of the call, for metadata; nil: none.
	Context context.Context
	// HeartbeatEvery is the interval of the client's signs of life, which a stream of more than a minute needs; 0: none are sent.
	HeartbeatEvery time.Duration
	// OnMessage is called by the receiving goroutine after a message was logged and merged. While it waits, nothing is read. It must return when
	// ctx is done.
	OnMessage func(ctx context.Context, m *tickgatev1.ServerMessage)
}

// Stream is one stream of a client.
type Stream struct {
	t      testing.TB
	log    *history.ClientLog
	stream tickgatev1.MarketData_StreamClient
	cancel context.CancelFunc
	hook   func(context.Context, *tickgatev1.ServerMessage)
	ended  chan struct{} // closed by the receiver
	beaten chan struct{} // closed when no heartbeat is sent any more
	news   chan struct{} // of one; sent to by the receiver, received by Await, never closed

	// sending is held while a command is logged and sent, so that both have the same order.
	sending sync.Mutex
	nextID  uint64 // guarded by sending

	// mu guards the fields below.
	mu        sync.Mutex
	holdings  Holdings
	symbols   map[uint32]string           // by instrument id
	messages  []*tickgatev1.ServerMessage // all but batches
	err       error
	mistakeIn error // what the receiver could not merge
}

// OpenStream opens a stream, which is closed when the test ends, if not before. Options may be nil.
func OpenStream(t testing.TB, conn grpc.ClientConnInterface, o *Options) *Stream {
	t.Helper()
	if o == nil {
		o = &Options{}
	}
	s := &Stream{
		t: t, log: o.Log, hook: o.OnMessage, ended: make(chan struct{}), beaten: make(chan struct{}), news: make(chan struct{}, 1),
		holdings: make(Holdings), symbols: make(map[uint32]string),
	}
	if s.log == nil {
		s.log = history.NewClientLog()
	}
	ctx := o.Context
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, s.cancel = context.WithCancel(ctx)
	stream, err := tickgatev1.NewMarketDataClient(conn).Stream(ctx)
	if err != nil {
		s.cancel()
		t.Fatal(err)
	}
	s.stream = stream
	s.log.StreamStarted()
	go s.receive(ctx)
	go s.beat(ctx, o.HeartbeatEvery)
	t.Cleanup(s.Close)
	return s
}

func (s *Stream) receive(ctx context.Context) {
	defer close(s.ended)
	for {
		m, err := s.stream.Recv()
		now := time.Now()
		if err != nil {
			s.log.StreamEnded(err, now)
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			return
		}
		s.log.Received(m, now)
		s.take(m)
		select {
		case s.news <- struct{}{}:
		default:
		}
		if s.hook != nil {
			s.hook(ctx, m)
		}
	}
}

// take merges a message.
func (s *Stream) take(m *tickgatev1.ServerMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.GetBatch() == nil {
		s.messages = append(s.messages, m)
	}
	for _, i := range m.GetSubscribeResult().GetAccepted() {
		s.announceLocked(i)
	}
	for _, i := range m.GetBatch().GetInstruments() {
		s.announceLocked(i)
	}
	for _, u := range m.GetBatch().GetUpdates() {
		if held := s.holdings[s.symbols[u.GetInstrumentId()]]; held != nil {
			held.merge(u)
		} else {
			s.mistakeIn = fmt.Errorf("an update of instrument %d, which was not announced", u.GetInstrumentId())
		}
	}
	if g := m.GetGap(); g != nil && s.holdings[g.GetSymbol()] != nil {
		s.holdings[g.GetSymbol()].Missing += g.GetMissing()
	}
	if state := m.GetState(); state != nil {
		for symbol, held := range s.holdings {
			if state.GetSymbol() == "" || state.GetSymbol() == symbol {
				held.State = state.GetState()
			}
		}
	}
}

func (s *Stream) announceLocked(i *tickgatev1.Instrument) {
	held := s.holdings[i.GetSymbol()]
	if held == nil {
		held = &Held{Symbol: i.GetSymbol()}
		s.holdings[i.GetSymbol()] = held
	}
	s.symbols[i.GetId()] = i.GetSymbol()
	if err := held.announce(i); err != nil {
		s.mistakeIn = err
	}
}

// Log returns what was sent and received so far, over all streams that share it.
func (s *Stream) Log() *history.ClientLog { return s.log }

// Look calls look with what is held and the messages that are not batches, in order; they must not be kept.
func (s *Stream) Look(look func(h Holdings, others []*tickgatev1.ServerMessage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	look(s.holdings, s.messages)
}

// Await waits until what is held satisfies a condition. The condition is tried after messages, not after every one.
func (s *Stream) Await(what string, satisfied func(Holdings) bool) {
	s.t.Helper()
	s.AwaitMessages(what, func(h Holdings, _ []*tickgatev1.ServerMessage) bool { return satisfied(h) })
}

// AwaitMessages is Await with the messages that are not batches.
func (s *Stream) AwaitMessages(what string, satisfied func(Holdings, []*tickgatev1.ServerMessage) bool) {
	s.t.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		var done bool
		var mistake error
		s.Look(func(h Holdings, others []*tickgatev1.ServerMessage) {
			done = satisfied(h, others)
			mistake = s.mistakeIn
		})
		switch {
		case mistake != nil:
			s.t.Fatalf("waiting for %s: %v", what, mistake)
		case done:
			return
		}
		select {
		case <-s.news:
		case <-s.ended:
			s.t.Fatalf("waiting for %s: the stream ended: %v", what, s.Err())
		case <-timeout.C:
			s.t.Fatalf("waited for %s in vain", what)
		}
	}
}

// Ended is closed when the stream has ended.
func (s *Stream) Ended() <-chan struct{} { return s.ended }

// Err returns how the stream ended; nil while it lives. It may be called from anywhere.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close cancels the call and returns when nothing is received any more. It may be called again.
func (s *Stream) Close() {
	s.cancel()
	<-s.ended
	<-s.beaten
}
