package history

import (
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// checkGrant compares what was asked for with what is echoed as granted. The server may clamp an interval, to none at all too, but not
// choose another policy; asked for nothing, it may grant what held before.
func (c *checker) checkGrant(asked, granted *tickgatev1.Conflation) {
	const (
		latest   = tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST
		interval = tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL
	)
	got, wish := granted.GetPolicy(), asked.GetPolicy()
	switch {
	case got == tickgatev1.ConflationPolicy_CONFLATION_POLICY_UNSPECIFIED:
		c.violate(RulePaced, "", "the granted conflation is not echoed")
	case (got == interval) != (granted.GetIntervalMs() > 0):
		c.violate(RulePaced, "", "granted %s with an interval of %d ms", got, granted.GetIntervalMs())
	case wish == tickgatev1.ConflationPolicy_CONFLATION_POLICY_UNSPECIFIED, got == wish:
	case wish == interval && got == latest && asked.GetIntervalMs() <= 0:
	default:
		c.violate(RulePaced, "", "asked for %s %d ms, granted %s %d ms", wish, asked.GetIntervalMs(), got, granted.GetIntervalMs())
	}
}

// checkPace demands one update per batch unless the policy is NONE, and the granted interval between two updates. The first update of a
// subscription is due at once.
func (c *checker) checkPace(sub *subscription, b *tickgatev1.Batch) {
	if sub.lastPosition == c.position && sub.policy != tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE {
		c.violate(RulePaced, sub.symbol, "two updates in one batch")
		return
	}
	if sub.policy != tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL || sub.lastTsSend == 0 {
		return
	}
	interval := time.Duration(sub.intervalMillis) * time.Millisecond
	if apart := time.Duration(b.GetTsSend() - sub.lastTsSend); apart < interval-c.options.IntervalTolerance {
		c.violate(RulePaced, sub.symbol, "two updates %s apart, granted was an interval of %s", apart, interval)
	}
}
