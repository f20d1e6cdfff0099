package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"tickgate/internal/feedsim"
	"tickgate/pkg/tick"
)

// MaxSymbols is the most symbols of one file: a template over the wrong column must not eat the memory.
const MaxSymbols = 1_000_000

var errSymbols = errors.New("more than 1,000,000 symbols; is the symbol template right?")

// Options say how to read files. All are needed.
type Options struct {
	Layouts []Layout // a file takes the first that fits its header
	Symbol  Template
	Log     *slog.Logger // takes the first few bad rows
}

// Reader is a feedsim.Source of the rows of one file, in file order. At is the row's ts_recv.
type Reader struct {
	// Immutable after Open.
	name    string
	closer  io.Closer
	binding binding
	report  *Report
	log     *slog.Logger

	lines    *lineReader
	splitter splitter
	symbols  map[string]string // known to be valid
	scratch  []byte            // a symbol in the making
	item     feedsim.Item      // what Next returns
	good     uint64
	firstBad BadRow // of this file; Line 0: none
}

// Open opens a file and reads its header. The report may be shared by readers of one goroutine.
func Open(f File, o Options, report *Report) (*Reader, error) {
	content, closer, err := f.open()
	if err != nil {
		return nil, err
	}
	r := &Reader{
		name: f.Name, closer: closer, report: report, log: o.Log,
		lines: newLineReader(content), symbols: make(map[string]string),
	}
	if err := r.readHeader(o); err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	return r, nil
}

func (r *Reader) readHeader(o Options) error {
	line, err := r.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %s: the file is empty", ErrFile, r.name)
	case errors.Is(err, errLongRow):
		return fmt.Errorf("%w: %s: not CSV: the first line is longer than %d bytes", ErrFile, r.name, MaxRowBytes)
	case err != nil:
		return r.broken(err)
	}
	if err := r.splitter.split(bytes.TrimPrefix(line, byteOrderMark)); err != nil {
		return fmt.Errorf("%w: %s: not CSV: the header: %w", ErrFile, r.name, err)
	}
	header := make([]string, len(r.splitter.fields))
	for i, name := range r.splitter.fields {
		header[i] = string(bytes.TrimSpace(name))
	}
	r.binding, err = bind(r.name, header, o.Layouts, o.Symbol)
	return err
}

// Close closes the file.
func (r *Reader) Close() error { return r.closer.Close() }

// Next returns the event of the next good row.
func (r *Reader) Next() (*feedsim.Item, error) {
	for {
		line, err := r.lines.next()
		switch {
		case err == nil && len(line) == 0:
			continue
		case err == nil:
			err = r.parse(line)
		case errors.Is(err, io.EOF):
			return nil, r.end()
		case !errors.Is(err, errLongRow):
			return nil, r.broken(err)
		}
		if err == nil {
			r.good++
			r.report.Rows++
			return &r.item, nil
		}
		r.bad(err)
	}
}

func (r *Reader) bad(reason error) {
	if r.firstBad.Line == 0 {
		r.firstBad = BadRow{File: r.name, Line: r.lines.number, Reason: reason.Error()}
	}
	r.report.bad(r.name, r.lines.number, reason, r.log)
}

// end is io.EOF, unless rows were there and none could be read: then the file is not what its header promised.
func (r *Reader) end() error {
	if r.good == 0 && r.firstBad.Line != 0 {
		return fmt.Errorf("%w: %s: none of its rows can be read; line %d: %s", ErrFile, r.name, r.firstBad.Line, r.firstBad.Reason)
	}
	return io.EOF
}

func (r *Reader) broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s: truncated: the compressed data ends after line %d", ErrFile, r.name, r.lines.number)
	}
	return fmt.Errorf("%w: %s: cannot be read after line %d: %w", ErrFile, r.name, r.lines.number, err)
}

// symbol makes the row's symbol, without allocating for one that was seen before.
func (r *Reader) symbol() (string, error) {
	r.scratch = r.scratch[:0]
	for _, p := range r.binding.symbol {
		r.scratch = append(r.scratch, p.literal...)
		if p.index != absentColumn {
			r.scratch = append(r.scratch, r.splitter.fields[p.index]...)
		}
	}
	if known, ok := r.symbols[string(r.scratch)]; ok {
		return known, nil
	}
	symbol := string(r.scratch)
	if err := tick.ValidateSymbol(symbol); err != nil {
		return "", fmt.Errorf("%w (%q)", err, tick.Printable(symbol, tick.MaxSymbolBytes))
	}
	if len(r.symbols) == MaxSymbols {
		return "", errSymbols
	}
	r.symbols[symbol] = symbol
	return symbol, nil
}
