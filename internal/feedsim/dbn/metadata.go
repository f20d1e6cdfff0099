package dbn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickgate/pkg/tick"
)

// Magic begins every file; the version follows.
const Magic = "DBN"

const (
	newestVersion    = 3
	maxMetadataBytes = 64 << 20
	fixedBytes       = 100 // of the metadata, before what varies
	datasetBytes     = 16
	symbolBytesV1    = 22
	noSymbolType     = 0xff
	instrumentIDType = 0 // a symbol that is an instrument's number
)

var (
	errMetadata  = errors.New("the metadata is broken")
	errTruncated = errors.New("truncated")
)

// metadata is what stands before the records.
type metadata struct {
	version     uint8
	dataset     string
	schema      uint16
	symbolBytes int
	names       map[uint32][]name // by instrument
}

// name is what an instrument is called in some time.
type name struct {
	symbol   string
	from, to tick.Time
}

func readMetadata(in io.Reader) (*metadata, error) {
	var prefix [8]byte
	if _, err := io.ReadFull(in, prefix[:]); err != nil || string(prefix[:3]) != Magic {
		return nil, fmt.Errorf("not a DBN file: %w", errMetadata)
	}
	m := &metadata{version: prefix[3], symbolBytes: symbolBytesV1, names: make(map[uint32][]name)}
	if m.version < 1 || m.version > newestVersion {
		return nil, fmt.Errorf("DBN version %d is not supported, those are 1 to %d", m.version, newestVersion)
	}
	length := binary.LittleEndian.Uint32(prefix[4:])
	if length < fixedBytes || length > maxMetadataBytes {
		return nil, fmt.Errorf("%w: %d bytes", errMetadata, length)
	}
	content, err := io.ReadAll(io.LimitReader(in, int64(length))) // grows with what is there, not with what is said
	if err != nil {
		return nil, err
	}
	if len(content) < int(length) {
		return nil, fmt.Errorf("%w within the metadata", errTruncated)
	}
	return m, m.read(content)
}

// read takes the metadata apart: fixed fields, then the schema's definition, the symbols asked for, those found partly and not at all, and the names.
func (m *metadata) read(content []byte) error {
	m.dataset = cString(content[:datasetBytes])
	m.schema = binary.LittleEndian.Uint16(content[datasetBytes:])
	types := content[datasetBytes+2+3*8:] // behind start, end and limit
	if m.version == 1 {
		types = types[8:] // the number of records
	}
	symbolsAre, namesAre := types[0], types[1]
	if m.version > 1 {
		m.symbolBytes = int(binary.LittleEndian.Uint16(types[3:]))
	}
	if m.symbolBytes == 0 {
		return errMetadata
	}
	rest := fields{b: content[fixedBytes:]}
	rest.skip(int(rest.count()))
	for range 3 {
		for range rest.count() {
			rest.skip(m.symbolBytes)
			if rest.failed {
				return errMetadata
			}
		}
	}
	m.readNames(&rest, symbolsAre, namesAre)
	if rest.failed {
		return errMetadata
	}
	return nil
}

// readNames keeps those that lead from an instrument's number to what people call it, in whichever direction the file maps.
func (m *metadata) readNames(rest *fields, symbolsAre, namesAre uint8) {
	for range rest.count() {
		asked := cString(rest.next(m.symbolBytes))
		if rest.failed { // the count may say four thousand million
			return
		}
		for range rest.count() {
			from, to := dateTime(rest.count()), dateTime(rest.count())
			given := cString(rest.next(m.symbolBytes))
			if rest.failed {
				return
			}
			number, symbol := given, asked
			if symbolsAre == instrumentIDType && namesAre != noSymbolType {
				number, symbol = asked, given
			}
			if id, err := strconv.ParseUint(number, 10, 32); err == nil {
				m.names[uint32(id)] = append(m.names[uint32(id)], name{symbol, from, to})
			}
		}
	}
}

// symbol returns what an instrument is called at a time; its number if nobody says.
func (m *metadata) symbol(instrument uint32, at tick.Time) string {
	for _, n := range slices.Backward(m.names[instrument]) {
		if at >= n.from && at < n.to {
			return n.symbol
		}
	}
	return strconv.FormatUint(uint64(instrument), 10)
}

// venue is the first part of the dataset: GLBX of GLBX.MDP3.
func (m *metadata) venue() string {
	venue, _, _ := strings.Cut(m.dataset, ".")
	return venue
}

// dateTime reads a day written as the number 20201228.
func dateTime(date uint32) tick.Time {
	day := time.Date(int(date/10_000), time.Month(date/100%100), int(date%100), 0, 0, 0, 0, time.UTC)
	if day.Year() >= 2262 { // no end
		return endOfTime
	}
	return tick.Time(day.UnixNano())
}

func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

// fields reads one thing after the other; once something was missing it gives zeros.
type fields struct {
	b      []byte
	failed bool
}

func (f *fields) next(n int) []byte {
	if f.failed || n < 0 || n > len(f.b) {
		f.failed = true
		return nil
	}
	head := f.b[:n]
	f.b = f.b[n:]
	return head
}

func (f *fields) skip(n int) { f.next(n) }

// count reads a number; it is 0 if there is none, so that loops end.
func (f *fields) count() uint32 {
	b := f.next(4)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b)
}
