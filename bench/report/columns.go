package report

import (
	"fmt"

	"tickgate/bench/figure"
)

// column is one figure in a table.
type column struct {
	title  string
	format string
	take   func(*figure.Result) *float64
}

// columns are all that a table may have; those without any figure are left out.
var columns = []column{
	{"server cores", "%.3f", func(r *figure.Result) *float64 { return r.ServerCores }},
	{"us/batch", "%.2f", func(r *figure.Result) *float64 { return r.CPUMicrosPerBatch }},
	{"us/update", "%.2f", func(r *figure.Result) *float64 { return r.CPUMicrosPerUpdate }},
	{"s/million", "%.2f", func(r *figure.Result) *float64 { return r.CPUSecondsPerMillion }},
	{"p50 ms", "%.2f", millis(latency, func(p *figure.Percentiles) float64 { return float64(p.P50) })},
	{"p99 ms", "%.2f", millis(latency, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"mean ms", "%.2f", millis(latency, func(p *figure.Percentiles) float64 { return p.Mean })},
	{"stale p50 ms", "%.2f", millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P50) })},
	{"stale p99 ms", "%.2f", millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"slow age p99 ms", "%.0f", millis(slowAge, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"slow age max ms", "%.0f", millis(slowAge, func(p *figure.Percentiles) float64 { return float64(p.Max) })},
	{"spread p99 ms", "%.2f", millis(spread, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"events/s", "%.0f", func(r *figure.Result) *float64 { return r.EventsPerSecond }},
	{"wire B/update", "%.1f", func(r *figure.Result) *float64 { return r.WireBytesPerUpdate }},
	{"RSS MB", "%.0f", func(r *figure.Result) *float64 { return r.RSSMegabytes }},
	{"KB/stream", "%.1f", func(r *figure.Result) *float64 { return r.RSSKilobytesPerStream }},
	{"generator cores", "%.2f", func(r *figure.Result) *float64 { return r.ClientCores }},
	{"bus cores", "%.2f", func(r *figure.Result) *float64 { return r.BusCores }},
}

func latency(r *figure.Result) *figure.Percentiles   { return r.Latency }
func staleness(r *figure.Result) *figure.Percentiles { return r.Staleness }
func slowAge(r *figure.Result) *figure.Percentiles   { return r.SlowAge }
func spread(r *figure.Result) *figure.Percentiles    { return r.Spread }

func millis(of func(*figure.Result) *figure.Percentiles, take func(*figure.Percentiles) float64) func(*figure.Result) *float64 {
	return func(r *figure.Result) *float64 {
		p := of(r)
		if p == nil {
			return nil
		}
		ms := take(p) / 1000
		return &ms
	}
}

// used returns the columns that any of the cells has a figure for.
func used(cells []Cell) (some []column) {
	for _, column := range columns {
		for i := range cells {
			if _, _, _, ok := cells[i].Median(column.take); ok {
				some = append(some, column)
				break
			}
		}
	}
	return some
}

// text returns the cell's figure, with its range if there are several runs.
func (k *column) text(c *Cell) string {
	median, least, greatest, ok := c.Median(k.take)
	switch {
	case !ok:
		return ""
	case len(c.Results) == 1:
		return fmt.Sprintf(k.format, median)
	}
	return fmt.Sprintf(k.format+" ["+k.format+"–"+k.format+"]", median, least, greatest)
}
