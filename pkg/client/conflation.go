package client

import (
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Conflation says how events of a symbol are merged by the gateway. Make one with Latest, Every or AllEvents.
type Conflation struct {
	policy   tickgatev1.ConflationPolicy
	interval time.Duration
}

var (
	// Latest sends as soon as the client can take it, and merges only while it cannot.
	Latest = Conflation{policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST}
	// AllEvents sends every event. One that the gateway does not have any more is told as missing.
	AllEvents = Conflation{policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE}
)

// Every sends at most one update per symbol and interval. The gateway clamps it, by default to 60 s at most; 0 is granted as Latest.
func Every(interval time.Duration) Conflation {
	return Conflation{policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL, interval: interval}
}

// Interval is the least time between two updates of a symbol; 0: there is none.
func (c Conflation) Interval() time.Duration { return c.interval }

// String returns latest, all events, or the interval.
func (c Conflation) String() string {
	switch c.policy {
	case tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE:
		return "all events"
	case tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL:
		return c.interval.String()
	}
	return "latest"
}

func (c Conflation) message() *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: c.policy, IntervalMs: c.interval.Milliseconds()}
}

func conflationOf(m *tickgatev1.Conflation) Conflation {
	return Conflation{policy: m.GetPolicy(), interval: time.Duration(m.GetIntervalMs()) * time.Millisecond}
}

func (c Conflation) everyEvent() bool {
	return c.policy == tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE
}
