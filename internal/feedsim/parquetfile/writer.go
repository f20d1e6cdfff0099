package parquetfile

import (
	"io"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// A row group ends after so much time or so many rows, whichever is first.
const (
	groupTime = time.Minute
	groupRows = 1_000_000
)

const (
	batchRows     = 2048    // gathered per column before they are handed to the library
	maxDictionary = 1 << 20 // bytes; a column with more different values is written plain
)

// Writer writes recorded events of one kind, which come in the order of their At.
type Writer struct {
	out     *parquet.GenericWriter[any]
	kind    tick.Kind
	columns []column
	symbols map[string]parquet.Value

	rows       int // in the columns' batches
	groupRows  int // in the row group, batches included
	groupBegin tick.Time
}

// column gathers values of one column.
type column struct {
	out    *parquet.ColumnWriter
	values []parquet.Value
	bytes  [][decimalBytes]byte // what decimals point to, by row of the batch
}

// NewWriter returns a writer of a file. The caller closes out after Close.
func NewWriter(out io.Writer, kind tick.Kind) *Writer {
	options := []parquet.WriterOption{
		recordedSchema(kind),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault}),
		parquet.DictionaryMaxBytes(maxDictionary),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending("ts_recv"))),
		parquet.CreatedBy("tickgate feedsim", "1", ""),
	}
	for _, name := range decimalColumns(kind) {
		options = append(options, parquet.SkipPageBounds(name))
	}
	w := &Writer{out: parquet.NewGenericWriter[any](out, options...), kind: kind, symbols: make(map[string]parquet.Value)}
	for _, c := range w.out.ColumnWriters() {
		w.columns = append(w.columns, column{out: c, values: make([]parquet.Value, 0, batchRows), bytes: make([][decimalBytes]byte, batchRows)})
	}
	return w
}

// Write appends an event.
func (w *Writer) Write(item *feedsim.Item) error {
	if w.groupRows == groupRows || w.groupRows > 0 && item.At-w.groupBegin >= tick.Time(groupTime) {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	if w.groupRows == 0 {
		w.groupBegin = item.At
	}
	w.gather(item)
	w.rows++
	w.groupRows++
	if w.rows == batchRows {
		return w.flush()
	}
	return nil
}

// gather adds the values of a row in the order of the schema.
func (w *Writer) gather(item *feedsim.Item) {
	e := &item.Event
	next := 0
	put := func(v parquet.Value, definition int) {
		c := &w.columns[next]
		c.values = append(c.values, v.Level(0, definition, next))
		next++
	}
	number := func(mantissa int64, scale uint8, definition int) {
		b := &w.columns[next].bytes[w.rows]
		putDecimal(b, mantissa, scale)
		put(parquet.FixedLenByteArrayValue(b[:]), definition)
	}
	amount := func(a tick.Amount, scale uint8) {
		if !a.Present {
			put(parquet.NullValue(), 0)
			return
		}
		number(a.Mantissa, scale, 1)
	}
	if e.TsEvent == 0 {
		put(parquet.NullValue(), 0)
	} else {
		put(parquet.Int64Value(int64(e.TsEvent)), 1)
	}
	put(parquet.Int64Value(int64(item.At)), 0)
	put(w.symbol(item.Symbol), 0)
	put(parquet.Int64Value(int64(e.Sequence)), 0)
	switch w.kind {
	case tick.KindQuote:
		amount(e.Quote.BidPrice, e.Scales.Price)
		amount(e.Quote.BidSize, e.Scales.Size)
		amount(e.Quote.AskPrice, e.Scales.Price)
		amount(e.Quote.AskSize, e.Scales.Size)
	case tick.KindTrade:
		number(e.Trade.Price, e.Scales.Price, 0)
		number(e.Trade.Size, e.Scales.Size, 0)
		put(aggressor(e.Trade.Aggressor))
	case tick.KindStatus:
		put(w.symbol(datafile.StatusName(e.Status)), 0)
	}
	if w.kind != tick.KindStatus {
		put(parquet.Int32Value(int32(e.Scales.Price)), 0)
		put(parquet.Int32Value(int32(e.Scales.Size)), 0)
	}
	put(parquet.Int64Value(int64(e.Epoch)), 0)
}

var (
	buyValue  = parquet.ByteArrayValue([]byte(datafile.SideName(tick.SideBuy)))
	sellValue = parquet.ByteArrayValue([]byte(datafile.SideName(tick.SideSell)))
)

func aggressor(s tick.Side) (v parquet.Value, definition int) {
	switch s {
	case tick.SideBuy:
		return buyValue, 1
	case tick.SideSell:
		return sellValue, 1
	}
	return parquet.NullValue(), 0
}

// symbol returns the value of a text that comes again and again, without allocating for it a second time.
func (w *Writer) symbol(text string) parquet.Value {
	v, ok := w.symbols[text]
	if !ok {
		v = parquet.ByteArrayValue([]byte(text))
		w.symbols[text] = v
	}
	return v
}

// flush hands the batches to the library.
func (w *Writer) flush() error {
	for i := range w.columns {
		c := &w.columns[i]
		if _, err := c.out.WriteRowValues(c.values); err != nil {
			return err
		}
		c.values = c.values[:0]
	}
	w.rows = 0
	return nil
}

func (w *Writer) endGroup() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.groupRows = 0
	return w.out.Flush()
}

// Close writes what is left and the footer.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.out.Close()
}
