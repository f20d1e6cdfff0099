// Package parquetfile reads quotes, trades and statuses from Parquet files, whatever their columns are called, and writes those that are recorded.
//
// # Use
//
//	content, err := datafile.Path("quotes.parquet").Unpack()
//	reader, err := parquetfile.New(content, options, &report)
//	reader.SkipBefore(from) // row groups that were over before
//	for item, err := reader.Next(); err != io.EOF; item, err = reader.Next() { … }
//
// A datafile.Layout says which column holds what. Times may be timestamps of any unit, whole numbers in the layout's unit, or text; prices and sizes
// DECIMAL of any width, integers, text, or doubles, for which the layout says to how many digits they are rounded.
//
// A Writer's files have prices and sizes as DECIMAL(38, 18), in which every number of the bus is exact, with columns that say how many digits a row's have. Rows are
// sorted by ts_recv; a row group is a minute, or a million rows.
//
// # Concurrency
//
// A Reader with its Report, and a Writer, belong to one goroutine each.
//
// # Slow readers
//
// A Reader reads on only when it is asked for the next row.
//
// # Limits
//
// A Reader holds one page of each column that it reads; a Writer holds a row group, compressed. Columns within others are not seen. A file without its footer is
// not a Parquet file: a recording that was cut off is not one yet.
package parquetfile
