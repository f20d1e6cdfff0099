package tick

// Kind is a group of fields that changes together; it is also a token of the bus subject.
type Kind uint8

// The kinds of events.
const (
	KindQuote Kind = iota + 1
	KindTrade
	KindStatus
)

// String returns the subject token of the kind.
func (k Kind) String() string {
	switch k {
	case KindQuote:
		return "quote"
	case KindTrade:
		return "trade"
	case KindStatus:
		return "status"
	}
	return "unknown"
}

// ParseKind is the inverse of String; it returns 0 for anything else.
func ParseKind(s string) Kind {
	switch s {
	case "quote":
		return KindQuote
	case "trade":
		return KindTrade
	case "status":
		return KindStatus
	}
	return 0
}

// Side is the aggressor of a trade; the numbers are those of the API.
type Side uint8

// The sides.
const (
	SideUnknown Side = iota
	SideBuy
	SideSell
)

// TradingStatus is what the venue says of an instrument; the numbers are those of the API.
type TradingStatus uint8

// The trading statuses.
const (
	StatusUnknown TradingStatus = iota
	StatusTrading
	StatusHalted
	StatusAuction
	StatusClosed
)

// Amount is an optional mantissa: absent is not zero.
type Amount struct {
	Mantissa int64
	Present  bool
}

// Some returns a present Amount.
func Some(mantissa int64) Amount { return Amount{Mantissa: mantissa, Present: true} }

// Scales are the decimal digits of the mantissas of one event or record, 0 to MaxScale each.
type Scales struct {
	Price    uint8
	Size     uint8
	Turnover uint8
}

// Quote is a whole best bid and offer. A side without a price is empty.
type Quote struct {
	BidPrice, BidSize, AskPrice, AskSize Amount
}

// Stats are the session's cumulative figures as the publisher counts them.
type Stats struct {
	Volume, TradeCount, Turnover, Open, High, Low Amount
}

// Trade is one trade and the session's figures after it.
type Trade struct {
	Price, Size int64
	Aggressor   Side
	Stats       Stats
}

// Event is one change of one symbol as a publisher sends it. Only the part that Kind names counts.
type Event struct {
	Kind     Kind
	Scales   Scales
	Epoch    uint64 // the publisher's start, UTC nanoseconds
	Sequence uint64 // per symbol over all kinds, from 1 in each epoch
	TsEvent  Time   // the venue's time
	Quote    Quote
	Trade    Trade
	Status   TradingStatus
}

// Time is UTC nanoseconds since 1970-01-01; 0 is absent.
type Time int64
