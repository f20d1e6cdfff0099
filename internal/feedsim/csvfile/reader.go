package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// Reader is a feedsim.Source of the rows of one file, in file order. At is the row's ts_recv.
type Reader struct {
	// Immutable after Open.
	content *datafile.Content
	binding datafile.Binding
	columns int // of the header

	lines    *lineReader
	splitter splitter
	symbols  datafile.Symbols
	rows     datafile.Rows
	digits   []byte       // a rounded number in the making
	item     feedsim.Item // what Next returns
}

// Open opens a file and reads its header. The report may be shared by readers of one goroutine.
func Open(f datafile.File, o datafile.Options, report *datafile.Report) (*Reader, error) {
	content, err := f.Unpack()
	if err != nil {
		return nil, err
	}
	return New(content, o, report)
}

// New reads the header of what was opened, and owns it from then on.
func New(content *datafile.Content, o datafile.Options, report *datafile.Report) (*Reader, error) {
	r := &Reader{content: content, lines: newLineReader(content), rows: datafile.NewRows(content.Name, report, o.Log)}
	if err := r.readHeader(o); err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return r, nil
}

func (r *Reader) readHeader(o datafile.Options) error {
	line, err := r.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %s: the file is empty", datafile.ErrFile, r.content.Name)
	case errors.Is(err, errLongRow):
		return fmt.Errorf("%w: %s: not CSV: the first line is longer than %d bytes", datafile.ErrFile, r.content.Name, MaxRowBytes)
	case err != nil:
		return r.broken(err)
	}
	if err := r.splitter.split(bytes.TrimPrefix(line, byteOrderMark)); err != nil {
		return fmt.Errorf("%w: %s: not CSV: the header: %w", datafile.ErrFile, r.content.Name, err)
	}
	header := make([]string, len(r.splitter.fields))
	for i, name := range r.splitter.fields {
		header[i] = string(bytes.TrimSpace(name))
	}
	if r.binding, err = datafile.Bind(r.content.Name, header, o); err != nil {
		return err
	}
	r.columns, r.symbols = len(header), r.binding.NewSymbols()
	return nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.content.Close() }

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
			return nil, r.rows.End()
		case !errors.Is(err, errLongRow):
			return nil, r.broken(err)
		}
		if err == nil {
			return &r.item, nil
		}
		r.rows.Bad(r.lines.number, err)
	}
}

func (r *Reader) broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s: truncated: the compressed data ends after line %d", datafile.ErrFile, r.content.Name, r.lines.number)
	}
	return fmt.Errorf("%w: %s: cannot be read after line %d: %w", datafile.ErrFile, r.content.Name, r.lines.number, err)
}

// Kind returns the kind of the file's events.
func (r *Reader) Kind() tick.Kind { return r.binding.Kind }
