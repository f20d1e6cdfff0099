package scenario

import (
	"testing"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// TestRatios: what is nothing is any number of times less than something, and has a figure all the same.
func TestRatios(t *testing.T) {
	for _, c := range []struct {
		above, below float64
		least, most  float64
		holds        bool
		measured     string
	}{
		{400, 100, 4, 0, true, "4.00 (400 to 100)"},
		{390, 100, 4, 0, false, "3.90 (390 to 100)"},
		{120, 100, 0, 1.1, false, "1.20 (120 to 100)"},
		{7, 0, 1, 0, true, "(7.00 to 0)"},
		{7, 0, 0, 1.1, false, "(7.00 to 0)"},
		{0, 0, 1, 0, false, "(0 to 0)"},
	} {
		cell := func(system string, cores float64) report.Cell {
			return report.Cell{Case: "c", System: system, Results: []figure.Result{{ServerCores: &cores}}}
		}
		f := figures{cell("above", c.above), cell("below", c.below)}
		got := f.ratio("text", side{"c", "above"}, side{"c", "below"}, serverCores, c.least, c.most)
		if got.Holds != c.holds || got.Measured != c.measured {
			t.Errorf("%+v: %+v", c, got)
		}
	}
	if got := (figures{}).ratio("text", side{"c", "above"}, side{"c", "below"}, serverCores, 1, 0); got.Holds {
		t.Errorf("without runs: %+v", got)
	}
}
