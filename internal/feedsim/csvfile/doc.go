// Package csvfile reads quotes and trades from CSV files, compressed with gzip or not, whatever their columns are called.
//
// # Use
//
// A Layout says which column holds what; Presets has those of known files, and ParseLayout reads one from a text. A Template makes the
// symbol out of columns. The first line of a file names its columns.
//
//	reader, err := csvfile.Open(csvfile.Path("quotes.csv.gz"), options, &report)
//	for item, err := reader.Next(); err != io.EOF; item, err = reader.Next() { … }
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
// A row has up to MaxRowBytes; a quoted field may hold commas and quotes, but no line break. A row that cannot be read is counted in the
// Report, the first few are logged with file and line, and reading goes on. A file that is not what its layout says, that ends in the middle of
// its compression, or of which no row can be read is an error. Rows out of time order keep their place and take the time of the row before them.
package csvfile
