package csvfile

import (
	"fmt"
	"slices"
	"strings"

	"tickgate/pkg/tick"
)

// binding is a layout and a template applied to the columns of one file.
type binding struct {
	kind    tick.Kind
	columns int             // of the header
	index   [fieldCount]int // of the field's column; absentColumn if the file does not have it
	unit    [fieldCount]Unit
	symbol  []boundPart
}

type boundPart struct {
	literal string
	index   int // absentColumn: only the literal
}

const absentColumn = -1

// bind finds the first layout whose columns, and those of the template, the header has.
func bind(file string, header []string, layouts []Layout, t Template) (binding, error) {
	var refusals []string
	for _, l := range layouts {
		expected := expectedColumns(l, t)
		missing := slices.DeleteFunc(slices.Clone(expected), func(name string) bool { return slices.Contains(header, name) })
		if len(missing) > 0 {
			refusals = append(refusals, fmt.Sprintf("%s expects %s and misses %s", l.Name, strings.Join(expected, ","), strings.Join(missing, ",")))
			continue
		}
		if twice := firstTwice(expected, header); twice != "" {
			return binding{}, fmt.Errorf("%w: %s: the header has two columns %s", ErrFile, file, twice)
		}
		return newBinding(header, l, t), nil
	}
	return binding{}, fmt.Errorf("%w: %s: the header does not fit: %s; found %s", ErrFile, file, strings.Join(refusals, "; "), foundColumns(header))
}

func expectedColumns(l Layout, t Template) []string {
	var names []string
	for _, c := range l.Columns {
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	for _, name := range t.columns() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func firstTwice(expected, header []string) string {
	for _, name := range expected {
		if first := slices.Index(header, name); slices.Contains(header[first+1:], name) {
			return name
		}
	}
	return ""
}

// maxHeaderEcho is how much of a header is worth showing: a binary file has no line breaks.
const maxHeaderEcho = 300

func foundColumns(header []string) string {
	joined := strings.Join(header, ",")
	if shown := tick.Printable(joined, maxHeaderEcho); len(joined) > maxHeaderEcho {
		return shown + "…"
	} else if shown != "" {
		return shown
	}
	return "an empty line"
}

func newBinding(header []string, l Layout, t Template) binding {
	b := binding{kind: l.Kind(), columns: len(header)}
	for f, c := range l.Columns {
		b.index[f], b.unit[f] = slices.Index(header, c.Name), c.Unit
		if c.Name == "" { // a header may have an unnamed column
			b.index[f] = absentColumn
		}
	}
	for _, p := range t.parts {
		index := absentColumn
		if p.column != "" {
			index = slices.Index(header, p.column)
		}
		b.symbol = append(b.symbol, boundPart{literal: p.literal, index: index})
	}
	return b
}
