package scenario

import (
	"fmt"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// figures finds medians among the cells of one scenario.
type figures []report.Cell

// value returns the median of a figure; ok is false if no run of that case and system has one.
func (f figures) value(of, system string, take func(*figure.Result) *float64) (median float64, ok bool) {
	for i := range f {
		if f[i].Case == of && f[i].System == system {
			median, _, _, ok = f[i].Median(take)
			return median, ok
		}
	}
	return 0, false
}

// atMost checks a figure against a bound.
func (f figures) atMost(text, of, system string, take func(*figure.Result) *float64, bound float64, unit string) report.Check {
	got, ok := f.value(of, system, take)
	if !ok {
		return missing(text)
	}
	return report.Check{Text: text, Holds: got <= bound, Measured: report.Number(got) + " " + unit}
}

// side is one side of a comparison.
type side struct{ of, system string }

// ratio checks how often one figure goes into another: at least least times, and at most most times; 0: no such bound.
func (f figures) ratio(text string, above, below side, take func(*figure.Result) *float64, least, most float64) report.Check {
	numerator, ok := f.value(above.of, above.system, take)
	denominator, ok2 := f.value(below.of, below.system, take)
	if !ok || !ok2 {
		return missing(text)
	}
	got := numerator / denominator
	holds := got >= least && (most == 0 || got <= most)
	measured := fmt.Sprintf("(%s to %s)", report.Number(numerator), report.Number(denominator))
	if denominator == 0 { // of something to nothing, which is any number of times; and nothing to nothing, which is none
		return report.Check{Text: text, Holds: numerator > 0 && most == 0, Measured: measured}
	}
	return report.Check{Text: text, Holds: holds, Measured: report.Number(got) + " " + measured}
}

// within checks that a figure is no more than another plus an allowance.
func (f figures) within(text string, of side, other side, take func(*figure.Result) *float64, allowance float64, unit string) report.Check {
	got, ok := f.value(of.of, of.system, take)
	base, ok2 := f.value(other.of, other.system, take)
	if !ok || !ok2 {
		return missing(text)
	}
	return report.Check{Text: text, Holds: got <= base+allowance, Measured: fmt.Sprintf("%s %s beside %s %s", report.Number(got), unit, report.Number(base), unit)}
}

// noChecks is for a run that only shows figures.
func noChecks([]report.Cell) []report.Check { return nil }

func missing(text string) report.Check {
	return report.Check{Text: text, Measured: "a run that it needs has no figure"}
}

// What checks take of a result.
func cpuPerBatch(r *figure.Result) *float64   { return r.CPUMicrosPerBatch }
func cpuPerMillion(r *figure.Result) *float64 { return r.CPUSecondsPerMillion }
func serverCores(r *figure.Result) *float64   { return r.ServerCores }
func memory(r *figure.Result) *float64        { return r.RSSMegabytes }
func memoryPerStream(r *figure.Result) *float64 {
	return r.RSSKilobytesPerStream
}
func wireBytes(r *figure.Result) *float64       { return r.WireBytesPerUpdate }
func eventsPerSecond(r *figure.Result) *float64 { return r.EventsPerSecond }

func latencyMean(r *figure.Result) *float64 {
	if r.Latency == nil {
		return nil
	}
	return &r.Latency.Mean
}

func latencyP50(r *figure.Result) *float64 {
	return percentile(r.Latency, func(p *figure.Percentiles) int64 { return p.P50 })
}

func latencyP99(r *figure.Result) *float64 {
	return percentile(r.Latency, func(p *figure.Percentiles) int64 { return p.P99 })
}

func stalenessP50(r *figure.Result) *float64 {
	return percentile(r.Staleness, func(p *figure.Percentiles) int64 { return p.P50 })
}

func stalenessP99(r *figure.Result) *float64 {
	return percentile(r.Staleness, func(p *figure.Percentiles) int64 { return p.P99 })
}

func slowAgeMax(r *figure.Result) *float64 {
	return percentile(r.SlowAge, func(p *figure.Percentiles) int64 { return p.Max })
}

func spreadMax(r *figure.Result) *float64 {
	return percentile(r.Spread, func(p *figure.Percentiles) int64 { return p.Max })
}

func staleTold(r *figure.Result) *float64 {
	told := float64(r.StaleTold)
	return &told
}

func spreadP99(r *figure.Result) *float64 {
	return percentile(r.Spread, func(p *figure.Percentiles) int64 { return p.P99 })
}

func percentile(p *figure.Percentiles, take func(*figure.Percentiles) int64) *float64 {
	if p == nil {
		return nil
	}
	micros := float64(take(p))
	return &micros
}
