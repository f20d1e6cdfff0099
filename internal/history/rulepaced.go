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

// pace counts the updates of a subscription under one grant by ts_send, so that it does not matter how late they arrive.
type pace struct {
	from  int64 // ts_send of the update that is counted from: of all updates so far, the one that makes the next one due last
	count int64 // updates from there on; 0: none yet
}

// clockResolution is that of the clock by which subscriptions tell how long ago an update was sent.
const clockResolution = time.Millisecond

// checkPace demands one update per batch unless the policy is NONE, and the granted pace: from any update to the n-th after it n intervals. What is missing
// from that at most is half an interval, since an update may be sent late and the next one on time (docs/adr/0005); it is missing once, not from each
// interval, so that there are at most n+1 updates in n intervals. The snapshot is due at once, and counts as any other update.
func (c *checker) checkPace(sub *subscription, b *tickgatev1.Batch) {
	if sub.lastPosition == c.position && sub.policy != tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE {
		c.violate(RulePaced, sub.symbol, "two updates in one batch")
		return
	}
	if sub.policy != tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL {
		return
	}
	interval := time.Duration(sub.intervalMillis) * time.Millisecond
	early := min(c.options.IntervalTolerance, interval/2+clockResolution)
	switch took := time.Duration(b.GetTsSend() - sub.pace.from); {
	case sub.pace.count == 0 || took >= time.Duration(sub.pace.count)*interval:
	case took < time.Duration(sub.pace.count)*interval-early:
		c.violate(RulePaced, sub.symbol, "%d updates within %s, granted was an interval of %s", sub.pace.count+1, took, interval)
	default:
		sub.pace.count++
		return
	}
	sub.pace = pace{from: b.GetTsSend(), count: 1}
}
