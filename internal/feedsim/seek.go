package feedsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tickgate/pkg/tick"
)

// ErrOutside says that a time to seek lies before the first or after the last event of the recording. Nothing has changed.
var ErrOutside = errors.New("feedsim: outside of the recording")

// seek goes to the time that target makes of the present one. The recording is read to there beside the feed, which goes on meanwhile; so a seek that is refused changes nothing, and a
// recording that takes long to read holds nobody up.
func (f *Feed) seek(ctx context.Context, target func(now tick.Time) tick.Time) (State, error) {
	state, err := f.Obey(ctx, Status{})
	if err != nil {
		return state, err
	}
	if state.EventsPerSecond != 0 {
		return state, fmt.Errorf("%w: a made-up market cannot be sought in", ErrUnfit)
	}
	to := target(state.Position)
	source, err := f.find(ctx, to)
	if err != nil {
		return state, err
	}
	state, err = f.helm.give(func() error {
		f.move(source, to)
		return nil
	})
	if err != nil {
		err = errors.Join(err, source.Close())
	}
	return state, err
}

// find opens the source anew and reads up to the first item at or after a time.
func (f *Feed) find(ctx context.Context, to tick.Time) (_ Source, err error) {
	if begin := tick.Time(f.progress.begin.Load()); to < begin {
		return nil, fmt.Errorf("%w: it begins at %s", ErrOutside, written(begin))
	}
	source, err := f.config.Open(to)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, source.Close())
		}
	}()
	const lookEvery = 4096 // items between two looks at the context
	var last tick.Time
	for read := 0; ; read++ {
		item, err := source.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, ends(last)
		case err != nil:
			return nil, err
		case item.At >= to:
			return &sought{Source: source, head: item}, nil
		case read%lookEvery == 0 && ctx.Err() != nil:
			return nil, ctx.Err()
		}
		last = item.At
	}
}

func ends(last tick.Time) error {
	if last == 0 {
		return fmt.Errorf("%w: what is selected of it ends before that", ErrOutside)
	}
	return fmt.Errorf("%w: it ends at %s", ErrOutside, written(last))
}

func written(at tick.Time) string { return time.Unix(0, int64(at)).UTC().Format(time.RFC3339Nano) }

// move puts a source in the place of the one that is played, its time to being due now.
func (f *Feed) move(source Source, to tick.Time) {
	_ = f.source.Close() // it was only read from
	f.source, f.moved = source, true
	f.faults.Jump()
	f.schedule.Anchor(to)
	if f.paused {
		f.pausedAt = to
	}
	f.progress.position.Store(int64(to))
}

// sought is a source that has been read up to an item that is still to be given.
type sought struct {
	Source

	head *Item // nil: it was given
}

// Next returns the head first.
func (s *sought) Next() (*Item, error) {
	if head := s.head; head != nil {
		s.head = nil
		return head, nil
	}
	return s.Source.Next()
}
