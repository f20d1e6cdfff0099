package parquetfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// Magic begins every Parquet file.
const Magic = "PAR1"

// Reader is a feedsim.Source of the rows of one file, in file order. At is the row's ts_recv.
type Reader struct {
	// Immutable after New.
	content *datafile.Content
	file    *parquet.File
	binding datafile.Binding
	columns []*parquet.Column // of the file, those that hold one value a row
	used    []int             // of columns, those that are read
	named   []int             // of columns, those that make the symbol
	times   [datafile.FieldTsEvent + 1]timeReader
	numbers [datafile.FieldSize + 1]decimalReader

	groups  []parquet.RowGroup // not yet begun
	left    int64              // rows of the row group that is being read
	cursors []cursor           // by column; only those used are open
	row     []parquet.Value    // by column
	texts   [][]byte           // by column: those that make the symbol
	symbols datafile.Symbols
	rows    datafile.Rows
	number  int          // of the row, from 1
	item    feedsim.Item // what Next returns
}

// New reads the footer of what was opened, and owns it from then on.
func New(content *datafile.Content, o datafile.Options, report *datafile.Report) (*Reader, error) {
	r := &Reader{content: content, rows: datafile.NewRows(content.Name, report, o.Log)}
	if err := r.open(o); err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return r, nil
}

func (r *Reader) open(o datafile.Options) error {
	random, size := r.content.Random()
	if random == nil {
		return r.failure(errors.New("a Parquet file must be a file of its own, not compressed as a whole, and not a pipe"))
	}
	file, err := parquet.OpenFile(random, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return r.failure(fmt.Errorf("not a whole Parquet file: %w", err))
	}
	r.file, r.groups = file, file.RowGroups()
	var names []string
	for _, c := range file.Root().Columns() {
		if c.Leaf() && !c.Repeated() {
			names, r.columns = append(names, c.Name()), append(r.columns, c)
		}
	}
	if r.binding, err = datafile.Bind(r.content.Name, names, o); err != nil {
		return err
	}
	r.used, r.named, r.symbols = r.binding.Used(), r.binding.SymbolColumns(), r.binding.NewSymbols()
	r.cursors, r.row, r.texts = make([]cursor, len(names)), make([]parquet.Value, len(names)), make([][]byte, len(names))
	return r.bindTypes()
}

// bindTypes decides how each column is read, and refuses those that cannot be.
func (r *Reader) bindTypes() error {
	for f, index := range r.binding.Index {
		if index == datafile.AbsentColumn {
			continue
		}
		field, column, kind := datafile.Field(f), r.binding.Columns[f], r.columns[index].Type()
		var err error
		switch {
		case field.IsTime():
			r.times[field], err = timeReaderOf(kind, column.Unit)
		case field.IsDecimal():
			r.numbers[field], err = decimalReaderOf(kind, column)
		}
		if err != nil {
			return r.failure(fmt.Errorf("column %s %w", column.Name, err))
		}
	}
	return nil
}

// SkipBefore leaves out the row groups at the beginning of which the file says that all rows were received before a time, but for the last one of the file. Call it before Next.
func (r *Reader) SkipBefore(from tick.Time) {
	for len(r.groups) > 1 {
		newest, known := r.newest(r.groups[0])
		if !known || newest >= from {
			return
		}
		r.number += int(r.groups[0].NumRows())
		r.groups = r.groups[1:]
	}
}

// newest returns the latest ts_recv of a row group, if its statistics say so. Those of text may be cut off.
func (r *Reader) newest(group parquet.RowGroup) (tick.Time, bool) {
	column := r.columns[r.binding.Index[datafile.FieldTsRecv]]
	if column.Type().Kind() != parquet.Int64 {
		return 0, false
	}
	chunk, ok := group.ColumnChunks()[column.Index()].(*parquet.FileColumnChunk)
	if !ok {
		return 0, false
	}
	_, greatest, ok := chunk.Bounds()
	if !ok {
		return 0, false
	}
	newest, err := r.times[datafile.FieldTsRecv](greatest)
	return newest, err == nil
}

func (r *Reader) failure(err error) error {
	return fmt.Errorf("%w: %s: %w", datafile.ErrFile, r.content.Name, err)
}

// Close closes the file.
func (r *Reader) Close() error { return errors.Join(r.closeGroup(), r.content.Close()) }

func (r *Reader) closeGroup() error {
	var errs []error
	for i := range r.cursors {
		errs = append(errs, r.cursors[i].close())
	}
	return errors.Join(errs...)
}

// Next returns the event of the next good row.
func (r *Reader) Next() (*feedsim.Item, error) {
	for {
		if err := r.nextRow(); errors.Is(err, io.EOF) {
			return nil, r.rows.End()
		} else if err != nil {
			return nil, r.failure(fmt.Errorf("cannot be read after row %d: %w", r.number, err))
		}
		r.number++
		err := r.parse()
		if err == nil {
			return &r.item, nil
		}
		r.rows.Bad(r.number, err)
	}
}

// nextRow reads the values of a row.
func (r *Reader) nextRow() error {
	for r.left == 0 {
		if err := r.nextGroup(); err != nil {
			return err
		}
	}
	r.left--
	for _, i := range r.used {
		v, err := r.cursors[i].next()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		r.row[i] = v
	}
	return nil
}

// nextGroup opens the columns of the next row group.
func (r *Reader) nextGroup() error {
	if err := r.closeGroup(); err != nil {
		return err
	}
	if len(r.groups) == 0 {
		return io.EOF
	}
	group := r.groups[0]
	r.groups = r.groups[1:]
	r.left = group.NumRows()
	chunks := group.ColumnChunks()
	for _, i := range r.used {
		r.cursors[i].open(chunks[r.columns[i].Index()])
	}
	return nil
}

// parse fills item from the values of a row.
func (r *Reader) parse() error {
	at, err := r.time(datafile.FieldTsRecv)
	if err != nil {
		return err
	}
	symbol, err := r.symbol()
	if err != nil {
		return err
	}
	e := &r.item.Event
	*e = tick.Event{Kind: r.binding.Kind}
	if v, ok := r.value(datafile.FieldTsEvent); ok {
		if e.TsEvent, err = r.times[datafile.FieldTsEvent](v); err != nil {
			return r.fieldError(datafile.FieldTsEvent, err)
		}
	}
	if err := r.parseNumbering(e); err != nil {
		return err
	}
	if err := r.parseBody(e); err != nil {
		return err
	}
	r.item.Symbol, r.item.At = symbol, r.rows.Good(at)
	return nil
}

func (r *Reader) time(f datafile.Field) (tick.Time, error) {
	v, ok := r.value(f)
	if !ok {
		return 0, r.fieldError(f, errMissing)
	}
	t, err := r.times[f](v)
	if err != nil {
		return 0, r.fieldError(f, err)
	}
	return t, nil
}

// value returns the value of a field, if the file has one in this row.
func (r *Reader) value(f datafile.Field) (parquet.Value, bool) {
	index := r.binding.Index[f]
	if index == datafile.AbsentColumn || r.row[index].IsNull() {
		return parquet.Value{}, false
	}
	return r.row[index], true
}

func (r *Reader) symbol() (string, error) {
	for _, i := range r.named {
		r.texts[i] = appendText(r.texts[i][:0], r.row[i])
	}
	return r.symbols.Make(r.texts)
}

// parseNumbering reads what most files do not have.
func (r *Reader) parseNumbering(e *tick.Event) (err error) {
	if e.Sequence, err = r.count(datafile.FieldSequence); err != nil {
		return err
	}
	e.Epoch, err = r.count(datafile.FieldEpoch)
	return err
}

func (r *Reader) count(f datafile.Field) (uint64, error) {
	v, ok := r.value(f)
	if !ok {
		return 0, nil
	}
	count, err := integerOf(v)
	if err != nil {
		return 0, r.fieldError(f, err)
	}
	return uint64(count), nil
}

func (r *Reader) fieldError(f datafile.Field, reason error) error {
	text := "nothing"
	if v, ok := r.value(f); ok {
		const maxEcho = 40
		text = tick.Printable(v.String(), maxEcho)
	}
	return fmt.Errorf("%s %q: %w", f, text, reason)
}

// Kind returns the kind of the file's events.
func (r *Reader) Kind() tick.Kind { return r.binding.Kind }
