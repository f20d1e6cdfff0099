package report

import (
	"fmt"
	"io"
	"strings"

	"tickgate/bench/figure"
)

// Scenario is what the report says of one.
type Scenario struct {
	Name        string
	Title       string
	Description string
	Checks      []Check
}

// Check is one thing that a scenario must show.
type Check struct {
	Text     string
	Holds    bool
	Measured string
}

// mark is yes or no.
func (c *Check) mark() string {
	if c.Holds {
		return "yes"
	}
	return "no"
}

// Outcome is whether a benchmark has shown what it was to show.
type Outcome struct {
	Runs    int      // that were to be measured
	Failed  []string // those of them without a figure, each with its reason and where the logs are
	Ours    int      // of Failed, those of Tickgate
	Checks  int
	Refuted []string // checks that do not hold, each with what was measured
}

// Judge sums up. Loads that only probe may fail.
func Judge(results []figure.Result, scenarios []Scenario) (o Outcome) {
	for i := range results {
		r := &results[i]
		if r.Probing {
			continue
		}
		o.Runs++
		if r.Failed() {
			if strings.HasPrefix(r.System, ours) {
				o.Ours++
			}
			o.Failed = append(o.Failed, fmt.Sprintf("%s, %s, %s, run %d: %s; logs in %s", r.Scenario, r.Case, r.System, r.Repeat, Shortened(r.Errors[0]), r.Logs))
		}
	}
	for _, s := range scenarios {
		for _, check := range s.Checks {
			o.Checks++
			if !check.Holds {
				o.Refuted = append(o.Refuted, fmt.Sprintf("%s, %s: %s", s.Name, check.Text, check.Measured))
			}
		}
	}
	return o
}

// ours begins the names of the systems that are Tickgate.
const ours = "tickgate"

// Good tells whether every run of Tickgate has a figure and every check holds. A comparator that loses values when there is too much for it has no figure, either; that is told, and is
// what was measured.
func (o *Outcome) Good() bool { return o.Ours+len(o.Refuted) == 0 }

// Print says how many runs and checks are as they should be, and names the others.
func (o *Outcome) Print(out io.Writer) {
	fmt.Fprintf(out, "%d of %d runs have figures", o.Runs-len(o.Failed), o.Runs)
	if o.Checks > 0 {
		fmt.Fprintf(out, ", %d of %d checks hold", o.Checks-len(o.Refuted), o.Checks)
	}
	fmt.Fprintln(out, ".")
	for _, failed := range o.Failed {
		fmt.Fprintf(out, "  no figure: %s\n", failed)
	}
	for _, refuted := range o.Refuted {
		fmt.Fprintf(out, "  does not hold: %s\n", refuted)
	}
}
