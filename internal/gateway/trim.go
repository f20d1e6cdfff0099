package gateway

import (
	"context"
	"runtime"
	"time"
)

// Opening a stream leaves about twice as much garbage behind as the stream keeps, and the memory of a storm of new streams, or of streams that have left, would stay with the process for
// minutes: the collector runs by how much is allocated, and afterwards that is little.
const (
	trimCheck   = time.Second
	trimStreams = 1_000 // that have come or gone since the last trim, and more than trimShare of all
	trimShare   = 10    // percent
	calmShare   = 1     // percent of all that come or go in one check once a storm is over
	calmChecks  = 3     // in a row, so that what the storm has left in pools is let go before
)

// trimmer has garbage collected after streams have come or gone in great numbers. It does not give the memory to the system at once, as debug.FreeOSMemory does: at 50,000 streams that held
// everything up for half a second.
type trimmer struct {
	count func() int64 // streams now
	free  func()

	trimmed int64 // streams at the last trim
	before  int64 // streams at the last check
	calm    int   // checks since a storm
}

func (g *Gateway) trimMemory(ctx context.Context) error {
	t := trimmer{count: func() int64 { return g.service.Stats().ActiveStreams }, free: runtime.GC}
	tick := time.NewTicker(trimCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			t.check()
		}
	}
}

func (t *trimmer) check() {
	now := t.count()
	moved, changed := distance(now, t.before), distance(now, t.trimmed)
	t.before = now
	most := max(now, t.trimmed)
	if moved*100 > most*calmShare {
		t.calm = 0
		return
	}
	t.calm++
	if changed < trimStreams || changed*100 < most*trimShare || t.calm < calmChecks {
		return
	}
	t.trimmed = now
	t.free()
}

func distance(a, b int64) int64 { return max(a-b, b-a) }
