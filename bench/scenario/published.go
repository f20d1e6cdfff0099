package scenario

import (
	"fmt"
	"slices"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// publishedTolerance is by how much of the events the loads of two systems may differ and still be called the same.
const publishedTolerance = 0.02

// MarkUnequalLoads notes at each result whose feed published more or less in the window than that of the other systems in the same case and repeat:
// ratios between them mean no more than that difference.
func MarkUnequalLoads(results []figure.Result) {
	type group struct {
		scenario, of string
		repeat       int
	}
	published := map[group][]float64{}
	key := func(r *figure.Result) group { return group{r.Scenario, r.Case, r.Repeat} }
	for i := range results {
		if r := &results[i]; !r.Failed() && r.Published > 0 {
			published[key(r)] = append(published[key(r)], float64(r.Published))
		}
	}
	for _, counts := range published {
		slices.Sort(counts)
	}
	for i := range results {
		r := &results[i]
		if r.Failed() || r.Published == 0 {
			continue
		}
		usual := report.Median(published[key(r)])
		if difference := float64(r.Published)/usual - 1; difference > publishedTolerance || difference < -publishedTolerance {
			r.Notes = append(r.Notes, figure.Note{
				Notice: "unequal load", Text: fmt.Sprintf("%+.0f %% events published in the window against the median of the systems here", 100*difference),
			})
		}
	}
}

// samePublished checks that the systems of a case had the same load.
func (f figures) samePublished(of string) report.Check {
	text := fmt.Sprintf("%s: published events of the systems differ by no more than %.0f %%", of, 100*publishedTolerance)
	var least, most float64
	for i := range f {
		if f[i].Case != of {
			continue
		}
		if count, _, _, ok := f[i].Median(published); ok {
			if least == 0 || count < least {
				least = count
			}
			most = max(most, count)
		}
	}
	if least == 0 {
		return missing(text)
	}
	return report.Check{Text: text, Holds: most <= least*(1+publishedTolerance), Measured: fmt.Sprintf("%.0f to %.0f", least, most)}
}

func published(r *figure.Result) *float64 {
	count := float64(r.Published)
	return &count
}
