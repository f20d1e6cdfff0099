package playback

import (
	"context"

	"tickgate/pkg/tick"
)

// Recording is what a gateway's bus has kept of the market.
type Recording interface {
	// Newest returns the position of the newest message of each symbol; 0: there is none. admit is called before each symbol is looked up, and its error ends that.
	Newest(ctx context.Context, symbols []string, admit func() error) (positions []uint64, err error)
	// Read sends what was recorded of the symbols, and perhaps of others, from a time of recording on (0: from the beginning) in the order of recording, and then what is recorded as it
	// comes, until ctx is done, which is no error.
	Read(ctx context.Context, symbols []string, from tick.Time, to chan<- Portion) error
}

// Portion is some messages, at most portionMessages. It is the receiver's.
type Portion struct {
	Messages []Message
	AtEdge   bool // there is nothing more yet
}

// Message is a message as it was recorded.
type Message struct {
	Subject  string
	Payload  []byte
	Stored   tick.Time // when it was recorded
	Position uint64    // in the recording
}

// reading is one reading of the recording under way.
type reading struct {
	portions chan Portion // the reader sends and closes
	cancel   context.CancelFunc
	err      error // why it ended; read after portions is closed
}

func startReading(ctx context.Context, r Recording, symbols []string, from tick.Time) *reading {
	ctx, cancel := context.WithCancel(ctx)
	started := &reading{portions: make(chan Portion), cancel: cancel}
	go func() {
		defer close(started.portions)
		started.err = r.Read(ctx, symbols, from, started.portions)
	}()
	return started
}

// stop ends it and returns when its goroutine has ended.
func (r *reading) stop() {
	r.cancel()
	for range r.portions {
		continue
	}
}
