package load

import (
	"context"
	"sync"
	"time"

	"tickgate/bench/figure"
)

// punctuality is how late the generator is for timers of its own. What it receives waits for a processor as they do, and is timed after that: a
// generator that is late measures itself.
type punctuality struct {
	mu sync.Mutex

	// Guarded by mu.
	measuring bool
	lag       figure.Histogram
}

// timerPeriod is the distance of the timers: a thousand in a short window, and no load.
const timerPeriod = 5 * time.Millisecond

// watch sets timers until the context ends.
func (p *punctuality) watch(ctx context.Context) {
	due := time.Now().Add(timerPeriod)
	timer := time.NewTimer(timerPeriod)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		for ; !due.After(now); due = due.Add(timerPeriod) { // with those that were missed meanwhile
			p.record(now.Sub(due))
		}
		timer.Reset(due.Sub(now))
	}
}

func (p *punctuality) record(lag time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.measuring {
		p.lag.Record(lag, 1)
	}
}

func (p *punctuality) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.measuring, p.lag = true, figure.Histogram{}
}

// end gives what was recorded in the window.
func (p *punctuality) end(w *figure.Window) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.measuring = false
	w.GeneratorLag.Merge(p.lag)
}
