package report

import (
	"cmp"
	"slices"

	"tickgate/bench/figure"
)

// Cell is the repeats of one system in one case.
type Cell struct {
	Scenario, Case, System string
	Probing                bool // see figure.Result
	Results                []figure.Result
}

// Group puts results together by scenario, case and system: scenarios in the order in which each came first, cases by the numbers in their names,
// and Tickgate before what it is compared with.
func Group(results []figure.Result) (cells []Cell) {
	type key struct {
		scenario, of, system string
		probing              bool
	}
	index, places := map[key]int{}, map[string]int{}
	for _, r := range results {
		k := key{r.Scenario, r.Case, r.System, r.Probing}
		i, known := index[k]
		if !known {
			i = len(cells)
			index[k] = i
			cells = append(cells, Cell{Scenario: r.Scenario, Case: r.Case, System: r.System, Probing: r.Probing})
		}
		if _, known := places[r.Scenario]; !known {
			places[r.Scenario] = len(places)
		}
		cells[i].Results = append(cells[i].Results, r)
	}
	slices.SortStableFunc(cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(places[a.Scenario], places[b.Scenario]), natural(a.Case, b.Case), compareSystems(a.System, b.System))
	})
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

// Failed returns how many runs have no figure, and why the first of them has none.
func (c *Cell) Failed() (runs int, reason string) {
	for i := range c.Results {
		if r := &c.Results[i]; r.Failed() {
			if runs == 0 {
				reason = r.Errors[0]
			}
			runs++
		}
	}
	return runs, reason
}

// name says which cell it is, in a sentence.
func (c *Cell) name() string { return c.Case + ", " + c.System }

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

// split puts cells of probing apart from those that were measured.
func split(cells []Cell) (measured, probing []Cell) {
	for _, c := range cells {
		if c.Probing {
			probing = append(probing, c)
		} else {
			measured = append(measured, c)
		}
	}
	return measured, probing
}
