package feedsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tickgate/internal/feedsim/fault"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// ErrConfig says that a field of Config is out of its range.
var ErrConfig = errors.New("feedsim: configuration")

// ErrNoEvents says that a source to be played again and again gave no event in a whole pass: nothing would ever be published.
var ErrNoEvents = errors.New("feedsim: the source has no events, and cannot be looped")

// EventTime says what ts_event of a published event is.
type EventTime uint8

// The choices of EventTime.
const (
	// EventTimeRecorded is what the source says, which may be nothing.
	EventTimeRecorded EventTime = iota
	// EventTimeIntended is when the event was due: the honest start of a latency measurement.
	EventTimeIntended
)

// Config of a Feed.
type Config struct {
	// Open returns the source of one pass. It is called once per pass, each a new epoch, and once per Seek, then from another goroutine while an earlier source is still read. What lies before
	// from, 0 but for a Seek, may be left out, if something is left where there is nothing from it on.
	Open func(from tick.Time) (Source, error)
	// Passes is how often the source is played; 0 is until the context ends.
	Passes int
	// Speed of the schedule. No default: zero is refused.
	Speed pace.Speed
	// EventTime of the events. Default: what the source says.
	EventTime EventTime
	// Rebase moves the times of events to the present, by one constant in each pass; of made-up events too. It does nothing with EventTimeIntended. Default false.
	Rebase bool
	// Faults to inject. Default: none.
	Faults fault.Config
	// Clock of the schedule.
	Clock pace.Clock
}

// Validate names the first field that is out of its range.
func (c Config) Validate() error {
	if c.Open == nil || c.Clock == nil {
		return fmt.Errorf("%w: Open and Clock are needed", ErrConfig)
	}
	if c.Passes < 0 {
		return fmt.Errorf("%w: passes is %d, give 0 or more", ErrConfig, c.Passes)
	}
	if err := c.Speed.Validate(); err != nil {
		return fmt.Errorf("%w: speed: %w", ErrConfig, err)
	}
	return nil // faults are the stage's
}

// Feed plays a source.
type Feed struct {
	// Immutable after New.
	config    Config
	publisher *publish.Publisher

	// Owned by Run.
	source      Source // of the pass under way
	schedule    *pace.Schedule
	faults      *fault.Stage
	rebase      *rebase    // nil: times stay as they are
	speed       pace.Speed // without what bursts add
	burst       float64    // that they add, in times
	paused      bool
	pausedAt    tick.Time // what the clock shows meanwhile
	silentUntil time.Time // zero: not silent
	moved       bool      // a command has put another source in place

	helm     helm
	progress progress
}

// New returns a feed that publishes with publisher, which Run owns from then on.
func New(c Config, publisher *publish.Publisher) (*Feed, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	f := &Feed{config: c, publisher: publisher, schedule: pace.NewSchedule(c.Clock, c.Speed), speed: c.Speed, burst: 1}
	if c.Rebase {
		f.rebase = &rebase{clock: c.Clock}
	}
	var err error
	f.faults, err = fault.New(c.Faults, publisher, f.setBurst)
	return f, err
}

// Run plays the source to its end, as often as configured, and returns nil; or the context's error when that ends first. It is called
// once.
func (f *Feed) Run(ctx context.Context) error {
	f.progress.start(f.config.Clock.Now())
	defer func() { f.progress.end(f.config.Clock.Now()) }()
	f.helm.begin(ctx)
	defer f.helm.end()

	beating, stopBeating := context.WithCancel(ctx)
	beaten := make(chan struct{})
	go func() {
		defer close(beaten)
		f.publisher.Heartbeats(beating)
	}()
	defer func() {
		stopBeating()
		<-beaten
	}()

	for pass := 1; ; pass++ {
		events, err := f.play(ctx)
		if err != nil {
			return err
		}
		f.progress.passes.Add(1)
		if pass == f.config.Passes {
			return nil
		}
		if events == 0 {
			return ErrNoEvents
		}
		f.publisher.NewEpoch()
		f.schedule.Restart()
	}
}

// play plays one pass and returns how many events the source gave.
func (f *Feed) play(ctx context.Context) (events int, err error) {
	if f.source, err = f.config.Open(0); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.source.Close()) }()
	defer f.publisher.Flush()
	defer f.faults.EndPass()
	for ; ; events++ {
		item, err := f.source.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		if events == 0 { // a command may come before it is published
			f.progress.position.Store(int64(item.At))
			f.progress.begin.Store(int64(item.At))
			if f.rebase != nil {
				f.rebase.begin(item.At)
			}
		}
		due, err := f.await(ctx, item)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return events, err
		}
		if err := f.publish(item, due); err != nil {
			return events, err
		}
	}
}

func (f *Feed) publish(item *Item, due time.Time) error {
	switch {
	case f.config.EventTime == EventTimeIntended:
		item.Event.TsEvent = tick.Time(due.UnixNano())
	case f.rebase != nil:
		f.rebase.move(item)
	}
	if item.Missing > 0 {
		f.publisher.Skip(item.Symbol, item.Missing)
	}
	f.faults.Publish(item.At, item.Symbol, &item.Event)
	f.progress.position.Store(int64(item.At))
	return f.faults.Err()
}

// errMoved says that the item that was awaited is not to be published: a command has put another source in place.
var errMoved = errors.New("feedsim: moved")

// await waits until the item is due and returns when that was. What is kept for a batch is sent before waiting. The item may be put off by a command meanwhile.
func (f *Feed) await(ctx context.Context, item *Item) (time.Time, error) {
	f.faults.Approach(item.At)
	for {
		if err := ctx.Err(); err != nil {
			return time.Time{}, err
		}
		if f.helm.called.Load() {
			if f.obey(); f.moved {
				f.moved = false
				return time.Time{}, errMoved
			}
		}
		if f.paused || !f.silentUntil.IsZero() {
			f.stand()
			continue
		}
		due := f.schedule.Due(item.At)
		if !f.schedule.Speed().IsUnpaced() {
			now := f.config.Clock.Now()
			if wait := due.Sub(now); wait > 0 {
				f.publisher.Flush()
				_ = f.config.Clock.Sleep(f.helm.wait, wait) // ended early by a command, or by ctx
				continue
			}
			f.progress.late(now.Sub(due))
		}
		if silence := f.faults.Silence(item.At); silence > 0 {
			f.beSilent(silence)
			continue
		}
		return due, nil
	}
}

// beSilent has nothing leave the publisher for so long, signs of life included.
func (f *Feed) beSilent(d time.Duration) {
	f.publisher.Flush()
	f.publisher.Mute()
	f.silentUntil = f.config.Clock.Now().Add(d)
}

// endSilence lets signs of life out again.
func (f *Feed) endSilence() {
	f.silentUntil = time.Time{}
	f.publisher.Unmute()
}

// stand waits while the feed is silent or paused. It may return early.
func (f *Feed) stand() {
	f.publisher.Flush()
	switch {
	case f.silentUntil.IsZero():
		<-f.helm.wait.Done()
	default:
		if wait := f.silentUntil.Sub(f.config.Clock.Now()); wait > 0 {
			_ = f.config.Clock.Sleep(f.helm.wait, wait) // ended early by a command, or by ctx
			return
		}
		f.endSilence()
	}
}

// setBurst has the source play so many times as fast from a time of it on.
func (f *Feed) setBurst(from tick.Time, times float64) {
	f.burst = times
	f.schedule.SetSpeed(f.effectiveSpeed(), from)
}

func (f *Feed) effectiveSpeed() pace.Speed {
	if f.speed.IsUnpaced() {
		return f.speed
	}
	return min(f.speed*pace.Speed(f.burst), pace.MaxSpeed)
}
