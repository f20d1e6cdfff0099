package dbn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

const endOfTime = tick.Time(math.MaxInt64)

// The columns that make a symbol.
const (
	columnSymbol = iota
	columnVenue
	columnDataset
	columnInstrument
	columnPublisher
	columnCount
)

var columnNames = []string{"symbol", "venue", "dataset", "instrument_id", "publisher_id"}

const defaultSymbol = "{symbol}.{venue}"

// Reader is a feedsim.Source of the events of one file, in file order. At is ts_recv, or ts_event where the file has none.
type Reader struct {
	// Immutable after New.
	content  *datafile.Content
	metadata *metadata // but for names, to which records add

	symbols datafile.Symbols
	columns [columnCount][]byte
	rows    datafile.Rows
	record  [maxRecordBytes]byte
	number  int                   // of the record, from 1
	quotes  map[uint32]tick.Quote // newest by instrument, to tell whether a trade comes with a new one
	items   [2]feedsim.Item       // of the newest record
	ready   []*feedsim.Item       // of items, those that are yet to be returned
}

// maxRecordBytes is what the length of a record, a byte that counts words, can say.
const maxRecordBytes = 255 * 4

// New reads the metadata of what was opened, and owns it from then on. Options.Layouts play no part.
func New(content *datafile.Content, o datafile.Options, report *datafile.Report) (*Reader, error) {
	r := &Reader{content: content, rows: datafile.NewRows(content.Name, report, o.Log), quotes: make(map[uint32]tick.Quote)}
	if err := r.open(o); err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return r, nil
}

func (r *Reader) open(o datafile.Options) (err error) {
	if r.metadata, err = readMetadata(r.content); err != nil {
		return r.failure(err)
	}
	schema := schemaName(r.metadata.schema)
	if r.metadata.schema != mixedSchema && !slices.Contains(supportedSchemas, schema) {
		return r.failure(unsupported(schema))
	}
	r.symbols, err = datafile.BindSymbol(r.content.Name, columnNames, o.Symbol, defaultSymbol)
	return err
}

func unsupported(schema string) error {
	return fmt.Errorf("the schema %s is not supported, those are %s", schema, strings.Join(supportedSchemas, ", "))
}

func (r *Reader) failure(err error) error {
	return fmt.Errorf("%w: %s: %w", datafile.ErrFile, r.content.Name, err)
}

// Close closes the file.
func (r *Reader) Close() error { return r.content.Close() }

// Next returns the next event. A record may hold two: a quote and a trade.
func (r *Reader) Next() (*feedsim.Item, error) {
	for len(r.ready) == 0 {
		record, err := r.read()
		if errors.Is(err, io.EOF) {
			return nil, r.rows.End()
		}
		if err != nil {
			return nil, r.failure(fmt.Errorf("record %d: %w", r.number+1, err))
		}
		r.number++
		if err := r.take(record); err != nil {
			var refused *unsupportedError
			if errors.As(err, &refused) {
				return nil, r.failure(fmt.Errorf("record %d: %w", r.number, unsupported(refused.schema)))
			}
			r.rows.Bad(r.number, err)
		}
	}
	item := r.ready[0]
	r.ready = r.ready[1:]
	return item, nil
}

// unsupportedError ends the file: what it has in place of quotes and trades cannot be left out.
type unsupportedError struct{ schema string }

func (e *unsupportedError) Error() string { return e.schema }

// read returns the bytes of the next record, which are good until the next call.
func (r *Reader) read() ([]byte, error) {
	if _, err := io.ReadFull(r.content, r.record[:1]); err != nil {
		return nil, err
	}
	length := int(r.record[0]) * 4
	if length < headerBytes {
		return nil, fmt.Errorf("%d bytes long, which no record is", length)
	}
	if _, err := io.ReadFull(r.content, r.record[1:length]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errTruncated
		}
		return nil, err
	}
	return r.record[:length], nil
}

// symbol makes the symbol of an instrument.
func (r *Reader) symbol(b record, at tick.Time) (string, error) {
	c := &r.columns
	c[columnSymbol] = append(c[columnSymbol][:0], r.metadata.symbol(b.instrument(), at)...)
	if c[columnVenue] == nil {
		c[columnVenue], c[columnDataset] = []byte(r.metadata.venue()), []byte(r.metadata.dataset)
	}
	c[columnInstrument] = strconv.AppendUint(c[columnInstrument][:0], uint64(b.instrument()), 10)
	c[columnPublisher] = strconv.AppendUint(c[columnPublisher][:0], uint64(binary.LittleEndian.Uint16(b[2:])), 10)
	return r.symbols.Make(c[:])
}
