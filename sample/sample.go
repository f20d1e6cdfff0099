package sample

import (
	"bytes"
	_ "embed"
	"io"
)

// Names of the files, as they stand in the repository.
const (
	QuotesName = "quotes_60s.csv.gz"
	TradesName = "trades_60s.csv.gz"
)

//go:embed quotes_60s.csv.gz
var quotes []byte

//go:embed trades_60s.csv.gz
var trades []byte

// Quotes returns the quotes as CSV in gzip, from the start. The error is nil.
func Quotes() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(quotes)), nil }

// Trades returns the trades as CSV in gzip, from the start. The error is nil.
func Trades() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(trades)), nil }
