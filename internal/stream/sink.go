package stream

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/latency"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// session is the subscription.Sink of its stream; the methods of this file run on the flush worker.
var _ subscription.Sink = (*session)(nil)

// Begin implements subscription.Sink.
func (x *session) Begin(now time.Time) { x.makingAt = now }

// Announce implements subscription.Sink.
func (x *session) Announce(s *subscription.Symbol, r *tick.Record, state *subscription.State) {
	x.open()
	x.batch.Instrument(s.Name(), s.ID(), r, uint8(state.Market))
}

// Append implements subscription.Sink.
func (x *session) Append(u *subscription.Update) subscription.Room {
	x.open()
	x.batch.Update(u.Symbol.ID(), u.Sequence, u.Record, u.Changed, u.Conflated, u.Snapshot)
	x.making.received = append(x.making.received, int64(u.Record.TsRecv))
	if x.latency != nil && u.Record.TsEvent != 0 {
		x.latency.recorder.Record(latency.VenueToGateway, int64(u.Record.TsRecv-u.Record.TsEvent))
	}
	if x.batch.Len() >= subscription.MaxBatchBytes {
		return subscription.Full
	}
	return subscription.MoreRoom
}

// open takes a frame for the batch in the making, if there is none yet.
func (x *session) open() {
	if x.making == nil {
		x.making = x.worker.frames.take(x)
		x.batch.Begin(x.making.buf, tick.Time(x.makingAt.UnixNano()))
	}
}

// SendBatch implements subscription.Sink.
func (x *session) SendBatch(streamSequence uint64) {
	f := x.making
	x.making = nil
	f.message = x.batch.Finish(streamSequence)
	f.buf = x.batch.Memory() // it may have outgrown what the frame gave
	x.hand(f)
}

// SendGap implements subscription.Sink.
func (x *session) SendGap(g subscription.Gap) {
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Gap{Gap: &tickgatev1.Gap{
		Symbol: g.Symbol.Name(), From: g.From, To: g.To, Missing: g.Missing, Reason: tickgatev1.GapReason(g.Reason),
	}}})
}

// SendState implements subscription.Sink.
func (x *session) SendState(s *subscription.Symbol, state *subscription.State) {
	name := "" // all
	if s != nil {
		name = s.Name()
	}
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_State{State: &tickgatev1.State{
		Symbol: name,
		State:  tickgatev1.MarketState(state.Market),
		Reason: tickgatev1.StateReason(state.Reason),
		Since:  int64(state.Since),
	}}})
}

// Recycle implements subscription.Sink: frames have left, and their sent times are known. It is also called before every frame handed over, so that
// the frames kept are those in flight, even when there is always one.
func (x *session) Recycle() {
	left := 0
	for left < len(x.flying) && x.flying[left].sent.Load() != 0 {
		x.recordSent(x.flying[left])
		x.worker.frames.give(x.flying[left])
		left++
	}
	x.flying = slices.Delete(x.flying, 0, left)
}

// recordSent records how long the values in a frame took through the gateway.
func (x *session) recordSent(f *Frame) {
	recorder := x.worker.recorder
	sent := f.sent.Load()
	for _, received := range f.received {
		recorder.Record(latency.Gateway, sent-received)
		if x.latency != nil {
			x.latency.recorder.Record(latency.Gateway, sent-received)
		}
	}
}

// oldestInFlight returns when the frame that has been with the face for longest was handed over; zero if all have left.
func (x *session) oldestInFlight() time.Time {
	for _, f := range x.flying {
		if f.sent.Load() == 0 {
			return f.handed
		}
	}
	return time.Time{}
}

// answer encodes a message and hands it over. It is called only while the session can hand over one more.
func (x *session) answer(message *tickgatev1.ServerMessage) {
	f := x.worker.frames.take(x)
	encoded, err := proto.MarshalOptions{}.MarshalAppend(f.buf[:0], message)
	if err != nil { // a string that is not UTF-8, which Printable rules out
		x.worker.frames.give(f)
		x.end(err)
		return
	}
	f.message, f.buf = encoded, encoded
	x.hand(f)
}

// hand gives the frame to the face. An error means that the stream is over, and the
// handler knows.
func (x *session) hand(f *Frame) {
	x.Recycle()
	f.handed = x.server.now()
	x.flying = append(x.flying, f)
	x.lastSent = f.handed
	x.worker.bytesSent.Add(uint64(len(f.message)))
	x.subscriptions.Handed(f.weight())
	if err := x.face.Send(f); err != nil {
		x.end(err)
	}
}
