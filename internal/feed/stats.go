package feed

import (
	"time"

	"tickgate/pkg/tick"
)

// Stats are what the feed has counted since its start. Telemetry reads them.
type Stats struct {
	Messages          uint64              // received, heartbeats and dropped ones among them
	Bytes             uint64              // of their payloads
	Heartbeats        uint64              // of publishers
	Quotes            uint64              // events applied
	Trades            uint64              // events applied
	Statuses          uint64              // events applied
	Dropped           [DropReasons]uint64 // events or messages skipped, see DropReason
	Gaps              uint64              // holes in the sequence of a symbol
	Missing           uint64              // events that were in them
	Untold            uint64              // events that were lost although no later one shows a hole: publishers' counts do
	OverLimit         uint64              // messages of publishers beyond MaxPublishers
	Symbols           int                 // now
	Publishers        int                 // now; those beyond MaxPublishers count as one
	SilentPublishers  int                 // now
	BusDropped        uint64              // messages that nats.go dropped because the feed was too slow
	Reconnects        uint64              // of the bus
	Connected         bool                // to the bus, now
	Age               time.Duration       // since anything was heard; meaningless unless Heard
	Heard             bool                // anything was ever heard
	WarmStart         WarmStart           // the newest one
	WarmStartFailures uint64              // warm starts whose Outcome was WarmStartFailed
}

// Stats returns what the ingester had counted at its last Post. Any goroutine may call it.
func (in *Ingester) Stats() Stats {
	count := func(i int) uint64 { return in.board[i].Load() }
	s := Stats{
		Messages:         count(countMessages),
		Bytes:            count(countBytes),
		Heartbeats:       count(countHeartbeats),
		Quotes:           count(countEvents),
		Trades:           count(countEvents + int(tick.KindTrade-tick.KindQuote)),
		Statuses:         count(countEvents + int(tick.KindStatus-tick.KindQuote)),
		Gaps:             count(countGaps),
		Missing:          count(countMissing),
		Untold:           count(countUntold),
		OverLimit:        count(countOverLimit),
		Symbols:          int(count(countSymbols)),
		Publishers:       int(count(countPublishers)),
		SilentPublishers: int(count(countSilent)),
	}
	for reason := range DropReasons {
		s.Dropped[reason] = count(countDropped + int(reason))
	}
	s.Age, s.Heard = in.Age()
	return s
}

// Age returns how long ago a message was last taken, as of the last Post; false if never. Any goroutine may call it.
func (in *Ingester) Age() (time.Duration, bool) {
	heard := in.heardAfter.Load()
	if heard == 0 {
		return 0, false
	}
	return max(0, in.config.Now().Sub(in.started)-time.Duration(heard-1)), true
}

// Post makes the counters visible to other goroutines. The feed goroutine calls it after a batch of messages.
func (in *Ingester) Post() {
	in.counts[countSymbols] = uint64(len(in.symbols))
	in.counts[countPublishers] = uint64(in.publishers.count())
	in.counts[countSilent] = uint64(in.publishers.silent)
	in.board.post(&in.counts)
	if !in.lastHeard.IsZero() {
		in.heardAfter.Store(1 + int64(in.lastHeard.Sub(in.started))) // 0 is never
	}
}
