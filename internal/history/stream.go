package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"

	"tickgate/pkg/tick"
)

// stream is what holds within one stream of the client's log.
type stream struct {
	lastStreamSequence uint64

	// Commands not yet answered, in the order in which they were sent.
	awaited []command
	// Parts of the SubscriptionList that is being answered.
	listed []*tickgatev1.Subscription
	// The LatencyRequest that is answered again and again.
	periodicReports bool
	periodicID      uint64

	symbols       map[uint32]string // by instrument id, also after an unsubscribe
	subscriptions map[string]*subscription
	newest        map[string]point // of the updates received, also after an unsubscribe
}

func newStream() *stream {
	return &stream{
		symbols:       make(map[uint32]string),
		subscriptions: make(map[string]*subscription),
		newest:        make(map[string]point),
	}
}

// subscription is what holds of a symbol from a SubscribeResult on.
type subscription struct {
	symbol string

	// The instrument in force.
	scales     tick.Scales
	epoch      uint64
	state      tickgatev1.MarketState
	staleSince int64 // State.since, gateway's clock; 0: not said

	// As granted.
	kinds          kindSet
	policy         tickgatev1.ConflationPolicy
	intervalMillis int64

	subscribedEpoch uint64 // in force when it was subscribed; 0: PENDING

	// Where the accounting stands.
	first  bool   // no update yet
	resume *point // what the client asked to resume from; nil: it did not
	last   point  // of the last update, or resume
	gaps   gaps   // since the last update

	// mayConflate allows the next update under NONE to merge events: it reads the newest value anew.
	mayConflate bool
	// follows allows the next update to leave its sequence out: the client has asked for that, and there is an update that it follows from.
	implied, follows bool

	pace         pace // under the grant in force
	lastPosition int  // entry of the last update; -1: none
}

// gaps sums up the gaps announced since the last update.
type gaps struct {
	missing     uint64
	feedMissing uint64 // part of it
	to          uint64 // greatest Gap.to
	reasons     map[tickgatev1.GapReason]bool
}

func (g *gaps) told(reason tickgatev1.GapReason) bool { return g.reasons[reason] }

// newAccount reports whether a gap has said that numbers before it and after it cannot be compared.
func (g *gaps) newAccount() bool {
	return g.told(tickgatev1.GapReason_GAP_REASON_EPOCH) || g.told(tickgatev1.GapReason_GAP_REASON_RESUME)
}

func (s *subscription) grant(granted *tickgatev1.Conflation) {
	s.policy, s.intervalMillis = granted.GetPolicy(), granted.GetIntervalMs()
	s.pace = pace{}
	s.mayConflate = true
}

// enter takes the state that the symbol is said to be in.
func (s *subscription) enter(state tickgatev1.MarketState, since int64) {
	if state == tickgatev1.MarketState_MARKET_STATE_UNSPECIFIED {
		return
	}
	if s.withoutValue() {
		s.mayConflate = true
	}
	if state != s.state || since != 0 { // an instrument repeats the state without its since
		s.staleSince = since
	}
	s.state = state
}

// withoutValue reports whether the client was told not to rely on the value.
func (s *subscription) withoutValue() bool {
	return s.state == tickgatev1.MarketState_MARKET_STATE_STALE || s.state == tickgatev1.MarketState_MARKET_STATE_PENDING
}

// commit makes an update the last one.
func (s *subscription) commit(now point, position int) {
	s.last, s.first, s.mayConflate, s.follows = now, false, false, s.implied
	s.gaps = gaps{}
	s.lastPosition = position
}

func scalesOf(i *tickgatev1.Instrument) tick.Scales {
	return tick.Scales{Price: uint8(i.GetPriceScale()), Size: uint8(i.GetSizeScale()), Turnover: uint8(i.GetTurnoverScale())}
}

// announce takes an instrument that a batch announces anew.
func (c *checker) announce(i *tickgatev1.Instrument) {
	c.bindID(i)
	sub := c.stream.subscriptions[i.GetSymbol()]
	if sub == nil {
		return
	}
	sub.scales, sub.epoch, sub.follows = scalesOf(i), i.GetEpoch(), false
	sub.staleSince = 0 // what comes with the instrument comes in the state that it says
	sub.enter(i.GetState(), 0)
	c.checkClaim(sub)
}

func (c *checker) bindID(i *tickgatev1.Instrument) {
	if i.GetId() == 0 && i.GetState() == tickgatev1.MarketState_MARKET_STATE_PENDING {
		return // it has no id yet
	}
	if symbol, bound := c.stream.symbols[i.GetId()]; bound && symbol != i.GetSymbol() {
		c.violate(RuleSubscribedOnly, i.GetSymbol(), "instrument id %d already names %q on this stream", i.GetId(), symbol)
	}
	c.stream.symbols[i.GetId()] = i.GetSymbol()
}

// subscribe takes an accepted symbol of a SubscribeResult.
func (c *checker) subscribe(i *tickgatev1.Instrument, wish *tickgatev1.Subscribe, granted *tickgatev1.Conflation) {
	c.bindID(i)
	symbol := i.GetSymbol()
	sub := &subscription{
		symbol: symbol,
		scales: scalesOf(i), epoch: i.GetEpoch(), state: tickgatev1.MarketState_MARKET_STATE_LIVE,
		kinds:           kindsOf(wish.GetKinds()),
		implied:         wish.GetImplySequences(),
		subscribedEpoch: i.GetEpoch(),
		first:           true, lastPosition: -1,
	}
	sub.enter(i.GetState(), 0)
	sub.grant(granted)
	for _, r := range wish.GetResume() {
		if r.GetSymbol() == symbol && r.GetEpoch() != 0 && r.GetLastSequence() != 0 {
			c.resume(sub, point{epoch: r.GetEpoch(), sequence: r.GetLastSequence()})
		}
	}
	c.stream.subscriptions[symbol] = sub
	c.checkClaim(sub)
}

// resume puts a subscription, and what is held, where the client says it stands.
func (c *checker) resume(sub *subscription, from point) {
	sub.resume, sub.last, sub.mayConflate = &from, from, false
	h := c.holding(sub.symbol)
	if h.known && h.at == from && sub.kinds&^h.kinds == 0 {
		return
	}
	*h = c.reconstruct(sub.symbol, from)
}

// reconstruct rebuilds from the publisher's log what a client holds that stopped at a point. It is not known if the log does not have it all.
func (c *checker) reconstruct(symbol string, from point) holding {
	h := holding{at: from, kinds: allKinds}
	log := c.published.epochLocked(symbol, from.epoch)
	if log == nil || log.first != 1 || !log.published(from.sequence) {
		return h
	}
	h.known = true
	h.ticker.scales = log.greatest
	for _, kind := range everyKind {
		e, _ := log.newest(kind, from.sequence)
		for i, value := range e.values {
			f := e.first + field(i)
			scaled, err := tick.Decimal{Mantissa: value, Scale: scaleOf(f, e.scales)}.Rescale(scaleOf(f, log.greatest))
			if (e.present | e.carried).has(f) {
				h.known = h.known && err == nil
				h.ticker.set(f, scaled)
			}
		}
	}
	return h
}
