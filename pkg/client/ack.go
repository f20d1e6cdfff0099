package client

import "time"

// acknowledgements decides which batches are acknowledged when: those of which the application has taken everything. While it is busy with one thing for longer than a quarter of the bound, the Book
// takes in its place, or else the gateway would hold back what the application should find when it is done: there values conflate, and events wait no longer than is fresh. So a slow application
// has the gateway send seldom, and still takes what is new.
type acknowledgements struct {
	open         []batchMark // come, and not acknowledged, oldest first
	acknowledged uint64
	ready        uint64    // newest that may be acknowledged
	last         time.Time // when something was acknowledged
	timed        bool      // the sender comes again by itself
	standsIn     bool      // and does so for the application, which may be sooner
}

// batchMark stands for a batch, and for those after it up to the next mark.
type batchMark struct {
	sequence uint64 // of the newest batch, on its stream
	arrival  uint64 // of the newest batch, over all streams
	came     time.Time
}

// The first few batches are acknowledged at once, so that the gateway sees what the client can take, and then they are so often within the bound of freshness; never more often than gateways
// take commands.
const (
	acksAtOnce   = 10
	acksPerBound = 16
	leastPause   = 25 * time.Millisecond

	standInPart = 4                    // of the bound is how long the application has until the Book takes in its place
	markEvery   = 5 * time.Millisecond // batches that come closer together share a mark, so that there are few
)

func (a *acknowledgements) arrived(m batchMark) {
	if last := len(a.open) - 1; last >= 0 && m.sequence > acksAtOnce && m.came.Sub(a.open[last].came) < markEvery {
		a.open[last].sequence, a.open[last].arrival = m.sequence, m.arrival
		return
	}
	a.open = append(a.open, m)
}

// due returns the batch to acknowledge now, 0 for none, and how long until there may be another although nothing happens; 0: there will not be. The application has taken
// everything up to the batch taken.
func (a *acknowledgements) due(taken uint64, bound time.Duration, now time.Time) (sequence uint64, wait time.Duration) {
	patience := bound / standInPart
	done := 0
	for done < len(a.open) && (a.open[done].arrival <= taken || now.Sub(a.open[done].came) >= patience) {
		a.ready = a.open[done].sequence
		done++
	}
	a.open = append(a.open[:0], a.open[done:]...)
	a.timed, a.standsIn = false, false
	if len(a.open) > 0 {
		wait = patience - now.Sub(a.open[0].came)
		a.timed, a.standsIn = true, true
	}
	if a.ready == a.acknowledged {
		return 0, wait
	}
	if pause := max(bound/acksPerBound, leastPause) - now.Sub(a.last); pause > 0 && a.ready > acksAtOnce {
		a.timed, a.standsIn = true, false
		return 0, pause
	}
	a.acknowledged, a.last = a.ready, now
	return a.ready, wait
}
