package scenario

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tickgate/bench/figure"
	"tickgate/bench/report"
)

// Times that the project allows itself for all scenarios three times, and for the quick ones once.
const (
	allowed      = 38*time.Minute + 30*time.Second // of 40: a load that does not settle takes longer
	allowedQuick = 3 * time.Minute
)

func planned(scenarios []Scenario) (total time.Duration) {
	for _, s := range scenarios {
		for _, job := range s.Jobs {
			total += job.Estimate()
		}
	}
	return total
}

func TestPlansFitIntoTheTimeAllowed(t *testing.T) {
	all, err := All(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Logf("%s: %s", s.Name, planned([]Scenario{s}))
	}
	if total := 3 * planned(all); total > allowed {
		t.Errorf("all scenarios take %s", total)
	}
	quick, err := Quick(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if total := planned(quick); total > allowedQuick {
		t.Errorf("the quick ones take %s", total)
	}
}

// TestWindowsOfAllSystemsBeginWithTheSameEvent: with room to open more streams before each, and only when all clones have joined in.
func TestWindowsOfAllSystemsBeginWithTheSameEvent(t *testing.T) {
	rows := [][]string{{"header"}}
	for i := range 60 { // A once a second, B in between
		second := int64(1e18) + int64(i)*int64(time.Second)
		rows = append(rows, []string{strconv.FormatInt(second, 10), "", "V", "A"}, []string{strconv.FormatInt(second+int64(time.Second)/2, 10), "", "V", "B"})
	}
	place, err := placesOf(rows, "A.V")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]uint64{0: 1, time.Second: 2, 1500 * time.Millisecond: 3, time.Minute: 61, 2*time.Minute + 30*time.Second: 151} {
		if got := place(at); got != want {
			t.Errorf("at %s the next event is %d, not %d", at, got, want)
		}
	}
	steps := []marketStep{{1, fewWindow}, {500, manyWindow}}
	for speed, want := range map[int][]Step{
		1:  {{1, place(5950 * time.Millisecond), 2 * time.Second}, {500, place(9750 * time.Millisecond), 8 * time.Second}},
		16: {{1, place(24 * time.Second), 1500 * time.Millisecond}, {500, place(57300 * time.Millisecond), 3750 * time.Millisecond}},
	} {
		if got := windowsOf(steps, speed, place); !slices.Equal(got, want) {
			t.Errorf("at %dx: %+v, want %+v", speed, got, want)
		}
	}
}

// TestOnlySystemsWithABatchForEachIntervalHaveADelay: of the others, events have a latency. Centrifuge flushes each channel by a clock of its own.
func TestOnlySystemsWithABatchForEachIntervalHaveADelay(t *testing.T) {
	for kind, want := range map[Kind]bool{Tickgate: true, Naive: true, Floor: true, Centrifuge: false, NATS: false} {
		l := &Load{Kind: kind, Interval: time.Second, Feed: generated(1, 1), Steps: once(1, time.Second)}
		if got := slices.Contains(l.generatorArgs(0, "", ""), "--delay=true"); got != want {
			t.Errorf("%s: %t", kind, got)
		}
	}
}

// TestUnequalLoadsAreMarked: by more than 2 % against the median of the same case and repeat.
func TestUnequalLoadsAreMarked(t *testing.T) {
	results := []figure.Result{
		{Case: "c", System: "a", Repeat: 1, Published: 1000}, {Case: "c", System: "b", Repeat: 1, Published: 1010}, {Case: "c", System: "d", Repeat: 1, Published: 900},
		{Case: "c", System: "a", Repeat: 2, Published: 500}, {Case: "c", System: "failed", Repeat: 2, Errors: []string{"lost"}},
		{Case: "c", System: "floor", Repeat: 2},
	}
	MarkUnequalLoads(results)
	for i := range results {
		if marked := len(results[i].Notes) > 0; marked != (i == 2) {
			t.Errorf("result %d: %v", i, results[i].Notes)
		}
	}
}

// TestKneeIsThatOfMostRuns: one run that got further, or less far, does not move it.
func TestKneeIsThatOfMostRuns(t *testing.T) {
	var results []figure.Result
	for repeat, last := range []int{1, 2, 4} { // steps within the bound, then one beyond it
		for step := range last + 1 {
			p99 := int64(500)
			if step == last {
				p99 = 20_000
			}
			results = append(results, figure.Result{Case: rateCase(firstRate << step), System: string(NATS), Repeat: repeat, Latency: &figure.Percentiles{P99: p99}})
		}
	}
	if check := kneeOf(report.Group(results), NATS); !check.Holds || !strings.HasPrefix(check.Measured, "2,000 events/s in 2 of 3 runs") {
		t.Errorf("%+v", check)
	}
}
