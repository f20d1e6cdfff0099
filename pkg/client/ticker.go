package client

import "time"

// State says what a ticker is worth; the numbers are those of the API.
type State uint8

// The states.
const (
	Live    State = iota + 1 // the value is current
	Stale                    // the value may no longer be true
	Halted                   // trading is halted; the value stands
	Pending                  // the feed has not sent the symbol yet
)

// String returns the state in lower case.
func (s State) String() string { return nameOf(s, "unknown", "live", "stale", "halted", "pending") }

// Reason says why a ticker has its state; the numbers are those of the API, but for Disconnected.
type Reason uint8

// The reasons.
const (
	FeedLive     Reason = iota + 1
	FeedSilent          // the symbol's publisher has been silent for too long
	BusLost             // the gateway has lost its bus
	Venue               // the venue says so
	NotSeen             // the feed has not sent the symbol since the gateway started
	Disconnected        // this client has no connection
)

// String returns the reason in lower case.
func (r Reason) String() string {
	return nameOf(r, "", "feed live", "feed silent", "bus lost", "venue", "not seen", "disconnected")
}

// Side is who took liquidity in a trade; the numbers are those of the API.
type Side uint8

// The sides. 0: the feed does not say.
const (
	Buy Side = iota + 1
	Sell
)

// String returns the side in lower case.
func (s Side) String() string { return nameOf(s, "", "buy", "sell") }

// TradingStatus is what the venue says of an instrument; the numbers are those of the API.
type TradingStatus uint8

// The statuses. 0: not known.
const (
	Trading TradingStatus = iota + 1
	TradingHalted
	Auction
	Closed
)

// String returns the status in lower case.
func (s TradingStatus) String() string {
	return nameOf(s, "", "trading", "halted", "auction", "closed")
}

func nameOf[E ~uint8](e E, names ...string) string {
	if int(e) < len(names) {
		return names[e]
	}
	return "unknown"
}

// Ticker is everything that is known of a symbol.
type Ticker struct {
	Symbol string
	State  State
	Reason Reason

	Bid, BidSize, Ask, AskSize Decimal // none: that side is empty
	Last, LastSize             Decimal
	Aggressor                  Side
	Volume, Turnover           Decimal // of the session
	Open, High, Low            Decimal
	Trades                     uint64
	Status                     TradingStatus

	Epoch    uint64 // the publisher's start; sequences are comparable within one
	Sequence uint64 // the publisher's number of the newest event in it; 0: there is no value yet

	EventTime time.Time // the venue's; zero: not given
	RecvTime  time.Time // the gateway's, of the newest event
	Received  time.Time // this client's; zero: never
	// AgeWhenSent is how long the gateway had had the newest event when it sent it: it waits for its interval, and a snapshot may be of long ago.
	AgeWhenSent time.Duration

	// What this client has counted since it subscribed: updates received, feed events that the gateway merged into them, events that will not come.
	Updates, Conflated, Missing uint64
}

// Spread is the distance from bid to ask; negative if they are crossed, none if a side is empty.
func (t *Ticker) Spread() Decimal { return t.Ask.minus(t.Bid) }

// Change is the last price against the session's first.
func (t *Ticker) Change() Decimal { return t.Last.minus(t.Open) }

// Age is how long ago the gateway received the newest event, but for its time on the way here; 0 if there was none. It compares no two machines' clocks, and where now is of time.Now no steps
// of this one's.
func (t *Ticker) Age(now time.Time) time.Duration {
	if t.Received.IsZero() {
		return 0
	}
	return t.AgeWhenSent + now.Sub(t.Received)
}

// Changes says which groups of a ticker an update concerns.
type Changes uint8

// The groups.
const (
	QuoteChanged Changes = 1 << iota
	TradeChanged
	StatsChanged
	StatusChanged
	StateChanged
	IsSnapshot // full state
)

// Update is a ticker with what has happened to it since the application took it last.
type Update struct {
	Ticker
	Changed Changes
	// Merged is how many feed events it stands for beside the newest one: conflated by the gateway, and here while the application was busy. With AllEvents those are missing instead.
	Merged uint64
	// MissingNow is how many events will not come, of those since the last update that was taken; GapReason says why. 0 with a reason: not known how many.
	MissingNow uint64
	GapReason  GapReason
}

// GapReason says why events are missing; the numbers are those of the API, but for GapSlow.
type GapReason uint8

// The reasons. 0: nothing is missing.
const (
	GapFeed   GapReason = iota + 1 // the feed's own sequence had a hole
	GapLapped                      // a reader of all events was overtaken
	GapEpoch                       // the publisher started anew
	GapResume                      // the gateway does not know where this client was

	GapSlow GapReason = 100 // the application took events of AllEvents too slowly; not of the API
)

// String returns the reason in lower case.
func (r GapReason) String() string {
	if r == GapSlow {
		return "slow"
	}
	return nameOf(r, "", "feed", "lapped", "epoch", "resume")
}
