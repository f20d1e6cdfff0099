package playback

import (
	"time"

	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// clock is the playback's: it goes from a time of the market at a moment of the system's, so many seconds in one.
type clock struct {
	speed  pace.Speed
	paused bool
	at     tick.Time // of the market, at since
	since  time.Time
}

// set has the clock show at.
func (c *clock) set(at tick.Time, now time.Time) { c.at, c.since = at, now }

// read returns the time of the market; unpaced, the clock shows what it was set to.
func (c *clock) read(now time.Time) tick.Time {
	if c.paused || c.speed.IsUnpaced() {
		return c.at
	}
	return c.at + tick.Time(float64(now.Sub(c.since))*float64(c.speed))
}

// wait returns how long it is until the clock shows at; 0 or less: it does.
func (c *clock) wait(at tick.Time, now time.Time) time.Duration {
	if c.speed.IsUnpaced() {
		return 0
	}
	const most = float64(time.Hour) // looked at again by then
	left := float64(at-c.at)/float64(c.speed) - float64(now.Sub(c.since))
	return time.Duration(min(max(left, -most), most))
}

func (c *clock) setPaused(paused bool, now time.Time) {
	c.set(c.read(now), now)
	c.paused = paused
}

func (c *clock) setSpeed(s pace.Speed, now time.Time) {
	c.set(c.read(now), now)
	c.speed = s
}
