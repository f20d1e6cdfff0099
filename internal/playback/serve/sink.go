package serve

import (
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/mem"

	"tickgate/internal/playback"
	"tickgate/internal/stream"
	"tickgate/internal/wire"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// sink is the playback.Sink of a call.
type sink struct {
	call     call
	watchdog *time.Timer // closes the connection; it runs while a message is being sent

	// mu guards the fields below.
	mu      sync.Mutex
	stall   time.Duration
	sending bool

	// Owned by the handler.
	batch    wire.Batch
	sequence uint64 // of batches
}

var _ playback.Sink = (*sink)(nil)

func newSink(c call, stall time.Duration) *sink {
	s := &sink{call: c, stall: stall, watchdog: time.AfterFunc(stall, func() { stream.Disconnect(c.Context()) })}
	s.watchdog.Stop()
	return s
}

// send sends a message, and waits until the client has room for it.
func (s *sink) send(m any) error {
	s.begin()
	defer s.done()
	return s.call.SendMsg(m)
}

func (s *sink) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = true
	s.watchdog.Reset(s.stall)
}

func (s *sink) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = false
	s.watchdog.Stop()
}

// hurry lets messages wait no longer than so, the one that is being sent included.
func (s *sink) hurry(stall time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stall = stall
	if s.sending {
		s.watchdog.Reset(stall)
	}
}

// encoded is a message that is encoded already, in memory of gRPC's pool.
type encoded struct{ buf []byte }

// Encoded implements stream.Encoded.
func (e *encoded) Encoded() mem.BufferSlice {
	return mem.BufferSlice{mem.NewBuffer(&e.buf, mem.DefaultBufferPool())}
}

// Batch implements playback.Sink. Its ts_send is when the newest of the updates was recorded, so that what is sent depends on the recording alone.
func (s *sink) Batch(clock tick.Time, updates []playback.Update) error {
	var newest tick.Time
	for i := range updates {
		newest = max(newest, updates[i].Record.TsRecv)
	}
	buf := mem.DefaultBufferPool().Get(len(updates)*wire.MaxUpdateBytes + batchRoom)
	s.batch.Begin((*buf)[:0], newest)
	for i := range updates {
		u := &updates[i]
		if u.Announce {
			s.batch.Instrument(u.Symbol.Name, u.Symbol.ID, &u.Record, uint8(marketState(u.Record.Status)))
		}
		s.batch.Update(u.Symbol.ID, u.Record.Sequence, &u.Record, u.Changed, u.Conflated, u.Snapshot)
	}
	s.sequence++
	return s.send(&encoded{s.batch.FinishReplay(s.sequence, clock)})
}

// batchRoom is for what a batch has beside its updates.
const batchRoom = 64

func marketState(s tick.TradingStatus) tickgatev1.MarketState {
	if s == tick.StatusHalted {
		return tickgatev1.MarketState_MARKET_STATE_HALTED
	}
	return tickgatev1.MarketState_MARKET_STATE_LIVE
}

// Gap implements playback.Sink.
func (s *sink) Gap(clock tick.Time, symbol *playback.Symbol, from, to, missing uint64) error {
	return s.send(&tickgatev1.ReplayEvent{Clock: int64(clock), Event: &tickgatev1.ReplayEvent_Gap{Gap: &tickgatev1.Gap{
		Symbol: symbol.Name, From: from, To: to, Missing: missing, Reason: tickgatev1.GapReason_GAP_REASON_FEED,
	}}})
}

// State implements playback.Sink.
func (s *sink) State(command uint64, state playback.State) error {
	return s.send(&tickgatev1.ReplayEvent{Clock: int64(state.Clock), Event: &tickgatev1.ReplayEvent_State{State: stateMessage(command, state)}})
}

// Refuse implements playback.Sink.
func (s *sink) Refuse(command uint64, clock tick.Time, why error) error {
	return s.send(&tickgatev1.ReplayEvent{Clock: int64(clock), Event: &tickgatev1.ReplayEvent_Refused{
		Refused: &tickgatev1.ReplayRefused{RequestId: command, Reason: refusalOf(why), Detail: why.Error()},
	}})
}

// EndOfData implements playback.Sink.
func (s *sink) EndOfData(state playback.State) error {
	return s.send(&tickgatev1.ReplayEvent{Clock: int64(state.Clock), Event: &tickgatev1.ReplayEvent_EndOfData{
		EndOfData: &tickgatev1.ReplayEndOfData{State: stateMessage(0, state)},
	}})
}

// JoinedLive implements playback.Sink.
func (s *sink) JoinedLive(state playback.State) error {
	return s.send(&tickgatev1.ReplayEvent{Clock: int64(state.Clock), Event: &tickgatev1.ReplayEvent_JoinedLive{
		JoinedLive: &tickgatev1.ReplayJoinedLive{State: stateMessage(0, state)},
	}})
}

// goingAway says from where on the client should open the playback again.
func (s *sink) goingAway(clock tick.Time, m *tickgatev1.GoingAway) error {
	return s.send(&tickgatev1.ReplayEvent{Clock: int64(clock), Event: &tickgatev1.ReplayEvent_GoingAway{GoingAway: m}})
}

func stateMessage(command uint64, s playback.State) *tickgatev1.ReplayState {
	return &tickgatev1.ReplayState{RequestId: command, Phase: tickgatev1.ReplayPhase(s.Phase), Speed: float64(s.Speed), Played: s.Played, Late: s.Late}
}

// refusals is the table from errors of commands to reasons.
var refusals = []struct {
	err    error
	reason tickgatev1.ReplayRefusalReason
}{
	{playback.ErrNotOpen, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_NOT_OPEN},
	{playback.ErrAlreadyOpen, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_ALREADY_OPEN},
	{playback.ErrRange, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_RANGE},
	{playback.ErrSpeed, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SPEED},
	{playback.ErrSeekOutside, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SEEK_OUTSIDE},
	{playback.ErrNoRecording, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_NO_RECORDING},
	{playback.ErrConflation, tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_CONFLATION},
}

// refusalOf returns the reason of a refusal; 0: it is none.
func refusalOf(err error) tickgatev1.ReplayRefusalReason {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	return 0
}
