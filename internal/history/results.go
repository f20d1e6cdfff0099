package history

import (
	"slices"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func (c *checker) subscribeResult(r *tickgatev1.SubscribeResult) {
	m := c.answered("Subscribe", r.GetRequestId())
	if m == nil {
		return
	}
	wish := m.GetSubscribe()
	answered := rejectedSymbols(r.GetRejected())
	for _, i := range r.GetAccepted() {
		answered = append(answered, i.GetSymbol())
	}
	c.checkEachOnce("SubscribeResult", wish.GetSymbols(), answered)
	if len(r.GetAccepted()) > 0 {
		c.checkGrant(wish.GetConflation(), r.GetConflation())
	}
	for _, i := range r.GetAccepted() {
		c.subscribe(i, wish, r.GetConflation())
	}
}

func (c *checker) unsubscribeResult(r *tickgatev1.UnsubscribeResult) {
	m := c.answered("Unsubscribe", r.GetRequestId())
	if m == nil {
		return
	}
	if m.GetUnsubscribe().GetAll() {
		if got, want := int(r.GetRemovedCount()), len(c.stream.subscriptions); got != want {
			c.violate(RuleAnswered, "", "UnsubscribeResult of all says that %d symbols were removed; %d were subscribed", got, want)
		}
		clear(c.stream.subscriptions)
		return
	}
	answered := append(rejectedSymbols(r.GetRejected()), r.GetRemoved()...)
	c.checkEachOnce("UnsubscribeResult", m.GetUnsubscribe().GetSymbols(), answered)
	if int(r.GetRemovedCount()) != len(r.GetRemoved()) {
		c.violate(RuleAnswered, "", "UnsubscribeResult has removed_count %d and names %d symbols", r.GetRemovedCount(), len(r.GetRemoved()))
	}
	for _, rejection := range r.GetRejected() {
		c.checkNotSubscribed("UnsubscribeResult", rejection)
	}
	for _, symbol := range r.GetRemoved() {
		if c.stream.subscriptions[symbol] == nil {
			c.violate(RuleAnswered, symbol, "UnsubscribeResult has removed a symbol that was not subscribed")
		}
		delete(c.stream.subscriptions, symbol)
	}
}

func (c *checker) setConflationResult(r *tickgatev1.SetConflationResult) {
	m := c.answered("SetConflation", r.GetRequestId())
	if m == nil {
		return
	}
	wish := m.GetSetConflation()
	c.checkGrant(wish.GetConflation(), r.GetConflation())
	rejected := rejectedSymbols(r.GetRejected())
	for _, rejection := range r.GetRejected() {
		c.checkNotSubscribed("SetConflationResult", rejection)
	}
	changed := 0
	for symbol, sub := range c.stream.subscriptions {
		named := len(wish.GetSymbols()) == 0 || slices.Contains(wish.GetSymbols(), symbol)
		if named && !slices.Contains(rejected, shown(symbol)) {
			sub.grant(r.GetConflation())
			changed++
		}
	}
	if int(r.GetChangedCount()) != changed {
		c.violate(RuleAnswered, "", "SetConflationResult has changed_count %d; it holds for %d subscriptions", r.GetChangedCount(), changed)
	}
	if len(wish.GetSymbols()) > 0 && changed+len(rejected) != len(distinctShown(wish.GetSymbols())) {
		c.violate(RuleAnswered, "", "SetConflationResult answers %d symbols changed and %d rejected of %d distinct ones",
			changed, len(rejected), len(distinctShown(wish.GetSymbols())))
	}
}

func (c *checker) checkNotSubscribed(answer string, rejection *tickgatev1.Rejection) {
	if c.stream.subscriptions[rejection.GetSymbol()] != nil {
		c.violate(RuleAnswered, rejection.GetSymbol(), "%s rejects a symbol that is subscribed: %s", answer, rejection.GetReason())
	}
}

// subscriptionList takes one part of an answer; the last one completes it.
func (c *checker) subscriptionList(l *tickgatev1.SubscriptionList) {
	s := c.stream
	isNext := len(s.awaited) > 0 && commandName(s.awaited[0].message) == "ListSubscriptions" &&
		s.awaited[0].message.GetRequestId() == l.GetRequestId()
	if isNext && l.GetMore() {
		s.listed = append(s.listed, l.GetSubscriptions()...)
		return
	}
	listed := append(s.listed, l.GetSubscriptions()...)
	if c.answered("ListSubscriptions", l.GetRequestId()) == nil {
		return
	}
	seen := make(map[string]bool)
	for _, entry := range listed {
		symbol := entry.GetInstrument().GetSymbol()
		sub := s.subscriptions[symbol]
		switch {
		case sub == nil || seen[symbol]:
			c.violate(RuleAnswered, symbol, "SubscriptionList names a symbol that is not subscribed, or names it twice")
		case sub.policy != entry.GetConflation().GetPolicy() || sub.intervalMillis != entry.GetConflation().GetIntervalMs():
			c.violate(RulePaced, symbol, "SubscriptionList says %v, granted was %s %d ms", entry.GetConflation(), sub.policy, sub.intervalMillis)
		}
		seen[symbol] = true
	}
	if len(seen) < len(s.subscriptions) {
		c.violate(RuleAnswered, "", "SubscriptionList names %d of %d subscribed symbols", len(seen), len(s.subscriptions))
	}
}
