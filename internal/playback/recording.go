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

func startReading(ctx context.Context, r Recording, symbols []string, from tick.Time) *kept.Reading {
	return kept.Begin(ctx, func(ctx context.Context, to chan<- kept.Portion) error { return r.Read(ctx, symbols, from, to) })
}
