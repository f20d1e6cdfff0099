package gateway_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tickgate/internal/feedsim/datafile"
	"tickgate/sample"
)

// Names of the whole files in the folder that TICKGATE_DATA names, and the variable that turns on tests that take minutes.
const (
	dataVariable = "TICKGATE_DATA"
	longVariable = "TICKGATE_LONG"
	wholeQuotes  = "quotes_binance_multi.csv.gz"
	wholeTrades  = "trades_binance_multi.csv.gz"
)

// sampleFiles are the minute that ships.
func sampleFiles() []datafile.File {
	return []datafile.File{{Name: sample.QuotesName, Open: sample.Quotes}, {Name: sample.TradesName, Open: sample.Trades}}
}

// wholeFiles are the 346 seconds that the sample was cut from; without them the test is skipped.
func wholeFiles(t *testing.T) []datafile.File {
	t.Helper()
	folder := os.Getenv(dataVariable)
	if folder == "" {
		t.Skip(dataVariable + " does not name the folder of the whole files")
	}
	return []datafile.File{datafile.Path(filepath.Join(folder, wholeQuotes)), datafile.Path(filepath.Join(folder, wholeTrades))}
}

// bestFiles are the whole files where they are, else the sample.
func bestFiles() []datafile.File {
	folder := os.Getenv(dataVariable)
	if folder == "" {
		return sampleFiles()
	}
	return []datafile.File{datafile.Path(filepath.Join(folder, wholeQuotes)), datafile.Path(filepath.Join(folder, wholeTrades))}
}

// onlyLong skips a test that takes minutes unless it is asked for.
func onlyLong(t *testing.T) {
	t.Helper()
	if os.Getenv(longVariable) == "" {
		t.Skip("takes minutes; set " + longVariable + "=1 to run it")
	}
}

// listing is what the files say of one symbol.
type listing struct {
	quotes, trades uint64
	lastQuote      []string // bid, its size, ask, its size
	lastTrade      []string // price, size
	volume         *big.Rat
	quoteTimes     []int64 // UTC nanoseconds
}

// recording is what the files say, read in the plainest way and without the code under test.
type recording map[string]*listing

func (r recording) symbols() []string {
	var symbols []string
	for symbol := range r {
		symbols = append(symbols, symbol)
	}
	slices.Sort(symbols)
	return symbols
}

func (r recording) events() (events uint64) {
	for _, l := range r {
		events += l.quotes + l.trades
	}
	return events
}

// read returns what is in the files of quotes and trades.
func read(t *testing.T, files []datafile.File) recording {
	t.Helper()
	r := make(recording)
	for _, f := range files {
		header, rows := readRows(t, f)
		isQuotes := slices.Contains(header, "bid_px")
		for _, row := range rows {
			r.add(t, isQuotes, row)
		}
	}
	return r
}

// add takes a row: recv_ts_ns, exch_ts_ms, venue, symbol, and then bid_px, bid_sz, ask_px, ask_sz or trade_id, price, size.
func (r recording) add(t *testing.T, isQuote bool, row []string) {
	t.Helper()
	symbol := row[3] + "." + row[2]
	l := r[symbol]
	if l == nil {
		l = &listing{volume: new(big.Rat)}
		r[symbol] = l
	}
	if isQuote {
		l.quotes++
		l.lastQuote = row[4:8]
		l.quoteTimes = append(l.quoteTimes, receivedAt(t, row))
		return
	}
	l.trades++
	l.lastTrade = row[5:7]
	l.volume.Add(l.volume, rational(t, row[6]))
}

func receivedAt(t *testing.T, row []string) int64 {
	t.Helper()
	at, err := strconv.ParseInt(row[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func rational(t *testing.T, digits string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(digits)
	if !ok {
		t.Fatalf("%q is no number", digits)
	}
	return r
}

func readRows(t *testing.T, f datafile.File) (header []string, rows [][]string) {
	t.Helper()
	content, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	var plain io.Reader = content
	if strings.HasSuffix(f.Name, ".gz") {
		if plain, err = gzip.NewReader(content); err != nil {
			t.Fatal(err)
		}
	}
	reader := csv.NewReader(plain)
	for {
		row, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return header, rows
		case err != nil:
			t.Fatal(err)
		case header == nil:
			header = row
		default:
			rows = append(rows, row)
		}
	}
}

// cut returns the first part of the files, as files.
func cut(t *testing.T, files []datafile.File, length time.Duration) []datafile.File {
	t.Helper()
	var parts []datafile.File
	for _, f := range files {
		header, rows := readRows(t, f)
		end := receivedAt(t, rows[0]) + length.Nanoseconds()
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		_ = w.Write(header) // a buffer takes everything
		for _, row := range rows {
			if receivedAt(t, row) < end {
				_ = w.Write(row)
			}
		}
		w.Flush()
		parts = append(parts, datafile.File{Name: "first " + length.String() + " of " + strings.TrimSuffix(f.Name, ".gz"), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(text.Bytes())), nil
		}})
	}
	return parts
}
