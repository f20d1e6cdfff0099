package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"
)

func (c *checker) checkStreamSequence(b *tickgatev1.Batch) {
	if want := c.stream.lastStreamSequence + 1; b.GetStreamSequence() != want {
		c.violate(RuleOrdered, "", "stream sequence %d instead of %d", b.GetStreamSequence(), want)
	}
	c.stream.lastStreamSequence = b.GetStreamSequence()
}

// checkOrder holds an update against the newest one of the symbol on this stream, be there an unsubscribe in between or not.
func (c *checker) checkOrder(sub *subscription, u *tickgatev1.Update, now point) {
	newest, seen := c.stream.newest[sub.symbol]
	switch {
	case !seen || newest.before(now):
	case now.before(newest):
		c.violate(RuleOrdered, sub.symbol, "update %s after %s", now, newest)
	case !sub.first || !u.GetSnapshot():
		c.violate(RuleOrdered, sub.symbol, "update %s is repeated", now)
	}
}

// subscribedTo returns the subscription that an update belongs to; nil, with a violation, if there is none.
func (c *checker) subscribedTo(u *tickgatev1.Update) *subscription {
	symbol, bound := c.stream.symbols[u.GetInstrumentId()]
	if !bound {
		c.violate(RuleSubscribedOnly, "", "update %d of instrument id %d, which was never announced", u.GetSequence(), u.GetInstrumentId())
		return nil
	}
	sub := c.stream.subscriptions[symbol]
	if sub == nil {
		c.violate(RuleSubscribedOnly, symbol, "update %d of a symbol that is not subscribed", u.GetSequence())
		return nil
	}
	if carried := carriedKinds(u); carried&^sub.kinds != 0 {
		for _, kind := range everyKind {
			if carried.has(kind) && !sub.kinds.has(kind) {
				c.violate(RuleSubscribedOnly, symbol, "update %d carries a %s, which is not subscribed", u.GetSequence(), kind)
			}
		}
	}
	return sub
}
