package scenario

import (
	"fmt"
	"runtime"
	"time"

	"tickgate/bench/figure"
)

// Bounds past which a run says that something else than the system was measured, or another load than was meant.
const (
	machineFull    = 0.95                   // of its cores
	generatorFull  = 0.90                   // of the cores that the others left to it
	generatorLate  = 2 * time.Millisecond   // at the 99th percentile, and
	generatorShare = 0.25                   // of the latency's 99th percentile
	feedLate       = 100 * time.Millisecond // at the 99th percentile
	nominalShare   = 0.95                   // of the batches that are due, or of the events
)

// notes says where the figures are not the system's alone.
func notes(r *figure.Result) []figure.Note {
	all := append(busyNotes(r, float64(runtime.NumCPU())), lateNotes(r)...)
	if r.StaleTold > 0 {
		all = append(all, figure.Note{Notice: "told stale", Text: fmt.Sprintf("streams were told %d times in the window that a value may no longer be true", r.StaleTold)})
	}
	return all
}

func busyNotes(r *figure.Result, cores float64) (all []figure.Note) {
	others := *r.ServerCores + *r.BusCores + *r.FeedCores
	busy := others + *r.ClientCores
	shares := fmt.Sprintf("%.2f of %.0f cores busy, server %.2f, generator %.2f, bus %.2f, feed %.2f",
		busy, cores, *r.ServerCores, *r.ClientCores, *r.BusCores, *r.FeedCores)
	switch {
	case *r.ClientCores > generatorFull*(cores-others) && *r.ClientCores > *r.ServerCores:
		all = append(all, figure.Note{Notice: "generator full", Text: "the load generator was the bottleneck: " + shares})
	case busy > machineFull*cores:
		all = append(all, figure.Note{Notice: "machine full", Text: "the machine was the bottleneck: " + shares})
	}
	return all
}

func lateNotes(r *figure.Result) (all []figure.Note) {
	if r.GeneratorLag != nil && r.Latency != nil {
		lag := r.GeneratorLag.P99
		if time.Duration(lag)*time.Microsecond > generatorLate && float64(lag) > generatorShare*float64(r.Latency.P99) {
			all = append(all, figure.Note{Notice: "generator late", Text: fmt.Sprintf(
				"the load generator was late by itself: p99 %.1f ms behind timers of its own, beside a latency of p99 %.1f ms", float64(lag)/1000, float64(r.Latency.P99)/1000)})
		}
	}
	if r.GeneratorCollections > 0 {
		all = append(all, figure.Note{Notice: "generator collected", Text: fmt.Sprintf(
			"the load generator collected garbage %d times in the window, and measures how late that made it", r.GeneratorCollections)})
	}
	if r.FeedLag != nil && time.Duration(r.FeedLag.P99)*time.Microsecond > feedLate {
		all = append(all, figure.Note{Notice: "feed late", Text: fmt.Sprintf("the feed was late: p99 %d ms behind its schedule at the bus", r.FeedLag.P99/1000)})
	}
	return all
}

// shortfall says that streams did not get what was due to them. What is due where some read slowly is not known.
func (l *Load) shortfall(r *figure.Result) []figure.Note {
	if l.SlowPercent > 0 || l.HungPercent > 0 {
		return nil
	}
	if l.Interval == 0 {
		return below(l.nominalUpdates(r), r.Delivered, "events", "the rest was merged into newer ones, or was still on its way")
	}
	return below(l.nominalBatches(r), r.Batches, "batches", "the rest of those that were due was late by more than an interval, or still on its way")
}

// nominalUpdates is how many updates there are if each event comes to each stream that has its symbol; 0: no events.
func (l *Load) nominalUpdates(r *figure.Result) float64 {
	return float64(r.Published) * float64(r.Streams*l.PerStream) / float64(l.symbolCount())
}

// nominalBatches is one for each stream and interval; 0: not known, since the system has batches of another kind, or the market may be quiet.
func (l *Load) nominalBatches(r *figure.Result) float64 {
	if !l.Kind.batchesIntervals() || l.Feed.isRecorded() {
		return 0
	}
	return float64(r.Streams) * r.Seconds / l.Interval.Seconds()
}

// below tells what of the nominal number was reached, if it was not.
func below(nominal float64, got uint64, what, rest string) []figure.Note {
	if float64(got) >= nominalShare*nominal {
		return nil
	}
	return []figure.Note{{
		Notice: fmt.Sprintf("under %.0f %% of %s", 100*nominalShare, what),
		Text:   fmt.Sprintf("%.0f %% of the %s, %d in place of %.0f: %s", 100*float64(got)/nominal, what, got, nominal, rest),
	}}
}
