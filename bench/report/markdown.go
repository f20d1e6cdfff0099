package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// markdown writes all tables, notes and checks.
func markdown(out io.Writer, meta Meta, cells []Cell, scenarios []Scenario) {
	markdownMeta(out, meta)
	for _, s := range scenarios {
		measured, probing := split(of(cells, s.Name))
		if len(measured)+len(probing) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n## %s\n\n%s\n\n", s.Title, s.Description)
		markdownTable(out, measured)
		if len(probing) > 0 {
			fmt.Fprintf(out, "\n%s:\n\n", probingTitle)
			markdownTable(out, probing)
		}
		if len(s.Checks) == 0 {
			continue
		}
		fmt.Fprint(out, "\n| what must be shown | | measured |\n|---|---|---|\n")
		for _, check := range s.Checks {
			mark := check.mark()
			if !check.Holds {
				mark = "**" + mark + "**"
			}
			fmt.Fprintf(out, "| %s | %s | %s |\n", check.Text, mark, check.Measured)
		}
	}
}

func markdownMeta(out io.Writer, m Meta) {
	commit := m.Commit
	if m.Dirty {
		commit += " with changes"
	}
	fmt.Fprintf(out, "# Results of %s\n\n", m.Date)
	if m.Partial != "" {
		fmt.Fprintf(out, "**Not all of the benchmark: %s.**\n\n", m.Partial)
	}
	fmt.Fprintf(out, "%s, %d cores, %d MB, %s, %s, commit %s. `%s`: runs of each job: %d, in the order of seed %d; %.0f minutes.\n",
		m.CPU, m.Cores, m.MemoryMB, m.Kernel, m.Go, commit, m.Command, m.Repeats, m.Seed, m.Seconds/60)
	if len(m.LeftOut) > 0 {
		fmt.Fprintf(out, "There was no time for the last run of %d of them: %s.\n", len(m.LeftOut), strings.Join(m.LeftOut, "; "))
	}
	var versions []string
	for _, module := range slices.Sorted(maps.Keys(m.Versions)) {
		versions = append(versions, module+" "+m.Versions[module])
	}
	if len(versions) > 0 {
		fmt.Fprintf(out, "With %s.\n", strings.Join(versions, ", "))
	}
	fmt.Fprint(out, "\nFigures are medians of the runs that did not fail, with the least and the greatest of them. Everything shares the machine: servers, bus, feed and load generator.\n")
	fmt.Fprintf(out, "%s.\n", legend)
}

// markdownTable writes cells, and what is to be said of them.
func markdownTable(out io.Writer, cells []Cell) {
	shown, noticed := used(cells, filesOnly), hasNotices(cells)
	fmt.Fprint(out, "| case | system |")
	for _, column := range shown {
		fmt.Fprintf(out, " %s |", column.heading())
	}
	fmt.Fprintf(out, "%s\n|---|---|%s%s\n", optional(noticed, " notice |"), strings.Repeat("---:|", len(shown)), optional(noticed, "---|"))
	for i := range cells {
		c := &cells[i]
		fmt.Fprintf(out, "| %s | %s |", c.Case, c.System)
		if failed, reason := c.Failed(); failed == len(c.Results) {
			fmt.Fprintf(out, " failed: %s |\n", Shortened(reason))
			continue
		}
		for k := range shown {
			fmt.Fprintf(out, " %s |", shown[k].withRange(c))
		}
		fmt.Fprintf(out, "%s\n", optional(noticed, " "+c.notice()+" |"))
	}
	for i, note := range notes(cells) {
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "- %s\n", note)
	}
}

func optional(shown bool, text string) string {
	if shown {
		return text
	}
	return ""
}
