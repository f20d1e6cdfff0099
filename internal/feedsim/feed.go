package feedsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

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
	// Open returns the source of one pass. It is called once per pass, each a new epoch.
	Open func() (Source, error)
	// Passes is how often the source is played; 0 is until the context ends.
	Passes int
	// Speed of the schedule. No default: zero is refused.
	Speed pace.Speed
	// EventTime of the events. Default: what the source says.
	EventTime EventTime
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
	return nil
}

// Feed plays a source.
type Feed struct {
	// Immutable after New.
	config    Config
	publisher *publish.Publisher

	// Owned by Run.
	schedule *pace.Schedule

	progress progress
}

// New returns a feed that publishes with publisher, which Run owns from then on.
func New(c Config, publisher *publish.Publisher) (*Feed, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Feed{config: c, publisher: publisher, schedule: pace.NewSchedule(c.Clock, c.Speed)}, nil
}

// Run plays the source to its end, as often as configured, and returns nil; or the context's error when that ends first. It is called
// once.
func (f *Feed) Run(ctx context.Context) error {
	f.progress.start(f.config.Clock.Now())
	defer func() { f.progress.end(f.config.Clock.Now()) }()

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
	source, err := f.config.Open()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	defer f.publisher.Flush()
	for ; ; events++ {
		item, err := source.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		due, err := f.await(ctx, item.At)
		if err != nil {
			return events, err
		}
		if f.config.EventTime == EventTimeIntended {
			item.Event.TsEvent = tick.Time(due.UnixNano())
		}
		f.publisher.Publish(item.Symbol, &item.Event)
		f.progress.position.Store(int64(item.At))
	}
}

// await waits until the event is due and returns when that was. What is kept for a batch is sent before waiting.
func (f *Feed) await(ctx context.Context, at tick.Time) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	due := f.schedule.Due(at)
	if f.config.Speed.IsUnpaced() {
		return due, nil
	}
	now := f.config.Clock.Now()
	if wait := due.Sub(now); wait > 0 {
		f.publisher.Flush()
		if err := f.config.Clock.Sleep(ctx, wait); err != nil {
			return time.Time{}, err
		}
		now = f.config.Clock.Now()
	}
	f.progress.late(now.Sub(due))
	return due, nil
}
