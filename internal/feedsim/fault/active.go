package fault

import (
	"math/rand/v2"
	"time"

	"tickgate/pkg/tick"
)

// played counts how much of the source's time was played, over its jumps.
type played struct {
	before       time.Duration // up to the last jump
	anchored     bool          // an event has come since
	anchor, last tick.Time     // the first and the newest since
}

// at counts up to an event and returns the sum.
func (p *played) at(t tick.Time) time.Duration {
	if !p.anchored {
		p.anchored, p.anchor = true, t
	}
	p.last = t
	return p.sum()
}

func (p *played) sum() time.Duration {
	if !p.anchored {
		return p.before
	}
	return p.before + time.Duration(p.last-p.anchor)
}

// jump says that the next event does not follow on the last one.
func (p *played) jump() { p.before, p.anchored = p.sum(), false }

// source returns the source's time at which so much was played; what lies before the last jump counts as that.
func (p *played) source(sum time.Duration) tick.Time {
	return p.anchor + tick.Time(max(sum-p.before, 0))
}

// active is a fault that happens, or will.
type active struct {
	Fault

	random *rand.Rand
	begins time.Duration // played when it happens or begins next, or began if it is on
	on     bool          // it lasts, and was logged
	over   bool          // it does not happen any more
}

// happens reports whether it happens to an event to which it can, and counts that.
func (a *active) happens(now time.Duration) bool {
	switch {
	case !a.within(now):
		return false
	case a.Rate > 0:
		return a.random.Float64() < a.Rate
	}
	a.repeat(now)
	return true
}

// within reports whether it may happen now. It ends what has lasted long enough.
func (a *active) within(now time.Duration) bool {
	for a.lasts() && !a.over && now >= a.begins+a.For {
		a.repeat(now - a.For)
	}
	return !a.over && now >= a.begins
}

// lasts reports whether For is a stretch of the market's time.
func (a *active) lasts() bool { return a.For > 0 && a.Kind != Silence }

// repeat goes on to the first time after now that it happens or begins.
func (a *active) repeat(now time.Duration) {
	a.on = false
	if a.Every == 0 {
		a.over = true
		return
	}
	a.begins += a.Every * ((now-a.begins)/a.Every + 1)
}
