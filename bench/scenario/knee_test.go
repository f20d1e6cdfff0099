package scenario

import (
	"strings"
	"testing"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// TestAKneeBelowTheFirstRateIsOne: past the bound at once is a finding; runs without a figure are none, though one of them was within the bound.
func TestAKneeBelowTheFirstRateIsOne(t *testing.T) {
	first := func(p99 int64, errs ...string) figure.Result {
		return figure.Result{Case: rateCase(firstRate), System: string(NATS), Latency: &figure.Percentiles{P99: p99}, Errors: errs}
	}
	for _, c := range []struct {
		name    string
		results []figure.Result
		holds   bool
		want    string
	}{
		{"past it", []figure.Result{first(31_790), first(12_000), first(40_000)}, true, "below 1,000 events/s, where p99 is 31,790 us"},
		{"within it", []figure.Result{first(500), first(600), first(700)}, true, "1,000 events/s in 3 of 3 runs, median p99 600 us"},
		{"within it in one run, and the others failed", []figure.Result{first(500), first(0, "lost"), first(0, "lost")}, false, "no figure"},
	} {
		check := kneeOf(report.Group(c.results), NATS)
		if check.Holds != c.holds || !strings.Contains(check.Measured, c.want) {
			t.Errorf("%s: %+v, want %v and %q", c.name, check, c.holds, c.want)
		}
	}
}
