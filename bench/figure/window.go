package figure

import (
	"errors"
	"fmt"
	"strings"
)

// ErrVerdict says that no figure may be taken from a run.
var ErrVerdict = errors.New("figure: the run failed")

// Window is what one load generator saw from one begin to the end that follows.
type Window struct {
	Seconds     float64 `json:"seconds"`
	Streams     int     `json:"streams"`      // those that were open and had a value of each symbol
	Connections int     `json:"connections"`  // those that carry them
	Published   uint64  `json:"published"`    // events that NATS delivered to the generator's own subscription
	Batches     uint64  `json:"batches"`      // messages that the streams received
	SlowBatches uint64  `json:"slow_batches"` // of them, those of streams that read slowly
	HungBatches uint64  `json:"hung_batches"` // and of those that read no more
	Updates     uint64  `json:"updates"`      // values in them
	Conflated   uint64  `json:"conflated"`    // events that updates say were merged into them
	WireBytes   uint64  `json:"wire_bytes"`   // read from the sockets, above TCP
	Clamped     uint64  `json:"clamped"`      // negative times that were put to zero
	StaleTold   uint64  `json:"stale_told"`   // messages that said that a value may no longer be true
	Collections int     `json:"collections"`  // of the generator's garbage
	Cut         int     `json:"cut"`          // slow and hung streams that the server has ended, in the window or before

	Delay     Histogram `json:"delay"`     // of batches at an interval: from when one is due to its receipt
	Latency   Histogram `json:"latency"`   // of updates: from the intended time of the event to its receipt
	Staleness Histogram `json:"staleness"` // sampled every 10 ms: how long what a stream holds has been out of date
	SlowAge   Histogram `json:"slow_age"`  // of updates that slow readers took: how long they were out of date when taken
	Spread    Histogram `json:"spread"`    // of events: last receiver minus first
	FeedLag   Histogram `json:"feed_lag"`  // of events: from the intended time to the generator's own subscription

	GeneratorLag Histogram `json:"generator_lag"` // of the generator's own timers
}

// Merge adds what another generator saw in the same window.
func (w *Window) Merge(other *Window) {
	w.Seconds = max(w.Seconds, other.Seconds)
	w.Streams += other.Streams
	w.Connections += other.Connections
	w.Published = max(w.Published, other.Published) // every generator has the whole feed
	w.Batches += other.Batches
	w.SlowBatches += other.SlowBatches
	w.HungBatches += other.HungBatches
	w.Updates += other.Updates
	w.Conflated += other.Conflated
	w.WireBytes += other.WireBytes
	w.Clamped += other.Clamped
	w.StaleTold += other.StaleTold
	w.Collections += other.Collections
	w.Cut += other.Cut
	w.Delay.Merge(other.Delay)
	w.Latency.Merge(other.Latency)
	w.Staleness.Merge(other.Staleness)
	w.SlowAge.Merge(other.SlowAge)
	w.Spread.Merge(other.Spread)
	w.FeedLag.Merge(other.FeedLag)
	w.GeneratorLag.Merge(other.GeneratorLag)
}

// Verdict is what a generator found once the feed had stopped and everything had settled.
type Verdict struct {
	Lost  int      `json:"lost"`  // streams that ended though nobody asked them to
	Wrong int      `json:"wrong"` // symbols of a stream whose value is not the feed's last
	Stale int      `json:"stale"` // of those, the ones that were said to be stale
	First []string `json:"first"` // the first few of both, in words
}

// Merge adds what another generator found.
func (v *Verdict) Merge(other *Verdict) {
	v.Lost += other.Lost
	v.Wrong += other.Wrong
	v.Stale += other.Stale
	v.First = append(v.First, other.First...)
}

// Err says what was found wrong, or nil.
func (v *Verdict) Err() error {
	if v.Lost == 0 && v.Wrong == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d streams lost, %d values are not the feed's last, %d of them said to be stale: %s", ErrVerdict, v.Lost, v.Wrong, v.Stale, strings.Join(v.First, "; "))
}
