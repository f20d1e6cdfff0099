package history

import (
	"math"
	"slices"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// silences are the known silences of the feed that are long enough to be told.
type silences struct {
	all []silence
}

type silence struct {
	deadline int64 // from here on a client must have been told, UTC nanoseconds
	to       int64
	symbols  []string
	passed   bool // the deadline was judged
}

func newSilences(options Options) *silences {
	s := &silences{}
	for _, given := range options.Silences {
		deadline := given.From.Add(options.StaleBound)
		if deadline.Before(given.To) {
			s.all = append(s.all, silence{deadline: deadline.UnixNano(), to: given.To.UnixNano(), symbols: given.Symbols})
		}
	}
	return s
}

func (s *silence) covers(symbol string) bool {
	return s.symbols == nil || slices.Contains(s.symbols, symbol)
}

// passSilences judges the deadlines that lie before the next entry: who was not told by then is not told in time.
func (c *checker) passSilences(at int64) {
	for i := range c.silences.all {
		s := &c.silences.all[i]
		if s.passed || s.deadline >= at {
			continue
		}
		s.passed = true
		if c.stream == nil {
			continue
		}
		for symbol, sub := range c.stream.subscriptions {
			if s.covers(symbol) && !sub.withoutValue() {
				c.violate(RuleStaleTold, symbol, "not told within %s of a silence that the value is stale", c.options.StaleBound)
			}
		}
	}
}

// checkClaim finds a symbol that is called live in the middle of a silence.
func (c *checker) checkClaim(sub *subscription) {
	if sub.withoutValue() || c.at == 0 || c.at == math.MaxInt64 {
		return
	}
	for i := range c.silences.all {
		s := &c.silences.all[i]
		if s.covers(sub.symbol) && s.deadline < c.at && c.at < s.to {
			c.violate(RuleStaleTold, sub.symbol, "said to be %s in a silence of the feed", sub.state)
		}
	}
}

// state takes an announcement of what values are worth.
func (c *checker) state(announced *tickgatev1.State) {
	for symbol, sub := range c.stream.subscriptions {
		if announced.GetSymbol() != "" && announced.GetSymbol() != symbol {
			continue
		}
		sub.enter(announced.GetState(), announced.GetSince())
		c.checkClaim(sub)
	}
}

// checkMarketState demands that a symbol is said to be live before it is updated; doc.go says what may come while it is stale.
func (c *checker) checkMarketState(sub *subscription, b *tickgatev1.Batch, u *tickgatev1.Update) {
	received := b.GetTsSend() - int64(u.GetRecvAge())
	if sub.staleSince == 0 {
		sub.staleSince = b.GetTsSend() // an instrument that is STALE does not say since when: what the gateway has by now may follow
	}
	switch {
	case sub.epoch == 0:
		c.violate(RuleStaleTold, sub.symbol, "update %d comes before an instrument with an epoch", u.GetSequence())
	case sub.state == tickgatev1.MarketState_MARKET_STATE_PENDING:
		c.violate(RuleStaleTold, sub.symbol, "update %d comes while the symbol is PENDING", u.GetSequence())
	case sub.state == tickgatev1.MarketState_MARKET_STATE_STALE && !sub.first && received > sub.staleSince:
		c.violate(RuleStaleTold, sub.symbol, "update %d comes while the symbol is STALE", u.GetSequence())
	default:
		return
	}
	sub.enter(tickgatev1.MarketState_MARKET_STATE_LIVE, 0) // said once, not for each update that follows
}
