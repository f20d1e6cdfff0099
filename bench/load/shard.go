package load

import (
	"sync"
	"time"

	"tickgate/bench/figure"
)

// shardCount spreads the streams so that their goroutines seldom meet at a lock; each has histograms of its own, a few hundred KB.
const shardCount = 32

// shard is what its streams count into.
type shard struct {
	mu sync.Mutex

	// Guarded by mu.
	phase  phase
	begun  int64 // of the window, UTC nanoseconds
	ended  int64 // of the window, from answering on
	window figure.Window
}

// phase is what the shard does with what arrives.
type phase int

const (
	idle      phase = iota // it is not measured
	measuring              // the window is open
	answering              // the window is over, and what was due in it may still come
)

func (s *shard) begin(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window, s.phase, s.begun = figure.Window{}, measuring, now
}

// counts tells whether a message that was due at some time is one of the window's. The shard is locked.
func (s *shard) counts(due int64) bool {
	return due >= s.begun && (s.phase == measuring || s.phase == answering && due < s.ended)
}

// end stops what is counted as it comes.
func (s *shard) end(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase, s.ended = answering, now
}

// countBatch counts a message that was received, if a window is measured. The shard is locked.
func (s *shard) countBatch(by *Stream) {
	if s.phase != measuring {
		return
	}
	s.window.Batches++
	switch {
	case by.hung:
		s.window.HungBatches++
	case by.slow:
		s.window.SlowBatches++
	}
}

// countUpdate counts a value and the events that were merged into it, if a window is measured. The shard is locked.
func (s *shard) countUpdate(conflated uint64) {
	if s.phase == measuring {
		s.window.Updates++
		s.window.Conflated += conflated
	}
}

// sampling is the distance of staleness samples.
const sampling = int64(10 * time.Millisecond)

// sampleStaleness records the samples that fall between the receipt of a value and that of the next, of which newer is when the first event
// after the value was published. The shard is locked.
func (s *shard) sampleStaleness(from, to, newer int64) {
	first := (max(from, s.begun)/sampling + 1) * sampling
	fresh := int64(0)
	for at := first; at <= to; at += sampling {
		if at < newer {
			fresh++
			continue
		}
		s.window.Staleness.Record(time.Duration(at-newer), 1)
	}
	if fresh > 0 {
		s.window.Staleness.Record(0, fresh)
	}
}
