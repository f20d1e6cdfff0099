package report

import (
	"fmt"
	"math"
	"strings"

	"tickgate/bench/figure"
)

// column is one figure in a table.
type column struct {
	above, title string // above the figures: two lines on a terminal
	place        place
	take         func(*figure.Result) *float64
}

// place is where a column is shown.
type place int

const (
	everywhere place = iota
	filesOnly        // a terminal has no room for all
)

// columns are all that a table may have; those without any figure are left out.
var columns = []column{
	{"server", "cores", everywhere, func(r *figure.Result) *float64 { return r.ServerCores }},
	{"CPU us", "per batch", everywhere, func(r *figure.Result) *float64 { return r.CPUMicrosPerBatch }},
	{"CPU us", "per update", filesOnly, func(r *figure.Result) *float64 { return r.CPUMicrosPerUpdate }},
	{"CPU s", "per million", everywhere, func(r *figure.Result) *float64 { return r.CPUSecondsPerMillion }},
	{"batches", "per s", everywhere, batchesPerSecond},
	{"updates", "per batch", everywhere, updatesPerBatch},
	{"merged", "%", everywhere, mergedPercent},
	{"delay", "p50 ms", everywhere, millis(delay, func(p *figure.Percentiles) float64 { return float64(p.P50) })},
	{"delay", "p99 ms", everywhere, millis(delay, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"delay", "mean ms", filesOnly, millis(delay, func(p *figure.Percentiles) float64 { return p.Mean })},
	{"latency", "p50 ms", everywhere, millis(latency, func(p *figure.Percentiles) float64 { return float64(p.P50) })},
	{"latency", "p99 ms", everywhere, millis(latency, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"latency", "mean ms", filesOnly, millis(latency, func(p *figure.Percentiles) float64 { return p.Mean })},
	{"stale", "p50 ms", filesOnly, millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P50) })},
	{"stale", "p99 ms", everywhere, millis(staleness, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"slow age", "p99 ms", everywhere, millis(slowAge, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"slow age", "max ms", filesOnly, millis(slowAge, func(p *figure.Percentiles) float64 { return float64(p.Max) })},
	{"spread", "p99 ms", everywhere, millis(spread, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
	{"spread", "max ms", filesOnly, millis(spread, func(p *figure.Percentiles) float64 { return float64(p.Max) })},
	{"events", "per s", everywhere, func(r *figure.Result) *float64 { return r.EventsPerSecond }},
	{"wire B", "per update", everywhere, func(r *figure.Result) *float64 { return r.WireBytesPerUpdate }},
	{"RSS", "MB", filesOnly, func(r *figure.Result) *float64 { return r.RSSMegabytes }},
	{"KB", "per stream", everywhere, func(r *figure.Result) *float64 { return r.RSSKilobytesPerStream }},
	{"generator", "cores", everywhere, func(r *figure.Result) *float64 { return r.ClientCores }},
	{"bus", "cores", filesOnly, func(r *figure.Result) *float64 { return r.BusCores }},
	{"server+bus", "cores", filesOnly, func(r *figure.Result) *float64 { return r.ServerAndBusCores }},
	{"generator lag", "p99 ms", filesOnly, millis(generatorLag, func(p *figure.Percentiles) float64 { return float64(p.P99) })},
}

// heading is the column's in one line.
func (k *column) heading() string { return k.above + " " + k.title }

// legend says what is not plain from the titles of columns.
const legend = "CPU is that of the server, per million of (events published x subscribers); merged is the share of events that updates say were merged into them, - where a system does not say; " +
	"delay is from when a batch is due by its interval to its receipt, latency from the intended time of an event to the receipt of it or of a newer value in its place; " +
	"stale is for how long what a client holds has been out of date"

// delay is from when a batch is due, latency from when an event was to be published: they never stand in one column.
func delay(r *figure.Result) *figure.Percentiles {
	if r.LatencyFrom == figure.FromDue {
		return r.Latency
	}
	return nil
}

func latency(r *figure.Result) *figure.Percentiles {
	if r.LatencyFrom == figure.FromDue {
		return nil
	}
	return r.Latency
}

func staleness(r *figure.Result) *figure.Percentiles { return r.Staleness }
func slowAge(r *figure.Result) *figure.Percentiles   { return r.SlowAge }
func spread(r *figure.Result) *figure.Percentiles    { return r.Spread }

func generatorLag(r *figure.Result) *figure.Percentiles { return r.GeneratorLag }

func millis(of func(*figure.Result) *figure.Percentiles, take func(*figure.Percentiles) float64) func(*figure.Result) *float64 {
	return func(r *figure.Result) *float64 {
		p := of(r)
		if p == nil || p.Max == 0 && take(p) == 0 { // of a figure that is quoted only the mean is known
			return nil
		}
		ms := take(p) / 1000
		return &ms
	}
}

func batchesPerSecond(r *figure.Result) *float64 { return quotient(float64(r.Batches), r.Seconds) }

func updatesPerBatch(r *figure.Result) *float64 {
	return quotient(float64(r.Delivered), float64(r.Batches))
}

func mergedPercent(r *figure.Result) *float64 {
	if r.Conflated == nil || r.Delivered == 0 {
		return nil
	}
	percent := 100 * float64(*r.Conflated) / float64(*r.Conflated+r.Delivered)
	return &percent
}

// quotient returns nil where there is nothing to divide: such a system does not have the figure.
func quotient(of, by float64) *float64 {
	if of == 0 || by == 0 {
		return nil
	}
	q := of / by
	return &q
}

// used returns the columns for a place that any of the cells has a figure for.
func used(cells []Cell, at place) (some []column) {
	for _, column := range columns {
		if column.place > at {
			continue
		}
		for i := range cells {
			if _, _, _, ok := cells[i].Median(column.take); ok {
				some = append(some, column)
				break
			}
		}
	}
	return some
}

// median returns the cell's figure.
func (k *column) median(c *Cell) string {
	median, _, _, ok := c.Median(k.take)
	if !ok {
		return "-"
	}
	return Number(median)
}

// withRange returns the cell's figure, and its range if there are several runs.
func (k *column) withRange(c *Cell) string {
	median, least, greatest, ok := c.Median(k.take)
	switch {
	case !ok:
		return "-"
	case len(c.Results) == 1:
		return Number(median)
	}
	return fmt.Sprintf("%s [%s–%s]", Number(median), Number(least), Number(greatest))
}

// Number writes a figure with three digits, or all that are before the point, in groups of three.
func Number(v float64) string {
	const digits, mostBehind = 3, 4
	if v == 0 {
		return "0"
	}
	power := math.Floor(math.Log10(math.Abs(v)))
	if math.Abs(v) >= math.Pow(10, power+1)-math.Pow(10, power+1-digits)/2 { // it is rounded up to the next power of ten
		power++
	}
	return grouped(fmt.Sprintf("%.*f", min(max(digits-1-int(power), 0), mostBehind), v))
}

// grouped writes the digits before the point in groups of three.
func grouped(text string) string {
	whole, fraction, hasFraction := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if !hasFraction {
		return whole
	}
	return whole + "." + fraction
}
