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
// received. Batches are due on a grid of the interval. What is still owed at the window's end counts with the time that it is late by then, if
// that is an interval or more; else it was not given its time.
func recordDelays(h *figure.Histogram, batches []sending, interval, begun, ended int64) {
	if len(batches) == 0 {
		h.Record(time.Duration(ended-begun), (ended-begun)/interval)
		return
	}
	due := batches[0].sent + earliestOffset(batches, interval)
	for due >= begun {
		due -= interval
	}
	for due += interval; due < ended; due += interval {
		for len(batches) > 0 && batches[0].sent < due {
			batches = batches[1:]
		}
		switch {
		case len(batches) > 0:
			h.Record(time.Duration(batches[0].received-due), 1)
		case ended-due >= interval:
			h.Record(time.Duration(ended-due), 1)
		}
	}
}

// earliestOffset returns the phase of the grid relative to the first batch: the earliest of all batches within their intervals.
func earliestOffset(batches []sending, interval int64) int64 {
	earliest := int64(0)
	for _, b := range batches {
		offset := (b.sent - batches[0].sent) % interval
		if offset >= interval/2 {
			offset -= interval
		}
		earliest = min(earliest, offset)
	}
	return earliest
}
