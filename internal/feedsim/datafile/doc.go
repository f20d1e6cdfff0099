// Package datafile is what files of recorded markets have in common, whatever their format.
//
// # Use
//
// A File is opened with Unpack, which sees through gzip and zstd. A Layout says which column holds what; Presets has those of known files, and ParseLayout
// reads one from a text. A Template makes the symbol out of columns. Bind finds the layout that fits the columns of a file. A format's reader keeps
// the account of what it read in Rows.
//
// # Concurrency
//
// What a reader owns (Content, Rows, Symbols) and the Report that readers share belong to one goroutine.
//
// # Slow readers
//
// Does not apply.
//
// # Limits
//
// A file may have MaxSymbols symbols. A row that cannot be read is counted in the Report, and the first few are logged with file and line. Rows out of
// time order keep their place and take the time of the row before them.
package datafile
