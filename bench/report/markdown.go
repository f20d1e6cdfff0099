package report

import (
	"fmt"
	"io"
	"strings"
)

// markdown writes all tables, notes and checks.
func markdown(out io.Writer, meta Meta, cells []Cell, scenarios []Scenario) {
	fmt.Fprintf(out, "# Results of %s\n\n", meta.Date)
	fmt.Fprintf(out, "%s, %d cores, %d MB, %s, %s, commit %s. `%s`, %.0f minutes.\n", meta.CPU, meta.Cores, meta.MemoryMB, meta.Kernel, meta.Go, meta.Commit, meta.Command, meta.Seconds/60)
	fmt.Fprint(out, "\nFigures are medians of the runs, with their range. Everything shares the machine: servers, bus, feed and load generator.\n")
	for _, s := range scenarios {
		own := of(cells, s.Name)
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n## %s\n\n%s\n\n", s.Title, s.Description)
		markdownTable(out, own)
		for i, note := range notes(own) {
			if i == 0 {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "- %s\n", note)
		}
		if len(s.Checks) == 0 {
			continue
		}
		fmt.Fprint(out, "\n| what must be shown | | measured |\n|---|---|---|\n")
		for _, check := range s.Checks {
			mark := "**no**"
			if check.Holds {
				mark = "yes"
			}
			fmt.Fprintf(out, "| %s | %s | %s |\n", check.Text, mark, check.Measured)
		}
	}
}

func markdownTable(out io.Writer, own []Cell) {
	shown := used(own)
	fmt.Fprint(out, "| case | system |")
	for _, column := range shown {
		fmt.Fprintf(out, " %s |", column.title)
	}
	fmt.Fprintf(out, "\n|---|---|%s\n", strings.Repeat("---:|", len(shown)))
	for i := range own {
		c := &own[i]
		fmt.Fprintf(out, "| %s | %s |", c.Case, c.System)
		if failed := c.Failures(); len(failed) > 0 && len(failed) == len(c.Results) {
			fmt.Fprintf(out, " failed: %s |\n", shortened(failed[0]))
			continue
		}
		for k := range shown {
			fmt.Fprintf(out, " %s |", shown[k].text(c))
		}
		fmt.Fprintln(out)
	}
}
