package record

import "sync/atomic"

// Counters of a recorder.
type Counters struct {
	Events    uint64 // recorded
	Gaps      uint64 // holes in sequences, each stated in a gaps file
	Missing   uint64 // events in those holes
	Repeated  uint64 // events that were not newer than what was recorded, and are not recorded again
	Malformed uint64 // messages that are no events
	Dropped   uint64 // messages that came faster than they were written; their events are missing, too. After Run.
}

// counters are written by Run and read by anybody.
type counters struct {
	events, gaps, missing, repeated, malformed, dropped atomic.Uint64
}

// Counters returns what was recorded so far.
func (r *Recorder) Counters() Counters {
	c := &r.counters
	return Counters{
		Events: c.events.Load(), Gaps: c.gaps.Load(), Missing: c.missing.Load(), Repeated: c.repeated.Load(),
		Malformed: c.malformed.Load(), Dropped: c.dropped.Load(),
	}
}
