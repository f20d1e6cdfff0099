package playback

import (
	"context"

	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

// Recording is what a gateway's bus has kept of the market.
type Recording interface {
	// Newest returns the position of the newest message of each symbol; 0: there is none. admit is called before each symbol is looked up, and its error ends that.
	Newest(ctx context.Context, symbols []string, admit func() error) (positions []uint64, err error)
	// Read sends what was recorded of the symbols, and perhaps of others, from a time of recording on (0: from the beginning) in the order of recording, and then what is recorded as it
	// comes, until ctx is done, which is no error.
	Read(ctx context.Context, symbols []string, from tick.Time, to chan<- kept.Portion) error
}

// startReading begins a reading whose portions come when all playbacks together may take them, or at the pace of one that goes over to the live market. Whoever waits for a portion can do something
// else meanwhile.
func (p *Player) startReading(ctx context.Context, from tick.Time) *kept.Reading {
	var pace ownPace
	admit := func(ctx context.Context, messages []kept.Message) error {
		switch {
		case len(messages) == 0:
			return nil
		case p.open.Live:
			return p.governor.admitOwn(ctx, &pace, messages)
		}
		return p.governor.admit(ctx, len(messages))
	}
	return kept.Begin(ctx, func(ctx context.Context, to chan<- kept.Portion) error {
		ahead := kept.Begin(ctx, func(ctx context.Context, to chan<- kept.Portion) error {
			return p.recording.Read(ctx, p.names, from, to)
		})
		defer ahead.Stop()
		for portion := range ahead.Portions {
			if err := admit(ctx, portion.Messages); err != nil {
				return unlessDone(ctx, err)
			}
			select {
			case to <- portion:
			case <-ctx.Done():
				return nil
			}
		}
		return ahead.Err()
	})
}

// unlessDone returns err, or nil if that is because the reading was stopped.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
