package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// ReplayOptions say what to play back.
type ReplayOptions struct {
	Symbols []string
	// From is the first time that is played, of the events; zero: the beginning of the recording. To is the first that is not; zero: all that the recording holds when it is opened.
	From, To time.Time
	// Live goes over to the live market when the playback has caught up with it, which needs a speed above 1. There is no To then.
	Live bool
	// Speed is seconds of the market in one second; 0: 1. Unpaced plays as fast as the application takes events.
	Speed float64
	// Kinds of events; 0: all.
	Kinds Kinds
	// Conflation by the playback's clock: Every(interval). The zero value, Latest and AllEvents play every event.
	Conflation Conflation
}

// Unpaced is the speed at which nothing is waited for but the application.
func Unpaced() float64 { return math.Inf(1) }

// ReplayRefusedError says that a command of a playback was not taken; it has changed nothing.
type ReplayRefusedError struct {
	Reason string // such as RANGE, SPEED, SEEK_OUTSIDE, NO_RECORDING
	Detail string // in words, with what is allowed
}

// Error says why.
func (e *ReplayRefusedError) Error() string {
	return fmt.Sprintf("client: replay: %s: %s", e.Reason, e.Detail)
}

func replayRefused(m *tickgatev1.ReplayRefused) error {
	return &ReplayRefusedError{Reason: strings.TrimPrefix(m.GetReason().String(), "REPLAY_REFUSAL_REASON_"), Detail: m.GetDetail()}
}

// Replay is a playback of what a gateway has recorded. Events belongs to one goroutine at a time, and Err to it; all else may be called from any.
type Replay struct {
	// Immutable.
	conn     *grpc.ClientConn
	stream   tickgatev1.MarketData_ReplayClient
	cancel   context.CancelFunc
	rejected []Rejection

	sending sync.Mutex // held while a command is sent
	clock   atomic.Int64
	closed  atomic.Bool

	// Owned by the goroutine of Events.
	received received
	ids      map[uint32]*instrument
	symbols  map[string]*replayed
	head     batchHead // of the batch that is being read
	updates  fields    // that were not taken of it yet
	update   update    // that is being read
	err      error
}

// replayed is one symbol of a playback.
type replayed struct {
	entry   entry
	missing uint64 // events before its next update
}

// Replay opens a playback on a connection of its own, to the gateway that the client is connected with. It lives until Close, or until ctx is done. Symbols that the recording does not have
// are left out, and named by Rejected; if it has none of them the error is a RejectedError. A ReplayRefusedError says what is wrong with the options.
func (c *Client) Replay(ctx context.Context, o ReplayOptions) (*Replay, error) {
	l, err := c.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	r, err := c.openReplay(ctx, l.endpoint.address)
	if err != nil {
		return nil, err
	}
	if err := r.open(o); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (c *Client) openReplay(ctx context.Context, address string) (r *Replay, err error) {
	dial := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
		grpc.WithStaticStreamWindowSize(64 << 10), // what is not taken yet should be with the gateway, where a pause can hold it back
	}, c.options.dial...)
	r = &Replay{ids: make(map[uint32]*instrument), symbols: make(map[string]*replayed)}
	if r.conn, err = grpc.NewClient("passthrough:///"+address, dial...); err != nil {
		return nil, fmt.Errorf("client: %s: %w", address, err)
	}
	ctx, r.cancel = context.WithCancel(ctx)
	if c.options.name != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "client-id", c.options.name)
	}
	if r.stream, err = tickgatev1.NewMarketDataClient(r.conn).Replay(ctx, grpc.ForceCodecV2(newCodec())); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Replay) open(o ReplayOptions) error {
	symbols, refused := valid(o.Symbols)
	if o.Kinds == 0 {
		o.Kinds = AllKinds
	}
	open := &tickgatev1.ReplayOpen{
		Symbols: symbols, From: nanos(o.From), To: nanos(o.To), Live: o.Live, Kinds: o.Kinds.message(), Conflation: o.Conflation.message(),
	}
	if o.Speed != 0 {
		open.Speed = &o.Speed
	}
	if err := r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Open{Open: open}}); err != nil {
		return err
	}
	m, err := r.message()
	switch {
	case err != nil:
		return err
	case m.GetRefused() != nil:
		return replayRefused(m.GetRefused())
	}
	opened := m.GetOpened()
	for _, symbol := range opened.GetAccepted() {
		r.symbols[symbol] = &replayed{entry: entry{ticker: Ticker{Symbol: symbol, State: Pending, Reason: NotSeen}}}
	}
	err = rejected(append(refused, opened.GetRejected()...))
	var some *RejectedError
	if errors.As(err, &some) && len(opened.GetAccepted()) > 0 {
		r.rejected, err = some.Rejections, nil
	}
	return err
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// message receives one that is not a batch.
func (r *Replay) message() (*tickgatev1.ReplayEvent, error) {
	m := &tickgatev1.ReplayEvent{}
	if err := r.stream.RecvMsg(m); err != nil {
		return nil, err
	}
	r.clock.Store(m.GetClock())
	return m, nil
}

// Rejected returns the symbols that are not played.
func (r *Replay) Rejected() []Rejection { return r.rejected }

// Clock returns what the playback's clock showed when the application took the newest event.
func (r *Replay) Clock() time.Time { return time.Unix(0, r.clock.Load()) }

// Err returns why Events has ended; nil: the playback was closed.
func (r *Replay) Err() error { return r.err }

// Close ends the playback.
func (r *Replay) Close() {
	r.closed.Store(true)
	r.cancel()
	_ = r.conn.Close()
}

// Pause stops the clock. Like every command it returns when it is sent; the answer comes among the events.
func (r *Replay) Pause() error {
	return r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Pause{Pause: &tickgatev1.ReplayPause{}}})
}

// Resume lets the clock go on.
func (r *Replay) Resume() error {
	return r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Resume{Resume: &tickgatev1.ReplayResume{}}})
}

// Seek goes to another time between From and To; zero: to From. Tickers begin anew with what comes after it.
func (r *Replay) Seek(to time.Time) error {
	return r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Seek{Seek: &tickgatev1.ReplaySeek{To: nanos(to)}}})
}

// SetSpeed changes the speed; Unpaced is as fast as the application takes events.
func (r *Replay) SetSpeed(speed float64) error {
	return r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_SetSpeed{SetSpeed: &tickgatev1.ReplaySetSpeed{Speed: speed}}})
}

func (r *Replay) send(m *tickgatev1.ReplayCommand) error {
	r.sending.Lock()
	defer r.sending.Unlock()
	m.RequestId = 1                                                     // answers differ from what comes by itself
	if err := r.stream.Send(m); err != nil && !errors.Is(err, io.EOF) { // which means that receiving says why
		return err
	}
	return nil
}
