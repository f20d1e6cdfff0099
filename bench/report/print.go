package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"tickgate/bench/figure"
)

// Print writes a table per scenario for a terminal.
func Print(out io.Writer, results []figure.Result, scenarios []Scenario) error {
	cells := Group(results)
	for _, s := range scenarios {
		own := of(cells, s.Name)
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(out, "%s\n\n", s.Title)
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		shown := used(own)
		fmt.Fprint(table, "  case\tsystem")
		for _, column := range shown {
			fmt.Fprintf(table, "\t%s", column.title)
		}
		fmt.Fprintln(table)
		for i := range own {
			c := &own[i]
			fmt.Fprintf(table, "  %s\t%s", c.Case, c.System)
			if failed := c.Failures(); len(failed) == len(c.Results) && len(failed) > 0 {
				fmt.Fprintf(table, "\tfailed: %s\n", shortened(failed[0]))
				continue
			}
			for k := range shown {
				fmt.Fprintf(table, "\t%s", shown[k].text(c))
			}
			fmt.Fprintln(table)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, note := range notes(own) {
			fmt.Fprintf(out, "  note: %s\n", note)
		}
		for _, check := range s.Checks {
			mark := "no "
			if check.Holds {
				mark = "yes"
			}
			fmt.Fprintf(out, "  %s  %s: %s\n", mark, check.Text, check.Measured)
		}
		fmt.Fprintln(out)
	}
	return nil
}

func of(cells []Cell, scenario string) (own []Cell) {
	for _, c := range cells {
		if c.Scenario == scenario {
			own = append(own, c)
		}
	}
	return own
}

// shortened keeps an error on one line of a table.
func shortened(text string) string {
	const most = 200
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "|", "/")), " ")
	if len(text) > most {
		return text[:most] + " …"
	}
	return text
}

// notes returns what is to be said of the runs, and how often: of some figures it tells whose they are, and of a case with failures how many of its runs have no figure.
func notes(cells []Cell) (all []string) {
	for i := range cells {
		c := &cells[i]
		where := c.Case + ", " + c.System
		noted, last := 0, ""
		for _, r := range c.Results {
			if len(r.Notes) > 0 {
				noted, last = noted+1, strings.Join(r.Notes, "; ")
			}
		}
		if noted > 0 {
			all = append(all, fmt.Sprintf("%s, %d of %d runs: %s", where, noted, len(c.Results), last))
		}
		if failed := c.Failures(); len(failed) > 0 && len(failed) < len(c.Results) {
			all = append(all, fmt.Sprintf("%s: %d of %d runs have no figure: %s", where, len(failed), len(c.Results), shortened(failed[0])))
		}
	}
	return all
}
