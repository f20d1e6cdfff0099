package feedsim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tickgate/internal/feedsim/fault"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Errors of commands. Nothing has changed.
var (
	// ErrUnfit says that a command is not for this kind of source.
	ErrUnfit = errors.New("feedsim: the command does not fit the feed")
	// ErrValue says that what a command asks for is out of its range: the text says what is allowed.
	ErrValue = errors.New("feedsim: out of range")
)

// Command is what somebody wants of a feed that runs.
type Command interface {
	// give has it carried out, on the goroutine of Run where that owns what changes.
	give(ctx context.Context, f *Feed) (State, error)
}

// The commands. One that is refused changes nothing.
type (
	// Status changes nothing.
	Status struct{}
	// Pause stops the clock. Events stop, signs of life go on.
	Pause struct{}
	// Resume lets the clock go on from where it stands.
	Resume struct{}
	// SetSpeed changes the speed of a recording.
	SetSpeed struct{ Speed pace.Speed }
	// SetRate changes the rate of a source that is Rated.
	SetRate struct{ EventsPerSecond float64 }
	// SeekTo goes to a time of a recording: the first event at or after it comes next.
	SeekTo struct{ At tick.Time }
	// SeekBy goes forwards or, if it is negative, backwards by so much of the recording's time.
	SeekBy struct{ By time.Duration }
	// SeekTimeOfDay goes to so long after midnight, UTC, of the day at which the feed is.
	SeekTimeOfDay struct{ SinceMidnight time.Duration }
	// Inject begins a fault. Its times count from the next event on.
	Inject struct{ Fault fault.Fault }
	// ClearFaults ends all faults.
	ClearFaults struct{}
)

// Obey carries out a command and returns the state that it leads to. It may be called from anywhere, and waits until what the feed is publishing is published. The context bounds a search in
// the recording.
func (f *Feed) Obey(ctx context.Context, c Command) (State, error) { return c.give(ctx, f) }

func (Status) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error { return nil })
}

func (Pause) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error {
		f.pausedAt, f.paused = f.reading(), true
		return nil
	})
}

func (Resume) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error {
		if f.paused {
			f.paused = false
			f.schedule.Anchor(f.pausedAt)
		}
		return nil
	})
}

func (c SetSpeed) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error {
		if f.rated() != nil {
			return fmt.Errorf("%w: a made-up market has no recorded pace; change its rate", ErrUnfit)
		}
		if err := c.Speed.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrValue, err)
		}
		f.speed = c.Speed
		if c.Speed.IsUnpaced() {
			f.progress.lag.Store(0)
		}
		f.schedule.SetSpeed(f.effectiveSpeed(), f.reading())
		return nil
	})
}

func (c SetRate) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error {
		source := f.rated()
		if source == nil {
			return fmt.Errorf("%w: a recording has its own rate; change the speed", ErrUnfit)
		}
		if err := source.SetRate(c.EventsPerSecond, f.reading()); err != nil {
			return fmt.Errorf("%w: %w", ErrValue, err)
		}
		return nil
	})
}

func (c SeekTo) give(ctx context.Context, f *Feed) (State, error) {
	return f.seek(ctx, func(tick.Time) tick.Time { return c.At })
}

func (c SeekBy) give(ctx context.Context, f *Feed) (State, error) {
	return f.seek(ctx, func(now tick.Time) tick.Time { return now + tick.Time(c.By) })
}

func (c SeekTimeOfDay) give(ctx context.Context, f *Feed) (State, error) {
	return f.seek(ctx, func(now tick.Time) tick.Time {
		return now - now%tick.Time(24*time.Hour) + tick.Time(c.SinceMidnight) // days of UTC are even
	})
}

func (c Inject) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error {
		if err := f.faults.Inject(c.Fault); err != nil {
			return fmt.Errorf("%w: %w", ErrValue, err)
		}
		return nil
	})
}

func (ClearFaults) give(_ context.Context, f *Feed) (State, error) {
	return f.helm.give(func() error {
		f.endSilence()
		f.faults.Clear(f.reading())
		return nil
	})
}

// rated returns the source if it has a rate, else nil.
func (f *Feed) rated() Rated {
	source, _ := f.source.(Rated)
	return source
}

// reading returns what the clock shows, in the source's time; unpaced, the time of the newest event.
func (f *Feed) reading() tick.Time {
	if f.paused {
		return f.pausedAt
	}
	if at, ok := f.schedule.Reading(); ok {
		return at
	}
	return tick.Time(f.progress.position.Load())
}
