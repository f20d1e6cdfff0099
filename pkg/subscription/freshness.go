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
		return 0
	}
	if s.freshness.bound == 0 {
		s.freshness = freshness{acknowledged: s.lastBatch, window: leastWindow}
	}
	s.freshness.bound = min(max(bound, s.worker.config.MinFreshness), s.worker.config.MaxFreshness)
	return s.freshness.bound
}

// Acknowledge notes that the client has taken everything up to a batch. Only functions given to Post or Execute call it.
func (s *Session) Acknowledge(streamSequence uint64) error {
	if streamSequence > s.lastBatch {
		return fmt.Errorf("%w: %d, the last one is %d", ErrAcknowledgement, streamSequence, s.lastBatch)
	}
	s.freshness.acknowledge(streamSequence, s.lastBatch, s.worker.config.Now())
	return nil
}

// freshness bounds the age of what the client takes. Two rules hold batches back:
//
//   - while the oldest unacknowledged batch is as old as the bound, nothing is sent;
//   - no more batches are unacknowledged than window, which follows what the client is able to take within the bound. Without it a client that reads a
//     tenth of what is sent would be ten bounds behind before the first rule stops the flow.
//
// The window begins with one batch. Each acknowledgement that comes within a quarter of the bound lets it grow by what was acknowledged, so that it doubles with every round
// for a client that keeps up, to windowHeadroom times what is unacknowledged: bursts pass, and a client that slows down does not have all on its way that is sent within the bound.
// An acknowledgement that takes longer than half the bound shrinks it, once per window, to half of what is unacknowledged, and further where it took longer than the bound.
//
// Batches are remembered in marks of a few each, so that the memory is bounded whatever the rate; a mark counts as old as its first batch, so both rules err on the
// side of freshness by 1/marksPerBound of the bound.
type freshness struct {
	bound        time.Duration // 0: off
	marks        []mark        // unacknowledged batches, oldest first
	acknowledged uint64        // newest batch that the client has taken, or that was sent before it asked for the bound
	window       uint64        // most batches unacknowledged
	shrunkAt     uint64        // newest batch when the window shrank last: acknowledgements up to it say nothing about the smaller window
}

// mark stands for the batches from first until the next mark.
type mark struct {
	first uint64 // stream sequence
	sent  time.Time
}

const (
	marksPerBound  = 32
	leastWindow    = 1
	windowHeadroom = 16
)

func (f *freshness) sent(sequence uint64, now time.Time) {
	if f.bound == 0 {
		return
	}
	if last := len(f.marks) - 1; last >= 0 && now.Sub(f.marks[last].sent) < f.bound/marksPerBound {
		return
	}
	f.marks = append(f.marks, mark{first: sequence, sent: now})
}

// blocked reports whether a batch has to wait; last is the newest one sent.
func (f *freshness) blocked(last uint64, now time.Time) bool {
	return len(f.marks) > 0 && (last-f.acknowledged >= f.window || now.Sub(f.marks[0].sent) >= f.bound)
}

// acknowledge notes that the client has taken all batches up to sequence; last is the newest batch sent.
func (f *freshness) acknowledge(sequence, last uint64, now time.Time) {
	if f.bound == 0 || sequence <= f.acknowledged {
		return
	}
	f.adapt(sequence, last, now)
	f.acknowledged = sequence
	done := 0
	for done < len(f.marks) && f.newestOf(done, last) <= sequence {
		done++
	}
	f.marks = append(f.marks[:0], f.marks[done:]...)
}

// adapt sets the window after how long the newest batch acknowledged has taken.
func (f *freshness) adapt(sequence, last uint64, now time.Time) {
	of := 0 // mark of the batch
	for of < len(f.marks)-1 && f.newestOf(of, last) < sequence {
		of++
	}
	if of == len(f.marks) { // sent before the bound was asked for
		return
	}
	unacknowledged := last - f.acknowledged
	switch taken := now.Sub(f.marks[of].sent); {
	case taken <= f.bound/4 && f.window < windowHeadroom*unacknowledged:
		f.window += sequence - f.acknowledged
	case taken > f.bound/2 && sequence > f.shrunkAt:
		f.window = max(uint64(float64(unacknowledged)*float64(f.bound)/float64(2*max(taken, f.bound))), leastWindow)
		f.shrunkAt = last
	}
}

// newestOf returns the newest batch of a mark.
func (f *freshness) newestOf(mark int, last uint64) uint64 {
	if mark+1 < len(f.marks) {
		return f.marks[mark+1].first - 1
	}
	return last
}
