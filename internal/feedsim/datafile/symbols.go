package datafile

import (
	"errors"
	"fmt"

	"tickgate/pkg/tick"
)

// MaxSymbols is the most symbols of one file: a template over the wrong column must not eat the memory.
const MaxSymbols = 1_000_000

var errSymbols = errors.New("more than 1,000,000 symbols; is the symbol template right?")

// Symbols makes the symbols of one file's rows.
type Symbols struct {
	parts   []boundPart
	known   map[string]string // those made before, which are valid
	scratch []byte            // a symbol in the making
}

// NewSymbols returns the symbols of a file with that binding.
func (b *Binding) NewSymbols() Symbols {
	return Symbols{parts: b.symbol, known: make(map[string]string)}
}

// Make returns the symbol of a row, without allocating for one that was seen before.
func (s *Symbols) Make(fields [][]byte) (string, error) {
	s.scratch = s.scratch[:0]
	for _, p := range s.parts {
		s.scratch = append(s.scratch, p.literal...)
		if p.index != AbsentColumn {
			s.scratch = append(s.scratch, fields[p.index]...)
		}
	}
	if known, ok := s.known[string(s.scratch)]; ok {
		return known, nil
	}
	symbol := string(s.scratch)
	if err := tick.ValidateSymbol(symbol); err != nil {
		return "", fmt.Errorf("%w (%q)", err, tick.Printable(symbol, tick.MaxSymbolBytes))
	}
	if len(s.known) == MaxSymbols {
		return "", errSymbols
	}
	s.known[symbol] = symbol
	return symbol, nil
}

// BindSymbol returns the symbols of a file whose columns have fixed names; standard is the template unless another is asked for.
func BindSymbol(file string, columns []string, asked Template, standard string) (Symbols, error) {
	b, err := Bind(file, columns, Options{Layouts: []Layout{{Name: "symbol", Symbol: standard}}, Symbol: asked})
	if err != nil {
		return Symbols{}, err
	}
	return b.NewSymbols(), nil
}
