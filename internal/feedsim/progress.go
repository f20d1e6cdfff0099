package feedsim

import (
	"sync/atomic"
	"time"

	"tickgate/internal/feedsim/publish"
	"tickgate/pkg/tick"
)

// Progress is how far a feed is.
type Progress struct {
	publish.Counters
	Position tick.Time     // At of the newest event
	Lag      time.Duration // how late the newest event left; 0 when unpaced
	MaxLag   time.Duration // greatest so far
	Passes   uint64        // ended
	Elapsed  time.Duration // since Run began, until it ended
}

// progress is written by Run and read by anybody.
type progress struct {
	position, lag, maxLag atomic.Int64
	startedAt, endedAt    atomic.Int64 // UTC nanoseconds; 0: not yet
	passes                atomic.Uint64
}

// Progress returns how far the feed is.
func (f *Feed) Progress() Progress {
	p := Progress{
		Counters: f.publisher.Counters(),
		Position: tick.Time(f.progress.position.Load()),
		Lag:      time.Duration(f.progress.lag.Load()),
		MaxLag:   time.Duration(f.progress.maxLag.Load()),
		Passes:   f.progress.passes.Load(),
	}
	if started := f.progress.startedAt.Load(); started != 0 {
		now := f.config.Clock.Now().UnixNano()
		if ended := f.progress.endedAt.Load(); ended != 0 {
			now = ended
		}
		p.Elapsed = time.Duration(now - started)
	}
	return p
}

func (p *progress) start(now time.Time) { p.startedAt.Store(now.UnixNano()) }

func (p *progress) end(now time.Time) { p.endedAt.Store(now.UnixNano()) }

func (p *progress) late(lag time.Duration) {
	lag = max(lag, 0) // a clock may wake early
	p.lag.Store(int64(lag))
	if lag > time.Duration(p.maxLag.Load()) {
		p.maxLag.Store(int64(lag))
	}
}
