package client

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// link is one stream to one gateway.
type link struct {
	// Immutable.
	client  *Client
	address string
	ended   chan struct{} // closed by Client.run when nobody will answer any more and the client knows

	// Owned by serve, which receives.
	ids        map[uint32]*entry // by instrument id
	streamed   bool              // the gateway has said something
	retryAfter time.Duration     // as GoingAway asks; 0: it did not
	conn       *grpc.ClientConn
	stream     tickgatev1.MarketData_StreamClient

	bound atomic.Int64 // of freshness, as granted; 0: batches are not acknowledged
	heard atomic.Int64 // when something was received last, UTC nanoseconds
	outbox
}

// outbox is what the sender has to send.
type outbox struct {
	wake chan struct{} // of one; sent to by whoever adds, received by the sender, never closed

	// mu guards the fields below.
	mu     sync.Mutex
	queue  []*tickgatev1.ClientMessage
	calls  map[uint64]*call // that wait for an answer, by request id
	nextID uint64
	taken  uint64 // newest batch that the Book has
	over   bool   // nothing will be sent any more
}

// call is a command that waits for its answer.
type call struct {
	answer chan *tickgatev1.ServerMessage // of one; closed without an answer if the link is lost
}

func newLink(c *Client, address string) *link {
	return &link{
		client: c, address: address, ended: make(chan struct{}), ids: make(map[uint32]*entry),
		outbox: outbox{wake: make(chan struct{}, 1), calls: make(map[uint64]*call)},
	}
}

// What a connection may take to come up, and how soon a machine that has vanished is noticed: as often as gateways allow by default.
const (
	connectTimeout   = 10 * time.Second
	keepaliveTime    = 10 * time.Second
	keepaliveTimeout = 5 * time.Second
)

// serve connects, streams, and returns why that has ended.
func (l *link) serve(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := l.connect(ctx, cancel); err != nil {
		return err
	}
	defer func() { _ = l.conn.Close() }()
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer l.lose()
	defer cancel(nil)
	helpers.Go(func() { l.send(ctx) })
	helpers.Go(func() { l.watch(ctx, cancel) })
	err = l.receive(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// connect opens a connection of its own for the stream, so that gRPC's way of reconnecting does not come between, and says what the client wants.
func (l *link) connect(ctx context.Context, cancel context.CancelCauseFunc) (err error) {
	o := &l.client.options
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
		grpc.WithStaticStreamWindowSize(64 << 10), // a window that follows the link would hold values back in the transport, where they age
	}, o.dial...)
	if l.conn, err = grpc.NewClient("passthrough:///"+l.address, dial...); err != nil {
		return fmt.Errorf("client: %s: %w", l.address, err)
	}
	if o.name != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "client-id", o.name)
	}
	late := time.AfterFunc(connectTimeout, func() {
		cancel(fmt.Errorf("client: %s did not answer within %v", l.address, connectTimeout))
	})
	defer late.Stop()
	l.stream, err = tickgatev1.NewMarketDataClient(l.conn).Stream(ctx)
	if err != nil {
		_ = l.conn.Close()
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	l.client.latency.streamBegins()
	l.heard.Store(time.Now().UnixNano())
	l.post(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_SetFreshness{
		SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: o.freshness.Milliseconds()}, // its answer says that the stream is up
	}})
	for _, message := range l.client.again() {
		l.post(message)
	}
	return nil
}

// receive takes what the gateway says until the stream ends.
func (l *link) receive(ctx context.Context) error {
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		l.heard.Store(time.Now().UnixNano())
		if !l.streamed {
			l.streamed = true
			l.client.setLink(l, nil)
		}
		if err := l.take(ctx, m); err != nil {
			return err
		}
		l.tellState()
	}
}

// tellState tells whether the tickers are worth something.
func (l *link) tellState() {
	state := StateChange{State: Connected, Address: l.address}
	if l.client.book.allStale() {
		state.State = AllStale
	}
	l.client.setState(state)
}

// take takes one message.
func (l *link) take(ctx context.Context, m *tickgatev1.ServerMessage) error {
	book := l.client.book
	switch e := m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_Batch:
		l.announce(e.Batch.GetInstruments())
		book.batch(e.Batch, l.ids, time.Now())
		l.noteTaken(e.Batch.GetStreamSequence())
	case *tickgatev1.ServerMessage_FreshnessResult:
		l.bound.Store(e.FreshnessResult.GetMaxUnackedMs() * int64(time.Millisecond))
	case *tickgatev1.ServerMessage_Gap:
		book.gap(e.Gap)
	case *tickgatev1.ServerMessage_State:
		book.state(e.State)
	case *tickgatev1.ServerMessage_Notice:
		l.client.tellNotice(e.Notice)
	case *tickgatev1.ServerMessage_GoingAway:
		return l.leave(ctx, e.GoingAway)
	case *tickgatev1.ServerMessage_SubscribeResult:
		l.announce(e.SubscribeResult.GetAccepted())
		if e.SubscribeResult.GetRequestId() == 0 { // of what was subscribed anew: nobody waits for it
			l.client.tellRejected(e.SubscribeResult.GetRejected())
		}
		l.answer(e.SubscribeResult.GetRequestId(), m)
	case *tickgatev1.ServerMessage_UnsubscribeResult:
		l.answer(e.UnsubscribeResult.GetRequestId(), m)
	case *tickgatev1.ServerMessage_SetConflationResult:
		l.answer(e.SetConflationResult.GetRequestId(), m)
	case *tickgatev1.ServerMessage_LatencyReport:
		l.answer(e.LatencyReport.GetRequestId(), m)
	case *tickgatev1.ServerMessage_Heartbeat:
		l.answer(e.Heartbeat.GetRequestId(), m)
	}
	return nil
}

func (l *link) announce(instruments []*tickgatev1.Instrument) {
	for _, i := range instruments {
		if e := l.client.book.announce(i); e != nil && i.GetId() != 0 {
			l.ids[i.GetId()] = e
		}
	}
}

// leave honours GoingAway: it goes on receiving for as long as the gateway asks the client to wait, so that nothing due meanwhile is lost, and then ends the stream.
func (l *link) leave(ctx context.Context, m *tickgatev1.GoingAway) error {
	const atOnce = time.Millisecond // the wait is over when the stream is
	l.retryAfter = atOnce
	end := time.AfterFunc(time.Duration(m.GetRetryAfterMs())*time.Millisecond, func() { _ = l.conn.Close() })
	defer end.Stop()
	began := time.Now()
	for {
		message, err := l.stream.Recv()
		l.heard.Store(time.Now().UnixNano())
		if err != nil {
			if rest := time.Duration(m.GetRetryAfterMs())*time.Millisecond - time.Since(began); rest > atOnce {
				l.retryAfter = rest // the gateway was gone sooner
			}
			return fmt.Errorf("%w: %s", errLeaving, m.GetReason())
		}
		if message.GetGoingAway() == nil {
			if err := l.take(ctx, message); err != nil {
				return err
			}
		}
	}
}

// watch ends the link when the gateway has been silent for two heartbeats.
func (l *link) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	most := 2 * l.client.options.heartbeat
	ticker := time.NewTicker(max(most/8, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if silent := time.Since(time.Unix(0, l.heard.Load())); silent > most {
				cancel(fmt.Errorf("%w (%v)", errSilent, silent.Round(time.Millisecond)))
				return
			}
		}
	}
}
