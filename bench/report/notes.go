package report

import (
	"fmt"
	"strings"

	"tickgate/bench/figure"
)

// notice says in a few words, for the cell's row, what the notes say.
func (c *Cell) notice() string {
	var order []string
	runs := map[string]int{}
	add := func(notice string) {
		if runs[notice] == 0 {
			order = append(order, notice)
		}
		runs[notice]++
	}
	for i := range c.Results {
		if c.Results[i].Failed() {
			add("failed")
			continue
		}
		for _, note := range c.Results[i].Notes {
			add(note.Notice)
		}
	}
	for i, notice := range order {
		if runs[notice] < len(c.Results) {
			order[i] = fmt.Sprintf("%s (%d of %d)", notice, runs[notice], len(c.Results))
		}
	}
	return strings.Join(order, ", ")
}

// hasNotices tells whether any cell of a table has one.
func hasNotices(cells []Cell) bool {
	for i := range cells {
		if cells[i].notice() != "" {
			return true
		}
	}
	return false
}

// notes returns what is to be said of the runs, and of how many.
func notes(cells []Cell) (all []string) {
	for i := range cells {
		c := &cells[i]
		noted, last := 0, ""
		for _, r := range c.Results {
			var texts []string
			for _, note := range r.Notes {
				texts = append(texts, note.Text)
			}
			if len(texts) > 0 {
				noted, last = noted+1, strings.Join(texts, "; ")
			}
		}
		if noted > 0 {
			all = append(all, fmt.Sprintf("%s%s: %s", c.name(), c.ofRuns(noted), last))
		}
		if failed, reason := c.Failed(); failed > 0 && failed < len(c.Results) {
			all = append(all, fmt.Sprintf("%s%s: no figure: %s", c.name(), c.ofRuns(failed), Shortened(reason)))
		}
	}
	return all
}

func (c *Cell) ofRuns(some int) string {
	if len(c.Results) == 1 {
		return ""
	}
	return fmt.Sprintf(", %d of %d runs", some, len(c.Results))
}

// Shortened keeps the beginning of an error on one line, without what every failed run begins with.
func Shortened(text string) string {
	const most = 200
	return beginning(text, most)
}

// beginning is that of an error, in so many letters that a table has room for.
func beginning(text string, most int) string {
	text = strings.TrimPrefix(text, figure.ErrVerdict.Error()+": ")
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "|", "/")), " ")
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + " …"
	}
	return text
}
