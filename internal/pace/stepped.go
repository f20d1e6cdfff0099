package pace

import (
	"context"
	"time"
)

// Stepped returns a clock that wakes only at multiples of step: what falls due in between is late by less than a step, and is there together.
// A step of zero or less changes nothing.
func Stepped(c Clock, step time.Duration) Clock {
	if step <= 0 {
		return c
	}
	return steppedClock{c, step}
}

type steppedClock struct {
	Clock

	step time.Duration
}

func (c steppedClock) Sleep(ctx context.Context, d time.Duration) error {
	now := c.Now()
	end := now.Add(d).Add(c.step - 1).Truncate(c.step)
	return c.Clock.Sleep(ctx, end.Sub(now))
}
