package kept

import (
	"context"

	"tickgate/pkg/tick"
)

// PortionMessages is the most messages of a portion.
const PortionMessages = 64

// Portion is some messages in the order of recording. It is the receiver's.
type Portion struct {
	Messages []Message
	AtEdge   bool // there is nothing more yet
}

// Message is a message as it was recorded.
type Message struct {
	Subject  string
	Payload  []byte
	Stored   tick.Time // when it was recorded
	Position uint64    // in the recording: its sequence in the stream
}

// Reading is a reading under way.
type Reading struct {
	// Portions is sent to and closed by the reading's goroutine.
	Portions <-chan Portion

	cancel context.CancelFunc
	err    error // why it ended; read after Portions is closed
}

// Begin starts a reading. read sends what it reads until its context is done, which is no error.
func Begin(ctx context.Context, read func(ctx context.Context, to chan<- Portion) error) *Reading {
	ctx, cancel := context.WithCancel(ctx)
	portions := make(chan Portion)
	r := &Reading{Portions: portions, cancel: cancel}
	go func() {
		defer close(portions)
		r.err = read(ctx, portions)
	}()
	return r
}

// Err returns why the reading ended, nil if it was stopped. It is for after Portions was closed.
func (r *Reading) Err() error { return r.err }

// Cancel ends the reading, and does not wait for that.
func (r *Reading) Cancel() { r.cancel() }

// Stop ends the reading and returns when its goroutine has ended.
func (r *Reading) Stop() {
	r.cancel()
	for range r.Portions {
		continue
	}
}
