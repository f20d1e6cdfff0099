package floor

import (
	"context"
	"encoding/binary"
	"time"

	"tickgate/bench/peers/peer"
)

// writer writes to every writers-th place, from its first on.
type writer struct {
	// Immutable after newWriter.
	places         *places
	first, writers int
	started        int64 // of the common grid, UTC nanoseconds
	interval       int64
	slot           int64 // due times within the interval are rounded down to it

	// Owned by run.
	message []byte
	now     int64
	timer   *time.Timer
}

func newWriter(c peer.Config, places *places, first, writers int, started time.Time) *writer {
	return &writer{
		places: places, first: first, writers: writers, started: started.UnixNano(), interval: int64(c.Interval), slot: max(1, int64(c.Slot)), message: make([]byte, c.Bytes),
	}
}

// run writes what is due until the context ends.
func (w *writer) run(ctx context.Context) {
	w.timer = time.NewTimer(0)
	defer w.timer.Stop()
	total := int64(len(w.places.connections))
	for grid := w.started; w.await(ctx, grid); grid += w.interval {
		for n := w.first; n < int(total); n += w.writers {
			connection := w.places.connections[n].Load()
			if connection == nil {
				continue
			}
			within := int64(n) * w.interval / total
			due := grid + within - within%w.slot
			if !w.await(ctx, due) {
				return
			}
			binary.LittleEndian.PutUint64(w.message, uint64(due))
			if _, err := (*connection).Write(w.message); err != nil {
				w.places.drop(n)
			}
		}
	}
}

// await returns at the time, or false once the context has ended. The clock is read only when the last reading is not past the time.
func (w *writer) await(ctx context.Context, at int64) bool {
	for w.now < at {
		if w.now = time.Now().UnixNano(); w.now >= at {
			break
		}
		w.timer.Reset(time.Duration(at - w.now))
		select {
		case <-ctx.Done():
			return false
		case <-w.timer.C:
		}
	}
	return ctx.Err() == nil
}
