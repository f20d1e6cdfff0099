package feed

import (
	"testing"
	"time"
)

// TestEventsGatherForAShareOfTheShortestInterval: nobody notices in the age of values that events were read later.
func TestEventsGatherForAShareOfTheShortestInterval(t *testing.T) {
	config := DefaultConfig()
	for _, one := range []struct {
		longest, shortest time.Duration
		subscribed        bool
		want              time.Duration
	}{
		{config.GatherFor, 0, false, time.Millisecond},
		{config.GatherFor, 0, true, 0},
		{config.GatherFor, 16 * time.Millisecond, true, time.Millisecond},
		{config.GatherFor, 256 * time.Millisecond, true, 4 * time.Millisecond},
		{config.GatherFor, time.Minute, true, 8 * time.Millisecond},
		{100 * time.Microsecond, time.Minute, true, 100 * time.Microsecond},
		{0, time.Minute, true, 0},
	} {
		config.GatherFor = one.longest
		if got := config.gatherFor(one.shortest, one.subscribed); got != one.want {
			t.Errorf("gather-for %v, shortest interval %v (%v): %v, want %v", one.longest, one.shortest, one.subscribed, got, one.want)
		}
	}
}
