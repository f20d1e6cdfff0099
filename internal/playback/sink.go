package playback

import (
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Sink is where a playback's output goes. Its methods are called by Player.Run only, and may block: the playback waits. An error ends it.
type Sink interface {
	// Batch sends updates of one moment of the playback's clock. They are the sink's until it returns.
	Batch(clock tick.Time, updates []Update) error
	// Gap says what is missing before the next update of a symbol.
	Gap(clock tick.Time, s *Symbol, from, to, missing uint64) error
	// State answers a command, or shows the clock.
	State(command uint64, s State) error
	// Refuse answers a command that changes nothing.
	Refuse(command uint64, clock tick.Time, why error) error
	// EndOfData says that all is played.
	EndOfData(s State) error
	// JoinedLive says that the playback has caught up.
	JoinedLive(s State) error
}

// Update is what is sent of a symbol: its record, and what has changed of it.
type Update struct {
	Symbol    *Symbol
	Record    tick.Record // TsRecv is when the event was recorded
	Changed   tick.Changes
	Conflated uint64
	Snapshot  bool
	Announce  bool // the instrument, first
}

// Phase is what a playback does; the numbers are those of the API.
type Phase uint8

// The phases.
const (
	Playing Phase = iota + 1
	Paused
	Ended
	Live
)

// State says where a playback stands.
type State struct {
	Clock  tick.Time
	Phase  Phase
	Speed  pace.Speed
	Played uint64
	Late   uint64
}
