package datafile

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTemplate says that a template of symbols cannot be used.
var ErrTemplate = errors.New("datafile: symbol template")

// Template makes a symbol out of columns: "{symbol}.{venue}" is what the columns symbol and venue hold, with a point between.
type Template struct {
	parts []templatePart
}

// templatePart is literal text, then a column unless that is empty.
type templatePart struct{ literal, column string }

// ParseTemplate reads a template. Column names stand in braces, everything else stands for itself.
func ParseTemplate(text string) (Template, error) {
	var t Template
	if text == "" {
		return t, fmt.Errorf("%w: it is empty; give for example {symbol}.{venue}", ErrTemplate)
	}
	for text != "" {
		literal, rest, open := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return Template{}, fmt.Errorf("%w: a } without {", ErrTemplate)
		}
		if !open {
			t.parts = append(t.parts, templatePart{literal: literal})
			break
		}
		column, after, closed := strings.Cut(rest, "}")
		if !closed || column == "" || strings.Contains(column, "{") {
			return Template{}, fmt.Errorf("%w: {%s is not a column name in braces", ErrTemplate, column)
		}
		t.parts = append(t.parts, templatePart{literal: literal, column: column})
		text = after
	}
	return t, nil
}

// columns returns the columns that the template names.
func (t Template) columns() []string {
	var names []string
	for _, p := range t.parts {
		if p.column != "" {
			names = append(names, p.column)
		}
	}
	return names
}
