package history

import (
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// gap takes an announcement that events are missing. It counts for the next update of each symbol that it names.
func (c *checker) gap(g *tickgatev1.Gap) {
	if g.GetSymbol() == "" {
		for _, sub := range c.stream.subscriptions {
			c.gapOf(sub, g)
		}
		return
	}
	if sub := c.stream.subscriptions[g.GetSymbol()]; sub != nil {
		c.gapOf(sub, g)
	}
}

func (c *checker) gapOf(sub *subscription, g *tickgatev1.Gap) {
	if sub.gaps.reasons == nil {
		sub.gaps.reasons = make(map[tickgatev1.GapReason]bool)
	}
	sub.gaps.reasons[g.GetReason()] = true
	switch g.GetReason() {
	case tickgatev1.GapReason_GAP_REASON_EPOCH, tickgatev1.GapReason_GAP_REASON_RESUME:
		return // begin a new account; they know no numbers
	case tickgatev1.GapReason_GAP_REASON_FEED:
		sub.gaps.feedMissing += g.GetMissing()
	case tickgatev1.GapReason_GAP_REASON_UNSPECIFIED:
		c.violate(RuleNoSilentLoss, sub.symbol, "a gap without a reason")
	}
	sub.gaps.missing += g.GetMissing()
	c.checkGapBounds(sub, g)
}

// checkGapBounds demands that a gap lies after the last update, and is large enough for what it says is missing.
func (c *checker) checkGapBounds(sub *subscription, g *tickgatev1.Gap) {
	if g.GetFrom() == 0 || g.GetTo() == 0 {
		return
	}
	sub.gaps.to = max(sub.gaps.to, g.GetTo())
	switch {
	case g.GetTo() < g.GetFrom() || g.GetMissing() > g.GetTo()-g.GetFrom()+1:
		c.violate(RuleNoSilentLoss, sub.symbol, "a gap from %d to %d cannot miss %d events", g.GetFrom(), g.GetTo(), g.GetMissing())
	case g.GetFrom() <= sub.last.sequence && sub.last.epoch == sub.epoch && !sub.gaps.newAccount():
		c.violate(RuleNoSilentLoss, sub.symbol, "a gap from %d begins before the last update, %s", g.GetFrom(), sub.last)
	}
}

// checkAccount demands that every event since the last update is delivered, conflated or announced as missing.
func (c *checker) checkAccount(sub *subscription, u *tickgatev1.Update, now point) {
	if now.sequence <= sub.gaps.to && !sub.gaps.newAccount() {
		c.violate(RuleNoSilentLoss, sub.symbol, "update %s lies within a gap that was announced up to %d", now, sub.gaps.to)
	}
	switch {
	case sub.first && sub.resume == nil:
		if !u.GetSnapshot() {
			c.violate(RuleResumed, sub.symbol, "the first update of the subscription, %s, is not a snapshot", now)
		}
		c.checkBase(sub, u, now)
	case sub.first:
		c.checkResumed(sub, u, now)
	case now.epoch != sub.last.epoch:
		c.checkEpochChange(sub, u, now)
	default:
		c.checkSince(sub, u, now, RuleNoSilentLoss)
	}
}

// checkBase bounds what the first update of an account may have merged: an event of the same epoch, or one of the epochs before that had
// not been sent yet.
func (c *checker) checkBase(sub *subscription, u *tickgatev1.Update, now point) {
	possible := now.sequence - 1
	for _, old := range c.published.symbols[sub.symbol] {
		switch {
		case old.epoch >= now.epoch:
		case old.epoch == sub.last.epoch:
			possible += old.publishedBetween(sub.last.sequence, old.last+1, allKinds)
		case old.epoch > sub.last.epoch && old.epoch >= sub.subscribedEpoch:
			possible += uint64(old.publishedCount())
		}
	}
	if conflated := uint64(u.GetConflated()); conflated > possible {
		c.violate(RuleConflated, sub.symbol, "update %s counts %d events as conflated, of at most %d", now, conflated, possible)
	}
}

// checkResumed judges the first update of a subscription that asked to resume.
func (c *checker) checkResumed(sub *subscription, u *tickgatev1.Update, now point) {
	unknown := sub.gaps.told(tickgatev1.GapReason_GAP_REASON_RESUME) ||
		sub.gaps.told(tickgatev1.GapReason_GAP_REASON_EPOCH) && now.epoch != sub.resume.epoch
	lost := sub.gaps.told(tickgatev1.GapReason_GAP_REASON_FEED) || sub.gaps.told(tickgatev1.GapReason_GAP_REASON_LAPPED)
	switch {
	case (unknown || lost) && u.GetSnapshot():
		c.checkBase(sub, u, now)
	case unknown:
		c.violate(RuleResumed, sub.symbol, "update %s follows a gap that could not resume from %s, and is not a snapshot", now, sub.resume)
	case now.epoch != sub.resume.epoch:
		c.violate(RuleResumed, sub.symbol, "update %s resumes from %s in another epoch without a gap", now, sub.resume)
	case now == *sub.resume && u.GetSnapshot(): // the same value again; nothing happened since
	case !sub.resume.before(now):
		c.violate(RuleResumed, sub.symbol, "update %s is not newer than %s, from which it resumes", now, sub.resume)
	default:
		c.checkSince(sub, u, now, RuleResumed)
	}
}

func (c *checker) checkEpochChange(sub *subscription, u *tickgatev1.Update, now point) {
	if !sub.gaps.told(tickgatev1.GapReason_GAP_REASON_EPOCH) {
		c.violate(RuleNoSilentLoss, sub.symbol, "update %s follows %s without a gap between the epochs", now, sub.last)
	}
	c.checkBase(sub, u, now)
	if log := c.published.epochLocked(sub.symbol, now.epoch); log != nil && uint64(u.GetConflated()) < log.publishedBetween(0, now.sequence, allKinds) {
		c.doubt(sub.symbol, now.epoch).lostUpTo = now.sequence - 1 // the gateway need not have seen the epoch's beginning
	}
}

// checkSince does the sum from the last update to this one.
func (c *checker) checkSince(sub *subscription, u *tickgatev1.Update, now point, ifLost Rule) {
	if now.sequence <= sub.last.sequence {
		return // RuleOrdered has it
	}
	between := now.sequence - sub.last.sequence - 1
	conflated := uint64(u.GetConflated())
	switch counted := conflated + sub.gaps.missing; {
	case counted > between:
		c.violate(RuleConflated, sub.symbol, "between %s and %s are %d events, but %d are counted as conflated and %d as missing",
			sub.last, now, between, conflated, sub.gaps.missing)
		return
	case counted < between:
		c.violate(ifLost, sub.symbol, "between %s and %s are %d events, but only %d are counted as conflated and %d as missing",
			sub.last, now, between, conflated, sub.gaps.missing)
		return
	}
	c.checkAgainstPublished(sub, u, now, between)
	c.checkNoneMerged(sub, u, now)
}

// checkAgainstPublished finds holes of the feed that are passed off as conflation, and notices events lost on the bus.
func (c *checker) checkAgainstPublished(sub *subscription, u *tickgatev1.Update, now point, between uint64) {
	log := c.published.epochLocked(sub.symbol, now.epoch)
	if !log.covers(sub.last.sequence) || now.sequence > log.last {
		return
	}
	published := log.publishedBetween(sub.last.sequence, now.sequence, allKinds)
	if conflated := uint64(u.GetConflated()); conflated > published {
		c.violate(RuleConflated, sub.symbol, "update %s counts %d events as conflated, but only %d were published since %s",
			now, conflated, published, sub.last)
	}
	if omitted := between - published; sub.gaps.feedMissing > omitted {
		if c.options.Bus == BusLosesNothing {
			c.violate(RuleNoSilentLoss, sub.symbol, "between %s and %s %d events are announced as missing from the feed, which omitted %d",
				sub.last, now, sub.gaps.feedMissing, omitted)
		}
		c.doubt(sub.symbol, now.epoch).lostUpTo = now.sequence - 1
	}
}

// checkNoneMerged demands of NONE that only events of other kinds are merged; doc.go says when it need not.
func (c *checker) checkNoneMerged(sub *subscription, u *tickgatev1.Update, now point) {
	if sub.policy != tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE || sub.mayConflate {
		return
	}
	var unwanted uint64
	if others := allKinds &^ sub.kinds; others != 0 {
		log := c.published.epochLocked(sub.symbol, now.epoch)
		if !log.covers(sub.last.sequence) {
			return
		}
		unwanted = log.publishedBetween(sub.last.sequence, now.sequence, others)
	}
	if conflated := uint64(u.GetConflated()); conflated > unwanted {
		c.violate(RuleConflated, sub.symbol, "update %s merges %d events under NONE, of which %d may be merged", now, conflated, unwanted)
	}
}
