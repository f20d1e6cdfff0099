package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// link is one stream to one gateway.
type link struct {
	// Immutable.
	client   *Client
	endpoint *endpoint
	cancel   context.CancelCauseFunc
	up       chan struct{} // closed by the receiver when the gateway has answered all that the link began with
	leave    chan struct{} // closed when it is time to move to another gateway, as this one has asked
	astray   chan struct{} // of one; sent to when this one has been without its bus for too long, received by run, never closed
	ended    chan struct{} // closed when nothing of the link runs any more, and the client knows

	// Owned by serve, which receives, until ended is closed.
	received  received
	ids       map[uint32]*instrument
	lastBegun uint64          // request id of the last message that the link began with
	begun     bool            // it was answered
	asked     map[string]wish // what the link began with subscribed to
	goingAway string          // why the gateway goes away; empty: it does not
	retryAt   time.Time       // before which the client should not come again
	lost      *time.Timer     // sends to astray; nil: the gateway has its bus
	conn      *grpc.ClientConn
	stream    tickgatev1.MarketData_StreamClient
	err       error // why it has ended

	bound     atomic.Int64  // of freshness, as granted; 0: batches are not acknowledged
	heard     atomic.Int64  // when something was received last, nanoseconds since began
	beat      atomic.Int64  // the gateway's heartbeat interval
	beatSet   chan struct{} // of one; sent to by the receiver when beat changes, received by watch, never closed
	isCurrent atomic.Bool   // commands and reports go over this link
	began     time.Time
	outbox
}

func newLink(c *Client, to *endpoint, cancel context.CancelCauseFunc) *link {
	l := &link{
		client: c, endpoint: to, cancel: cancel,
		up: make(chan struct{}), leave: make(chan struct{}), astray: make(chan struct{}, 1), ended: make(chan struct{}),
		ids: make(map[uint32]*instrument), beatSet: make(chan struct{}, 1), began: time.Now(),
		outbox: outbox{wake: make(chan struct{}, 1), calls: make(map[uint64]*call)},
	}
	l.beat.Store(int64(defaultBeat))
	return l
}

// What a connection may take to come up, and how soon a machine that has vanished is noticed: as often as gateways allow by default. defaultBeat is how often a gateway gives a sign of life that
// does not say how often it does.
const (
	connectTimeout   = 10 * time.Second
	keepaliveTime    = 10 * time.Second
	keepaliveTimeout = 5 * time.Second
	defaultBeat      = 10 * time.Second
)

// serve connects, streams, and returns why that has ended.
func (l *link) serve(ctx context.Context) (err error) {
	defer l.cancel(nil)
	if err := l.connect(ctx); err != nil {
		return err
	}
	defer func() { _ = l.conn.Close() }()
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer l.lose()
	defer l.foundBus()
	defer l.cancel(nil)
	helpers.Go(func() { l.send(ctx) })
	helpers.Go(func() { l.watch(ctx) })
	err = l.receive()
	switch cause := context.Cause(ctx); {
	case l.goingAway != "":
		return fmt.Errorf("%w: %s", errLeaving, l.goingAway)
	case cause != nil:
		return cause
	case errors.Is(err, io.EOF):
		return errEnded
	}
	return err
}

// connect opens a connection of its own for the stream, so that gRPC's way of reconnecting does not come between, and says what the client wants.
func (l *link) connect(ctx context.Context) (err error) {
	o := &l.client.options
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
		grpc.WithStaticStreamWindowSize(64 << 10), // a window that follows the link would hold values back in the transport, where they age
	}, o.dial...)
	address := l.endpoint.address
	if l.conn, err = grpc.NewClient("passthrough:///"+address, dial...); err != nil {
		return fmt.Errorf("client: %s: %w", address, err)
	}
	if o.name != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "client-id", o.name)
	}
	late := time.AfterFunc(connectTimeout, func() {
		l.cancel(fmt.Errorf("client: %s did not answer within %v", address, connectTimeout))
	})
	defer late.Stop()
	l.stream, err = tickgatev1.NewMarketDataClient(l.conn).Stream(ctx, grpc.ForceCodecV2(newCodec()))
	if err != nil {
		_ = l.conn.Close()
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	l.hears()
	l.begin()
	return nil
}

// begin says what the client wants. The stream is up when the last of it is answered, since answers come in order.
func (l *link) begin() {
	messages, asked := l.client.again()
	l.asked = asked
	messages = append([]*tickgatev1.ClientMessage{
		{Command: &tickgatev1.ClientMessage_SetFreshness{SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: l.client.options.freshness.Milliseconds()}}},
		l.heartbeat(), // the answer says how often the gateway gives a sign of life
	}, messages...)
	for _, m := range messages {
		l.nextID++
		m.RequestId, l.lastBegun = l.nextID, l.nextID
		l.post(m)
	}
}

// receive takes what the gateway says until the stream ends.
func (l *link) receive() error {
	for {
		if err := l.stream.RecvMsg(&l.received); err != nil {
			return err
		}
		l.hears()
		if err := l.take(); err != nil {
			return err
		}
		l.client.tellWorth(l)
	}
}

// take takes one message.
func (l *link) take() error {
	if encoded, ok := batchOf(l.received.bytes); ok {
		return l.takeBatch(encoded)
	}
	m, err := l.received.message()
	if err != nil {
		return err
	}
	book := l.client.book
	switch e := m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_Batch: // not the way that gateways write it
		encoded, err := proto.Marshal(e.Batch)
		if err != nil {
			return err
		}
		return l.takeBatch(encoded)
	case *tickgatev1.ServerMessage_Gap:
		book.gap(e.Gap)
	case *tickgatev1.ServerMessage_State:
		book.state(e.State)
	case *tickgatev1.ServerMessage_Notice:
		l.client.tellNotice(e.Notice)
	case *tickgatev1.ServerMessage_GoingAway:
		return l.goes(e.GoingAway)
	default:
		l.takeAnswer(m)
	}
	return nil
}

func (l *link) takeBatch(encoded []byte) error {
	sequence, arrival, err := l.client.book.batch(encoded, l.ids, time.Now())
	if err == nil && l.bound.Load() > 0 {
		l.noteArrived(sequence, arrival)
	}
	return err
}

// takeAnswer takes what answers a command.
func (l *link) takeAnswer(m *tickgatev1.ServerMessage) {
	var id uint64
	switch e := m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_FreshnessResult:
		id = e.FreshnessResult.GetRequestId()
		l.bound.Store(e.FreshnessResult.GetMaxUnackedMs() * int64(time.Millisecond))
	case *tickgatev1.ServerMessage_SubscribeResult:
		id = e.SubscribeResult.GetRequestId()
		for _, i := range e.SubscribeResult.GetAccepted() {
			if known := l.client.book.announce(i); known != nil && i.GetId() != 0 {
				l.ids[i.GetId()] = known
			}
		}
		if id <= l.lastBegun { // of what was subscribed anew: nobody waits for it
			l.client.tellRejected(e.SubscribeResult.GetRejected())
		}
	case *tickgatev1.ServerMessage_UnsubscribeResult:
		id = e.UnsubscribeResult.GetRequestId()
	case *tickgatev1.ServerMessage_SetConflationResult:
		id = e.SetConflationResult.GetRequestId()
	case *tickgatev1.ServerMessage_LatencyReport:
		id = e.LatencyReport.GetRequestId()
	case *tickgatev1.ServerMessage_Heartbeat:
		id = e.Heartbeat.GetRequestId()
		if every := int64(e.Heartbeat.GetIntervalMs()) * int64(time.Millisecond); every > 0 && l.beat.Swap(every) != every {
			signal(l.beatSet)
		}
		if e.Heartbeat.Echo == nil {
			return // it answers nothing
		}
	default:
		return
	}
	l.answer(id, m)
	if id == l.lastBegun && !l.begun {
		l.begun = true
		l.client.takeOver(l)
		close(l.up)
	}
}

// goes honours GoingAway: the client comes to another gateway, or to this one again, when the wait is over, and meanwhile goes on receiving here, so that nothing is lost in between.
func (l *link) goes(m *tickgatev1.GoingAway) error {
	wait := time.Duration(m.GetRetryAfterMs()) * time.Millisecond
	switch {
	case l.goingAway != "":
		return nil
	case m.GetReason() != "":
		l.goingAway = m.GetReason()
	default:
		l.goingAway = "it does not say why"
	}
	l.retryAt = time.Now().Add(wait)
	if !l.begun {
		return errLeaving // before it was of any use
	}
	time.AfterFunc(wait, func() { close(l.leave) })
	return nil
}

// mostAstray is how long a client stays with a gateway that has lost its bus while there are others. It doubles with each that has lost it, too, up to 48 s.
const mostAstray = 3 * time.Second

// followBus has the client look for another gateway when this one says for too long that it has lost its bus.
func (l *link) followBus(worth outlook) {
	switch {
	case len(l.client.options.addresses) == 1:
	case worth == someCurrent:
		if l.client.astray.Load() != 0 {
			l.client.astray.Store(0)
		}
		l.foundBus()
	case worth == allStale:
		l.foundBus()
	case l.lost == nil:
		wait := mostAstray << min(l.client.astray.Load(), 4)
		l.lost = time.AfterFunc(wait+rand.N(wait/5), func() { signal(l.astray) })
	}
}

func (l *link) foundBus() {
	if l.lost != nil {
		l.lost.Stop()
		l.lost = nil
	}
}

// hears notes a sign of life.
func (l *link) hears() { l.heard.Store(int64(time.Since(l.began))) }

// watch ends the link when the gateway has been silent for two of its heartbeats.
func (l *link) watch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.beatSet:
		case <-timer.C:
		}
		silent, most := time.Since(l.began)-time.Duration(l.heard.Load()), 2*time.Duration(l.beat.Load())
		if silent >= most {
			l.cancel(fmt.Errorf("%w (%v)", errSilent, silent.Round(time.Millisecond)))
			return
		}
		timer.Reset(most - silent)
	}
}
