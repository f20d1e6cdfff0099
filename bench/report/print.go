package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"tickgate/bench/figure"
)

// Print writes tables for a terminal: medians without their ranges, to which there are the files.
func Print(out io.Writer, results []figure.Result, scenarios []Scenario) {
	cells := Group(results)
	for _, s := range scenarios {
		measured, probing := split(of(cells, s.Name))
		if len(measured)+len(probing) == 0 {
			continue
		}
		fmt.Fprintf(out, "%s\n\n", s.Title)
		printTable(out, measured)
		if len(probing) > 0 {
			fmt.Fprintf(out, "\n  %s\n\n", probingTitle)
			printTable(out, probing)
		}
		for i, check := range s.Checks {
			if i == 0 {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "  %-3s  %s: %s\n", check.mark(), check.Text, check.Measured)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "%s.\n\n", legend)
}

// failureWidth is what a row has of a failure; the end of the output has more of it.
const failureWidth = 90

// probingTitle is above the loads of a search.
const probingTitle = "Searched for the most that it can bear; nothing is promised of these loads, and the last is too much"

// printTable prints cells, and what is to be said of them.
func printTable(out io.Writer, cells []Cell) {
	shown := used(cells, everywhere)
	above, title := []string{""}, []string{""}
	for _, column := range shown {
		above, title = append(above, column.above), append(title, column.title)
	}
	rows := [][]string{append(above, ""), append(title, "")}
	caseBefore := ""
	for i := range cells {
		c := &cells[i]
		if c.Case != caseBefore {
			rows, caseBefore = append(rows, []string{c.Case}), c.Case
		}
		row := []string{"  " + c.System}
		if failed, reason := c.Failed(); failed == len(c.Results) {
			rows = append(rows, append(row, "failed: "+beginning(reason, failureWidth)))
			continue
		}
		for k := range shown {
			row = append(row, shown[k].median(c))
		}
		rows = append(rows, append(row, c.notice()))
	}
	printRows(out, rows, len(shown))
	for _, note := range notes(cells) {
		fmt.Fprintf(out, "  note: %s\n", note)
	}
}

// printRows aligns the first cell of each row to the left and so many that follow to the right. What comes after those, or alone beside the first,
// is a text of any length, and so is a first cell that stands alone.
func printRows(out io.Writer, rows [][]string, figures int) {
	const alone = 2
	widths := make([]int, figures+1)
	for _, row := range rows {
		for i, text := range row {
			if i == 0 && len(row) > 1 || i <= figures && len(row) > alone {
				widths[i] = max(widths[i], utf8.RuneCountInString(text))
			}
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, text := range row {
			switch {
			case i == 0:
				fmt.Fprintf(&b, "  %-*s", widths[0], text)
			case i > figures || len(row) <= alone:
				fmt.Fprintf(&b, "  %s", text)
			default:
				fmt.Fprintf(&b, "  %*s", widths[i], text)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
}

func of(cells []Cell, scenario string) (own []Cell) {
	for _, c := range cells {
		if c.Scenario == scenario {
			own = append(own, c)
		}
	}
	return own
}
