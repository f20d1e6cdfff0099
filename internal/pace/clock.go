package pace

import (
	"context"
	"time"
)

// Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or with the context's error when that ends first.
	Sleep(ctx context.Context, d time.Duration) error
}

// System returns a clock that waits with the runtime's timers, which wake up to 1 ms late: their poller counts whole milliseconds.
func System() Clock { return systemClock{} }

// Precise returns a clock that sleeps the last millisecond in the kernel. A feed that measures latency from the intended time must not
// add a millisecond of its own. It holds a processor of the runtime while it does, so it is for a process that does nothing else.
func Precise() Clock { return preciseClock{} }

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

type preciseClock struct{ systemClock }

// latestTimer is how late a timer of the runtime may wake, with some margin.
const latestTimer = 1200 * time.Microsecond

func (c preciseClock) Sleep(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	if rough := d - latestTimer; rough > 0 {
		if err := c.systemClock.Sleep(ctx, rough); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if rest := time.Until(end); rest > 0 {
		sleepShort(rest)
	}
	return nil
}
