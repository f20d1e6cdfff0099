// Package dbn reads quotes and trades from Databento's binary files, DBN of versions 1 to 3.
//
// # Use
//
//	content, err := datafile.Path("es.mbp-1.dbn.zst").Unpack()
//	reader, err := dbn.New(content, options, &report)
//	for item, err := reader.Next(); err != io.EOF; item, err = reader.Next() { … }
//
// The schemas mbp-1, tbbo, bbo-1s, bbo-1m, cmbp-1, tcbbo, cbbo-1s and cbbo-1m give quotes, mbp-10 its best level, and all but the sampled ones their trades; trades
// gives trades. Symbols are made of {symbol}, the raw symbol of the file's metadata, {venue}, the first part of {dataset}, and {instrument_id} and {publisher_id}:
// {symbol}.{venue} unless asked otherwise.
//
// Prices have nine digits in the file; zeros at the end beyond the second are left out. A price or size that the file calls undefined is absent.
//
// # Concurrency
//
// A Reader and its Report belong to one goroutine.
//
// # Slow readers
//
// A Reader reads on only when it is asked for the next event.
//
// # Limits
//
// The metadata may have 64 MiB. Records of a schema that is none of these are refused by name when the file is opened, or where they come in a mixed one;
// notes about symbols, instruments and statuses are passed over. A file that ends within a record is an error.
//
// The layout of records is that of https://databento.com/docs/standards-and-conventions/databento-binary-encoding and of the repository databento/dbn.
package dbn
