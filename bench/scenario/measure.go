package scenario

import (
	"context"
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
func (rig *rig) measure(ctx context.Context, window time.Duration) (*usage, error) {
	begun := time.Now()
	before, err := rig.times()
	if err != nil {
		return nil, err
	}
	if err := wait(ctx, window); err != nil {
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

// times returns the processor time so far of the server, the load generators, the bus and the feed; what there is not has used none.
func (rig *rig) times() (all [4]time.Duration, err error) {
	processes := [...][]*process.Process{{rig.gate.process}, rig.generators, nil, nil}
	if rig.bus != nil && rig.bus != rig.gate {
		processes[2] = []*process.Process{rig.bus.process}
	}
	if rig.feed != nil {
		processes[3] = []*process.Process{rig.feed}
	}
	for i, some := range processes {
		for _, p := range some {
			used, err := p.CPU()
			if err != nil {
				return all, err
			}
			all[i] += used
		}
	}
	return all, nil
}

// fill takes what was seen and used into the result.
func (rig *rig) fill(result *figure.Result, seen *figure.Window, used *usage) {
	l := rig.load
	result.Seconds = seen.Seconds
	result.Published, result.Batches, result.Delivered = seen.Published, seen.Batches, seen.Updates
	if l.Kind.countsConflated() {
		result.Conflated = &seen.Conflated
	}
	result.ServerCores, result.ClientCores, result.BusCores, result.FeedCores = &used.server, &used.client, &used.bus, &used.feed
	together := used.server + used.bus
	result.ServerAndBusCores = &together
	result.StaleTold = seen.StaleTold
	cpuMicros := used.server * seen.Seconds * 1e6 // of the generator's window, which is longer by how late it took the command to end it
	result.CPUMicrosPerBatch = ratio(cpuMicros, seen.Batches)
	result.CPUMicrosPerUpdate = ratio(cpuMicros, seen.Updates)
	result.CPUSecondsPerMillion = ratio(cpuMicros, seen.Published*uint64(result.Streams))
	result.WireBytesPerUpdate = ratio(float64(seen.WireBytes), seen.Updates)
	megabytes := float64(used.serverBytes) / (1 << 20)
	result.RSSMegabytes = &megabytes
	result.RSSKilobytesPerStream = ratio(float64(used.serverBytes-rig.restBytes)/(1<<10), uint64(result.Streams))

	result.LatencyFrom, result.LatencyHistogram = figure.FromEvent, seen.Latency
	if seen.Delay.Count() > 0 {
		result.LatencyFrom, result.LatencyHistogram = figure.FromDue, seen.Delay
	}
	result.StalenessHistogram = seen.Staleness
	result.Latency, result.Staleness = result.LatencyHistogram.Percentiles(), seen.Staleness.Percentiles()
	result.SlowAge, result.Spread, result.FeedLag = seen.SlowAge.Percentiles(), seen.Spread.Percentiles(), seen.FeedLag.Percentiles()
	result.GeneratorLag, result.GeneratorCollections = seen.GeneratorLag.Percentiles(), seen.Collections
	result.Notes = append(notes(result), l.shortfall(result)...)
}

func ratio(of float64, to uint64) *float64 {
	if to == 0 {
		return nil
	}
	r := of / float64(to)
	return &r
}
