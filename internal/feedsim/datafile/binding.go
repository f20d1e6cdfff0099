package datafile

import (
	"fmt"
	"slices"
	"strings"

	"tickgate/pkg/tick"
)

// Binding is a layout and a template applied to the columns of one file.
type Binding struct {
	Kind    tick.Kind
	Columns [fieldCount]Column
	Index   [fieldCount]int // of the field's column; AbsentColumn if the file does not have it
	symbol  []boundPart
}

type boundPart struct {
	literal string
	index   int // AbsentColumn: only the literal
}

// AbsentColumn stands for a column that the file does not have.
const AbsentColumn = -1

// Bind finds the first layout whose columns, and those of the template, a file has.
func Bind(file string, columns []string, o Options) (Binding, error) {
	var refusals []string
	for _, l := range o.Layouts {
		template, err := o.template(l)
		if err != nil {
			return Binding{}, err
		}
		expected := expectedColumns(l, template)
		missing := slices.DeleteFunc(slices.Clone(expected), func(name string) bool { return slices.Contains(columns, name) })
		if len(missing) > 0 {
			refusals = append(refusals, fmt.Sprintf("%s expects %s and misses %s", l.Name, strings.Join(expected, ","), strings.Join(missing, ",")))
			continue
		}
		if twice := firstTwice(expected, columns); twice != "" {
			return Binding{}, fmt.Errorf("%w: %s: the header has two columns %s", ErrFile, file, twice)
		}
		return newBinding(columns, l, template), nil
	}
	return Binding{}, fmt.Errorf("%w: %s: the header does not fit: %s; found %s", ErrFile, file, strings.Join(refusals, "; "), foundColumns(columns))
}

func (o Options) template(l Layout) (Template, error) {
	if len(o.Symbol.parts) > 0 {
		return o.Symbol, nil
	}
	return ParseTemplate(l.Symbol)
}

func expectedColumns(l Layout, t Template) []string {
	var names []string
	for _, c := range l.Columns {
		if c.Name != "" && !c.Optional {
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

func newBinding(columns []string, l Layout, t Template) Binding {
	b := Binding{Kind: l.Kind(), Columns: l.Columns}
	for f, c := range l.Columns {
		b.Index[f] = slices.Index(columns, c.Name)
		if c.Name == "" { // a header may have an unnamed column
			b.Index[f] = AbsentColumn
		}
	}
	for _, p := range t.parts {
		index := AbsentColumn
		if p.column != "" {
			index = slices.Index(columns, p.column)
		}
		b.symbol = append(b.symbol, boundPart{literal: p.literal, index: index})
	}
	return b
}

// Used returns the indices of the columns that the binding reads, in ascending order.
func (b *Binding) Used() []int { return distinct(append(b.SymbolColumns(), b.Index[:]...)) }

// SymbolColumns returns the indices of the columns that make the symbol, in ascending order.
func (b *Binding) SymbolColumns() []int {
	var columns []int
	for _, p := range b.symbol {
		columns = append(columns, p.index)
	}
	return distinct(columns)
}

func distinct(indices []int) []int {
	slices.Sort(indices)
	return slices.DeleteFunc(slices.Compact(indices), func(index int) bool { return index == AbsentColumn })
}
