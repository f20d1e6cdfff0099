package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"

	"tickgate/pkg/tick"
)

// checkValue compares what is held after an update with what the publisher had said by then. It runs before the update is committed:
// sub.last is the update before.
func (c *checker) checkValue(sub *subscription, h *holding, u *tickgatev1.Update, now point) {
	log := c.published.epochLocked(sub.symbol, now.epoch)
	switch {
	case log == nil || now.sequence < log.first:
		return
	case !log.published(now.sequence):
		c.violate(RuleNotTorn, sub.symbol, "update %s was never published", now)
		return
	case !h.known:
		return
	}
	for _, kind := range everyKind {
		if sub.kinds.has(kind) {
			c.checkKind(sub, h, log, kind, now)
		}
	}
	c.checkTradeCarried(sub, u, log, now)
}

func (c *checker) checkKind(sub *subscription, h *holding, log *epochLog, kind tick.Kind, now point) {
	want, known := log.newest(kind, now.sequence)
	if !known {
		return
	}
	if h.ticker.matches(want) {
		c.doubt(sub.symbol, now.epoch).exactAt[kind] = now.sequence
		return
	}
	if c.tolerates(sub, h, log, kind, now.sequence) {
		return
	}
	c.violate(RuleNotTorn, sub.symbol, "after update %s is held: %s; the publisher's %s of sequence %d says: %s",
		now, h.ticker.text(want), kind, want.sequence, want.text())
}

// checkTradeCarried finds a trade that an update does not show because it looks like the one before.
func (c *checker) checkTradeCarried(sub *subscription, u *tickgatev1.Update, log *epochLog, now point) {
	isContinued := now.epoch == sub.last.epoch && (!sub.first || sub.resume != nil)
	if u.GetTrade() != nil || !isContinued || !sub.kinds.has(tick.KindTrade) {
		return
	}
	unseen := max(sub.last.sequence, c.doubt(sub.symbol, now.epoch).lostUpTo)
	if newest, known := log.newest(tick.KindTrade, now.sequence); known && newest.sequence > unseen {
		c.violate(RuleNotTorn, sub.symbol, "update %s does not carry the trade of sequence %d", now, newest.sequence)
	}
}

// checkConvergent compares what is held when all has settled with the publisher's last word.
func (c *checker) checkConvergent(s *stream) {
	for symbol, sub := range s.subscriptions {
		log := c.published.newestLocked(symbol)
		if log == nil || log.lastPublished(sub.kinds) == 0 || sub.state == tickgatev1.MarketState_MARKET_STATE_STALE {
			continue
		}
		c.checkSettled(sub, log)
	}
}

func (c *checker) checkSettled(sub *subscription, log *epochLog) {
	h := c.holding(sub.symbol)
	final := point{epoch: log.epoch, sequence: log.lastPublished(sub.kinds)}
	switch {
	case sub.first && sub.resume == nil:
		c.violate(RuleConvergent, sub.symbol, "no update came; the publisher's last event is %s", final)
		return
	case sub.last.before(final):
		c.violate(RuleConvergent, sub.symbol, "the last update is %s; the publisher's last event is %s", sub.last, final)
		return
	case sub.last.epoch != log.epoch || !h.known:
		return
	}
	c.rescale(sub, h)
	for _, kind := range everyKind {
		want, known := log.newest(kind, sub.last.sequence)
		if !sub.kinds.has(kind) || !known || h.ticker.matches(want) || c.tolerates(sub, h, log, kind, sub.last.sequence) {
			continue
		}
		c.violate(RuleConvergent, sub.symbol, "at the end is held: %s; the publisher's last %s says: %s", h.ticker.text(want), kind, want.text())
	}
	c.checkDigits(sub, log)
}

// checkDigits demands the publisher's digits: the greatest scales of the epoch up to the last update, no fewer and no more. An instrument
// may be announced with what came after, of kinds that are not subscribed.
func (c *checker) checkDigits(sub *subscription, log *epochLog) {
	if log.first != 1 || c.doubt(sub.symbol, log.epoch).lostUpTo > 0 {
		return // the gateway may have seen greater or smaller scales than the log has
	}
	if least := log.scalesUpTo(sub.last.sequence); sub.scales != least && sub.scales != log.greatest {
		c.violate(RuleConvergent, sub.symbol, "at the end the instrument has scales %+v, the publisher has %+v", sub.scales, least)
	}
}
