package load

import (
	"time"

	"tickgate/bench/figure"
)

// sending is one batch of a stream with an interval.
type sending struct {
	sent     int64 // as the batch says, UTC nanoseconds
	received int64
}

// recordDelays records, for each time in the window at which a batch was due, how long it took until a batch that was made at or after it was
// received. Batches are due on a grid of the interval. They may have come until seen, some time after the window's end: what was due in it and is
// still owed then counts with the time that it is late by then. A stream without any batch has a grid that begins with the window.
func recordDelays(h *figure.Histogram, batches []sending, interval, begun, ended, seen int64) {
	due := begun
	if len(batches) > 0 {
		due = firstAtOrAfter(begun, phaseOf(batches, interval), interval)
	}
	for ; due < ended; due += interval {
		for len(batches) > 0 && batches[0].sent < due {
			batches = batches[1:]
		}
		received := seen
		if len(batches) > 0 {
			received = batches[0].received
		}
		h.Record(time.Duration(received-due), 1)
	}
}

// phaseOf returns the phase of the grid within the interval: the one to which the batches come with the least delay in all. It is the phase of one of the
// batches, since a grid that lies between two can be moved on to the later one. A single batch that is late, however much, does not move it.
func phaseOf(batches []sending, interval int64) (best int64) {
	least := int64(-1)
	for i := range batches {
		phase := batches[i].sent % interval
		if total := totalDelay(batches, phase, interval); least < 0 || total < least {
			least, best = total, phase
		}
	}
	return best
}

// totalDelay is that from all due times, from the first batch on, to the batches that were made at or after them.
func totalDelay(batches []sending, phase, interval int64) (total int64) {
	due := firstAtOrAfter(batches[0].sent-interval+1, phase, interval)
	for _, b := range batches {
		for ; due <= b.sent; due += interval {
			total += b.sent - due
		}
	}
	return total
}

// firstAtOrAfter returns the earliest time of a grid that is not before another.
func firstAtOrAfter(at, phase, interval int64) int64 {
	due := at - at%interval + phase
	for due >= at+interval {
		due -= interval
	}
	if due < at {
		due += interval
	}
	return due
}
