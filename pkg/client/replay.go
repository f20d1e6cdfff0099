package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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

// Replay is a playback of what gateways have recorded. Events belongs to one goroutine at a time, and Err to it; all else may be called from any.
type Replay struct {
	// Immutable.
	client   *Client
	options  ReplayOptions
	opens    *tickgatev1.ReplayOpen
	ctx      context.Context
	cancel   context.CancelFunc
	rejected []Rejection
	symbols  map[string]*replayed

	clock  atomic.Int64
	closed atomic.Bool

	// sending guards the fields below, and is held while a command is sent.
	sending  sync.Mutex
	call     *replayCall                 // that commands go over; nil: it is being opened again
	lastID   uint64                      // of a command
	unplayed []*tickgatev1.ReplayCommand // those that were not answered, oldest first

	// Owned by the goroutine of Events.
	from     *replayCall // that events come from
	received received
	ids      map[uint32]*instrument
	head     batchHead // of the batch that is being read
	updates  fields    // that were not taken of it yet
	update   update    // that is being read
	place    place
	err      error
}

// replayed is one symbol of a playback.
type replayed struct {
	entry   entry
	missing uint64    // events before its next update
	gap     GapReason // why
	newest  position  // that was taken
	again   position  // newest when the playback was opened again; zero: an update has come since, or it was not
	known   position  // newest when a playback of the live market was opened again
}

// Replay opens a playback on a connection of its own, to the gateway that the client is connected with. It lives until Close, or until ctx is done: when its gateway goes away it is opened again where it
// was, at the one that the client is connected with then (ReplayMoved). Symbols that the recording does not have are left out, and named by Rejected; if it has none of them the error is a RejectedError.
// A ReplayRefusedError says what is wrong with the options.
func (c *Client) Replay(ctx context.Context, o ReplayOptions) (*Replay, error) {
	l, err := c.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	if o.Kinds == 0 {
		o.Kinds = AllKinds
	}
	symbols, refused := valid(o.Symbols)
	r := &Replay{client: c, options: o, ids: make(map[uint32]*instrument), symbols: make(map[string]*replayed)}
	r.opens = &tickgatev1.ReplayOpen{
		Symbols: symbols, From: nanos(o.From), To: nanos(o.To), Live: o.Live, Kinds: o.Kinds.message(), Conflation: o.Conflation.message(),
	}
	if o.Speed != 0 {
		r.opens.Speed = &o.Speed
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if err := r.begin(l.endpoint.address, refused); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// begin opens the playback for the first time.
func (r *Replay) begin(address string, refused []*tickgatev1.Rejection) error {
	call, err := r.client.callReplay(r.ctx, address)
	if err != nil {
		return err
	}
	r.call, r.from = call, call
	m, err := call.open(r.opens)
	if err != nil {
		return err
	}
	r.clock.Store(m.GetClock())
	opened := m.GetOpened()
	for _, symbol := range opened.GetAccepted() {
		r.symbols[symbol] = &replayed{entry: entry{ticker: Ticker{Symbol: symbol, State: Pending, Reason: NotSeen}}}
	}
	r.place.begin(r.options, opened)
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
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.call != nil {
		r.call.end()
	}
}

// Pause stops the clock. Like every command it returns when it is sent; the answer comes among the events. A command that its gateway has not answered before it went away is sent to the next one.
func (r *Replay) Pause() error {
	return r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Pause{Pause: &tickgatev1.ReplayPause{}}})
}

// Resume lets the clock go on.
func (r *Replay) Resume() error {
	return r.send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Resume{Resume: &tickgatev1.ReplayResume{}}})
}

// Seek goes to another time between From and To; zero: to From. Tickers begin anew with what comes after it.
func (r *Replay) Seek(to time.Time) error {
	return r.send(seekTo(nanos(to)))
}

func seekTo(at int64) *tickgatev1.ReplayCommand {
	return &tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Seek{Seek: &tickgatev1.ReplaySeek{To: at}}}
}

// SetSpeed changes the speed; Unpaced is as fast as the application takes events.
func (r *Replay) SetSpeed(speed float64) error {
	return r.send(speedOf(speed))
}

func speedOf(speed float64) *tickgatev1.ReplayCommand {
	return &tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_SetSpeed{SetSpeed: &tickgatev1.ReplaySetSpeed{Speed: speed}}}
}

// mostUnplayed commands may wait for an answer.
const mostUnplayed = 1000

func (r *Replay) send(m *tickgatev1.ReplayCommand) error {
	r.sending.Lock()
	defer r.sending.Unlock()
	if len(r.unplayed) == mostUnplayed {
		return fmt.Errorf("%w: %d commands wait for an answer", ErrUnavailable, mostUnplayed)
	}
	r.lastID++
	m.RequestId = r.lastID
	r.unplayed = append(r.unplayed, m)
	if r.call == nil {
		return nil
	}
	return r.call.send(m)
}

// answered forgets the commands up to one that was answered, which it returns; nil: it is none of those that wait.
func (r *Replay) answered(id uint64) *tickgatev1.ReplayCommand {
	r.sending.Lock()
	defer r.sending.Unlock()
	for i, m := range r.unplayed {
		if m.GetRequestId() == id {
			r.unplayed = r.unplayed[i+1:]
			return m
		}
	}
	return nil
}
