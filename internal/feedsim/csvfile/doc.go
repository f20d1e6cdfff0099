// Package csvfile reads and writes quotes, trades and statuses as CSV, whatever their columns are called.
//
// # Use
//
//	reader, err := csvfile.Open(datafile.Path("quotes.csv.gz"), options, &report)
//	for item, err := reader.Next(); err != io.EOF; item, err = reader.Next() { … }
//
// The first line of a file names its columns; a datafile.Layout says which of them holds what.
//
// Numbers are exact: the digits in the file are the scale, trailing zeros included. An empty price, size or ts_event is absent.
//
// # Concurrency
//
// A Reader and its Report belong to one goroutine.
//
// # Slow readers
//
// A Reader reads on only when it is asked for the next row.
//
// # Limits
//
// A row has up to MaxRowBytes; a quoted field may hold commas and quotes, but no line break. A file that is not what its layout says, that ends in
// the middle of its compression, or of which no row can be read is an error.
package csvfile
