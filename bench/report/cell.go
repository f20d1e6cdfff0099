package report

import (
	"slices"

	"tickgate/bench/figure"
)

// Cell is the repeats of one system in one case.
type Cell struct {
	Scenario, Case, System string
	Results                []figure.Result
}

// Group puts results together by scenario, case and system, in the order in which each came first.
func Group(results []figure.Result) (cells []Cell) {
	type key struct{ scenario, of, system string }
	index := map[key]int{}
	for _, r := range results {
		k := key{r.Scenario, r.Case, r.System}
		i, known := index[k]
		if !known {
			i = len(cells)
			index[k] = i
			cells = append(cells, Cell{Scenario: r.Scenario, Case: r.Case, System: r.System})
		}
		cells[i].Results = append(cells[i].Results, r)
	}
	return cells
}

// Median returns the median of a figure and its range over the runs that did not fail; ok is false if none has it.
func (c *Cell) Median(take func(*figure.Result) *float64) (median, least, greatest float64, ok bool) {
	var values []float64
	for i := range c.Results {
		if r := &c.Results[i]; !r.Failed() {
			if v := take(r); v != nil {
				values = append(values, *v)
			}
		}
	}
	if len(values) == 0 {
		return 0, 0, 0, false
	}
	slices.Sort(values)
	return Median(values), values[0], values[len(values)-1], true
}

// Median returns the middle of sorted values, of two middles their mean.
func Median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Failures returns why runs have no figure.
func (c *Cell) Failures() (reasons []string) {
	for _, r := range c.Results {
		reasons = append(reasons, r.Errors...)
	}
	return reasons
}

// merged returns one histogram of all runs that did not fail.
func (c *Cell) merged(take func(*figure.Result) figure.Histogram) (h figure.Histogram) {
	for i := range c.Results {
		if !c.Results[i].Failed() {
			h.Merge(take(&c.Results[i]))
		}
	}
	return h
}

func latencyOf(r *figure.Result) figure.Histogram   { return r.LatencyHistogram }
func stalenessOf(r *figure.Result) figure.Histogram { return r.StalenessHistogram }
