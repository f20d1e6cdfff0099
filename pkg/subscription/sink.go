package subscription

import (
	"time"

	"tickgate/pkg/tick"
)

// Sink is where a session's output goes: it encodes and sends. Its methods are called by the session's worker only, and must not block. Whatever a method hands
// to the transport it first reports with Session.Handed, and the transport reports Session.Left when it has gone. The Send methods are called only
// while Session.CanHand; a command, and Care, ask it themselves.
type Sink interface {
	// Begin starts a batch, whose ts_send is now. It may come to nothing.
	Begin(now time.Time)
	// Announce adds an instrument to the batch in the making: its scales, epoch and state hold from here on.
	Announce(s *Symbol, r *tick.Record, state *State)
	// Append adds an update to the batch in the making.
	Append(u *Update) Room
	// SendBatch hands over the batch in the making. The next Begin comes when every message has left.
	SendBatch(streamSequence uint64)
	// SendGap hands over a gap. It goes before the batch in the making, which goes on with what follows the gap.
	SendGap(g Gap)
	// SendState hands over the state of one symbol, or with s nil of all that are subscribed.
	SendState(s *Symbol, state *State)
	// Recycle says that every message handed over has left, and the memory of those that left before may be used again.
	Recycle()
	// Care is called at every housekeeping, for what goes by the clock: stalls, heartbeats, periodic reports.
	Care(now time.Time)
}

// Room says whether a batch can take more.
type Room uint8

// The answers of Append.
const (
	MoreRoom Room = iota
	Full          // the update was taken, and is the last
)

// HeldCause says what holds a session's updates back.
type HeldCause uint8

// The causes; the numbers are those of the API's NoticeCause.
const (
	HeldByTransport HeldCause = iota + 1
	HeldByAcknowledgement
)

// Update is what a sink encodes; it and what it points to are good until Append returns.
type Update struct {
	Symbol    *Symbol
	Record    *tick.Record
	Sequence  uint64       // the record's; 0: the client works it out
	Changed   tick.Changes // the groups to send
	Conflated uint64       // events merged into it beside the newest
	Snapshot  bool         // full state
}

// GapReason says why events are missing; the numbers are those of the API.
type GapReason uint8

// The reasons.
const (
	GapFeed GapReason = iota + 1
	GapLapped
	GapEpoch
	GapResume
)

// Gap says that events between two updates will not come.
type Gap struct {
	Symbol   *Symbol
	From, To uint64    // sequences; 0: not known
	Missing  uint64    // 0: not known
	Reason   GapReason // GapEpoch and GapResume begin a new account: a snapshot follows, and what is missing before it is not counted
}
