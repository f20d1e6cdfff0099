package generate

import (
	"math"
	"time"

	"tickgate/pkg/tick"
)

// arrivals gives the times of events: evenly spaced, closer during bursts.
type arrivals struct {
	gap, burstGap   float64 // nanoseconds between events
	period, burst   float64 // nanoseconds
	nextNanoseconds float64 // kept with its fraction, so that a rate holds over any time
}

func newArrivals(c Config) arrivals {
	a := arrivals{
		gap:    float64(time.Second) / c.Rate,
		period: float64(c.BurstEvery), burst: float64(c.BurstFor),
	}
	a.burstGap = a.gap / c.BurstFactor
	return a
}

// next returns the time of the next event since the start; the first is 0.
func (a *arrivals) next() tick.Time {
	at := a.nextNanoseconds
	if math.Mod(at, a.period) < a.burst {
		a.nextNanoseconds += a.burstGap
	} else {
		a.nextNanoseconds += a.gap
	}
	return tick.Time(math.Round(at))
}
