package subscription

import "sync/atomic"

// workerStats are added to by the worker, once per batch at most, and read by whoever scrapes.
type workerStats struct {
	batches   atomic.Uint64
	updates   atomic.Uint64
	conflated atomic.Uint64
	gaps      atomic.Uint64
	busySkips atomic.Uint64
}

// Stats are the hub's counters since its start.
type Stats struct {
	Batches       uint64 // sent
	Updates       uint64 // sent
	Conflated     uint64 // events merged into updates beside the newest
	Gaps          uint64 // told
	BusySkips     uint64 // times a session was passed over because its previous batch had not left
	Subscriptions int64  // now
	Symbols       int    // opened by the feed, now
	Pending       int    // that only clients have named, now
}

// Stats adds up the workers' counters.
func (h *Hub) Stats() Stats {
	var s Stats
	for _, w := range h.workers {
		s.Batches += w.stats.batches.Load()
		s.Updates += w.stats.updates.Load()
		s.Conflated += w.stats.conflated.Load()
		s.Gaps += w.stats.gaps.Load()
		s.BusySkips += w.stats.busySkips.Load()
	}
	s.Subscriptions = h.table.subscriptions.Load()
	s.Symbols, s.Pending = h.table.Count()
	return s
}
