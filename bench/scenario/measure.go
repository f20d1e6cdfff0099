package scenario

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/process"
)

// usage is what processes used of the machine within a window.
type usage struct {
	seconds                   float64
	server, client, bus, feed float64 // cores
	serverBytes               int64   // resident at the window's end
}

// measure lets the window pass.
func (rig *rig) measure(ctx context.Context) (*usage, error) {
	begun := time.Now()
	before, err := rig.times()
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, rig.load.Window); err != nil {
		return nil, err
	}
	after, err := rig.times()
	if err != nil {
		return nil, err
	}
	u := &usage{seconds: time.Since(begun).Seconds()}
	cores := func(i int) float64 { return (after[i] - before[i]).Seconds() / u.seconds }
	u.server, u.client, u.bus, u.feed = cores(0), cores(1), cores(2), cores(3)
	u.serverBytes, err = rig.gate.process.RSS()
	return u, err
}

// times returns the processor time so far of the server, the load generator, the bus and the feed; what there is not has used none.
func (rig *rig) times() (all [4]time.Duration, err error) {
	processes := [...]*process.Process{rig.gate.process, rig.generator, nil, rig.feed}
	if rig.bus != nil && rig.bus != rig.gate {
		processes[2] = rig.bus.process
	}
	for i, p := range processes {
		if p == nil {
			continue
		}
		if all[i], err = p.CPU(); err != nil {
			return all, err
		}
	}
	return all, nil
}

// Bounds past which a run says that something else than the system was measured.
const (
	saturatedShare = 0.95                   // of the machine's cores
	feedLate       = 100 * time.Millisecond // at the 99th percentile
)

// fill takes what was seen and used into the result.
func (rig *rig) fill(result *figure.Result, seen *figure.Window, used *usage) {
	l := rig.load
	result.Seconds = seen.Seconds
	result.Published, result.Batches, result.Delivered, result.Conflated = seen.Published, seen.Batches, seen.Updates, seen.Conflated
	result.ServerCores, result.ClientCores, result.BusCores, result.FeedCores = &used.server, &used.client, &used.bus, &used.feed
	cpuMicros := used.server * seen.Seconds * 1e6 // of the generator's window, which is longer by how late it took the command to end it
	result.CPUMicrosPerBatch = ratio(cpuMicros, seen.Batches)
	result.CPUMicrosPerUpdate = ratio(cpuMicros, seen.Updates)
	result.CPUSecondsPerMillion = ratio(cpuMicros, seen.Published*uint64(result.Streams))
	result.WireBytesPerUpdate = ratio(float64(seen.WireBytes), seen.Updates)
	megabytes := float64(used.serverBytes) / (1 << 20)
	result.RSSMegabytes = &megabytes
	result.RSSKilobytesPerStream = ratio(float64(used.serverBytes-rig.restBytes)/(1<<10), uint64(result.Streams))

	result.LatencyFrom, result.LatencyHistogram = "event", seen.Latency
	if l.Interval > 0 && seen.Delay.Count() > 0 {
		result.LatencyFrom, result.LatencyHistogram = "due", seen.Delay
	}
	result.StalenessHistogram = seen.Staleness
	result.Latency, result.Staleness = result.LatencyHistogram.Percentiles(), seen.Staleness.Percentiles()
	result.SlowAge, result.Spread, result.FeedLag = seen.SlowAge.Percentiles(), seen.Spread.Percentiles(), seen.FeedLag.Percentiles()
	result.Notes = notes(result)
}

// notes says where the figures are not the system's alone.
func notes(r *figure.Result) []string {
	var all []string
	busy := *r.ServerCores + *r.ClientCores + *r.BusCores + *r.FeedCores
	if cores := float64(runtime.NumCPU()); busy > saturatedShare*cores {
		what := "the machine was the bottleneck"
		if *r.ClientCores > *r.ServerCores {
			what = "the load generator was the bottleneck"
		}
		all = append(all, fmt.Sprintf("%s: %.2f of %.0f cores busy, server %.2f, generator %.2f, bus %.2f, feed %.2f",
			what, busy, cores, *r.ServerCores, *r.ClientCores, *r.BusCores, *r.FeedCores))
	}
	if r.FeedLag != nil && time.Duration(r.FeedLag.P99)*time.Microsecond > feedLate {
		all = append(all, fmt.Sprintf("the feed was late: p99 %d ms behind its schedule at the bus", r.FeedLag.P99/1000))
	}
	return all
}

func ratio(of float64, to uint64) *float64 {
	if to == 0 {
		return nil
	}
	r := of / float64(to)
	return &r
}
