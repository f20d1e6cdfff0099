package subscription

import (
	"errors"
	"fmt"
	"time"
)

// ErrAcknowledgement says that a client acknowledges a batch that was never sent: end its stream.
var ErrAcknowledgement = errors.New("subscription: acknowledgement of a batch that was not sent")

// SetFreshness bounds the age of unacknowledged batches, clamps and returns the bound; 0 turns it off. Only commands call it.
func (s *Session) SetFreshness(bound time.Duration) time.Duration {
	if bound <= 0 {
		s.freshness = freshness{}
	} else {
		s.freshness.bound = min(max(bound, s.worker.config.MinFreshness), s.worker.config.MaxFreshness)
	}
	return s.freshness.bound
}

// Acknowledge notes that the client has taken everything up to a batch. Only functions given to Post or Execute call it.
func (s *Session) Acknowledge(streamSequence uint64) error {
	if streamSequence > s.lastBatch {
		return fmt.Errorf("%w: %d, the last one is %d", ErrAcknowledgement, streamSequence, s.lastBatch)
	}
	s.freshness.acknowledge(streamSequence, s.lastBatch)
	return nil
}

// freshness bounds the age of what the client has not acknowledged. Batches are remembered in marks of a few each, so that the memory is bounded
// whatever the rate; a mark counts as old as its first batch, so the bound errs on the side of freshness by 1/marksPerBound of it.
type freshness struct {
	bound time.Duration // 0: off
	marks []mark        // unacknowledged batches, oldest first
}

// mark stands for the batches from first until the next mark.
type mark struct {
	first uint64 // stream sequence
	sent  time.Time
}

const marksPerBound = 32

func (f *freshness) sent(sequence uint64, now time.Time) {
	if f.bound == 0 {
		return
	}
	if last := len(f.marks) - 1; last >= 0 && now.Sub(f.marks[last].sent) < f.bound/marksPerBound {
		return
	}
	f.marks = append(f.marks, mark{first: sequence, sent: now})
}

// blocked reports whether the oldest unacknowledged batch is as old as the bound.
func (f *freshness) blocked(now time.Time) bool {
	return len(f.marks) > 0 && now.Sub(f.marks[0].sent) >= f.bound
}

// acknowledge forgets the marks whose batches the client has all taken; last is the newest batch sent.
func (f *freshness) acknowledge(sequence, last uint64) {
	done := 0
	for done < len(f.marks) {
		end := last // newest batch of the mark
		if done+1 < len(f.marks) {
			end = f.marks[done+1].first - 1
		}
		if end > sequence {
			break
		}
		done++
	}
	f.marks = append(f.marks[:0], f.marks[done:]...)
}
