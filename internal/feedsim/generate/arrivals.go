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
	factor          float64 // of the rate during bursts
	nextNanoseconds float64 // kept with its fraction, so that a rate holds over any time
}

func newArrivals(c Config) arrivals {
	a := arrivals{period: float64(c.BurstEvery), burst: float64(c.BurstFor), factor: c.BurstFactor}
	a.setRate(c.Rate)
	return a
}

func (a *arrivals) setRate(rate float64) {
	a.gap = float64(time.Second) / rate
	a.burstGap = a.gap / a.factor
}

// next returns the time of the next event since the start; the first is 0.
func (a *arrivals) next() tick.Time {
	at := a.nextNanoseconds
	a.goOn(at)
	return tick.Time(math.Round(at))
}

// goOn has the next event follow one at a time.
func (a *arrivals) goOn(at float64) {
	if math.Mod(at, a.period) < a.burst {
		a.nextNanoseconds = at + a.burstGap
	} else {
		a.nextNanoseconds = at + a.gap
	}
}

// change changes the rate for what follows an event at a time that is still to come, and returns when that event comes now.
func (a *arrivals) change(rate float64, at, from tick.Time) tick.Time {
	before := a.gap
	a.setRate(rate)
	if at > from {
		at = from + tick.Time(math.Round(float64(at-from)*a.gap/before))
	}
	a.goOn(float64(at))
	return at
}
