package feedsim

import (
	"sync/atomic"
	"time"

	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Progress is how far a feed is.
type Progress struct {
	publish.Counters
	Position tick.Time     // At of the newest event, or where a seek went to
	Lag      time.Duration // how late the newest event left; 0 when unpaced
	MaxLag   time.Duration // greatest so far
	Passes   uint64        // ended
	Faulted  uint64        // faults that have happened, on purpose
	Elapsed  time.Duration // since Run began, until it ended
}

// State is what a feed does at a moment, as commands leave it.
type State struct {
	Progress
	// Paused: the clock stands.
	Paused bool
	// Speed of the recorded time, without what a burst adds to it.
	Speed pace.Speed
	// EventsPerSecond of a source that is Rated; 0: it is not, but a recording.
	EventsPerSecond float64
	// TotalPasses is how often the source is to be played; 0: again and again.
	TotalPasses int
	// Faults that are active, as fault.Parse reads them.
	Faults []string
}

// state belongs to Run.
func (f *Feed) state() State {
	s := State{Progress: f.Progress(), Paused: f.paused, Speed: f.speed, TotalPasses: f.config.Passes, Faults: f.faults.Active()}
	if source := f.rated(); source != nil {
		s.EventsPerSecond = source.EventsPerSecond()
	}
	return s
}

// progress is written by Run and read by anybody.
type progress struct {
	begin                 atomic.Int64 // position of the first event of a pass; 0: none was read yet
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
		Faulted:  f.faults.Happened(),
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
