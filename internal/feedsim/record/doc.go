// Package record writes what a bus carries to files that replay reads, and quants.
//
// # Use
//
//	config := record.DefaultConfig()
//	config.Directory = "recording"
//	recorder, err := record.New(config)
//	err = recorder.Run(ctx, connection, nil)
//
// Quotes, trades and statuses go to files of their own, whose rows are in the order in which events came: ts_recv never repeats within a recording. Series
// finds them again.
//
// # Losses
//
// The recorder checks the sequence of each symbol, and states every hole in a gaps file beside the others: events are recorded, or said to be
// missing. An event that is not newer than the one before it of its symbol is counted and not recorded again, as every consumer drops it. What a publisher sent before the
// recording began, or after it ended, is not missing.
//
// # Crashes
//
// A segment is written as lines of CSV, with names that end in .csv.part, and becomes a file of its format when it is closed: under its name it is always whole. After a crash the
// next Run cuts a line that is torn off the end of a part, and makes a file of it. A kill costs what had not been flushed, at most Config.FlushEvery; the
// machine's own crash costs what the system had not written.
//
// # Concurrency
//
// Run is called once, and has a second goroutine that finishes closed segments. Counters may be called from anywhere. A directory has one recorder at a time.
//
// # Slow readers
//
// The recorder is one: messages wait for it up to Config.PendingMessages, then NATS drops them, and they are stated as missing.
//
// # Limits
//
// A recording may have datafile.MaxSymbols symbols. Memory does not grow with its length.
package record
