package subscription

import "tickgate/pkg/tick"

// MarketState says what the value of a symbol is worth; the numbers are those of the API.
type MarketState uint8

// The market states.
const (
	Live MarketState = iota + 1
	Stale
	Halted
	Pending
)

// String returns the name in lower case.
func (s MarketState) String() string {
	switch s {
	case Live:
		return "live"
	case Stale:
		return "stale"
	case Halted:
		return "halted"
	case Pending:
		return "pending"
	}
	return "unknown"
}

// StateReason says why a state was entered; the numbers are those of the API.
type StateReason uint8

// The reasons.
const (
	FeedLive StateReason = iota + 1
	FeedSilent
	BusLost
	Venue
	NotSeen
)

// State is immutable once it is set on a symbol; one value may be shared by many symbols. Sessions compare pointers to see whether
// there is anything to tell.
type State struct {
	Market MarketState
	Reason StateReason
	Since  tick.Time // gateway's clock
}

// neverSeen is the state of a symbol that only clients have named.
var neverSeen = &State{Market: Pending, Reason: NotSeen}
