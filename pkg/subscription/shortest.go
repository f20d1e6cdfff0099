package subscription

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// intervals counts what has which interval, so that the shortest is known without looking for it. Workers count, anybody reads.
type intervals struct {
	pushed atomic.Int64 // subscriptions without one
	// groups[n] counts flush groups with an interval of n binary digits of milliseconds, so of 1<<(n-1) at least; those of more digits count in the last.
	groups [24]atomic.Int64
}

func (i *intervals) of(interval time.Duration) *atomic.Int64 {
	return &i.groups[min(bits.Len64(uint64(interval.Milliseconds())), len(i.groups)-1)]
}

// ShortestInterval returns the shortest interval of all subscriptions, down to half of it; 0 if one has none, and so wants each event at once. It is false if there is no subscription.
func (t *Table) ShortestInterval() (time.Duration, bool) {
	if t.intervals.pushed.Load() > 0 {
		return 0, true
	}
	for n := range t.intervals.groups {
		if t.intervals.groups[n].Load() > 0 {
			return time.Millisecond << n / 2, true
		}
	}
	return 0, false
}
