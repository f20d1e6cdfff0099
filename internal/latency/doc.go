// Package latency measures how long values take through the stages of the gateway, in HdrHistograms of microseconds.
//
// # Use
//
// Each flush worker has a Recorder. It records every update it sends, and from its housekeeping moves what has gathered to the process's Totals:
//
//	recorder.Record(latency.Gateway, sent-received)
//	…
//	recorder.TryMergeInto(totals)
//
// A scrape or a report reads the totals with Snapshot. A stream that has asked for its latency has a StreamRecorder beside it. A snapshot gives the
// Summary of a stage, and an Encoder its whole histogram as the API sends it. Decode reads the histogram that a client reports.
//
// # Concurrency
//
// Recorder, StreamRecorder and Encoder belong to one goroutine each. Totals may be used by any number. A Snapshot and a Distribution are never changed
// after they were returned and may be shared; this is the hand-over: the owner moves or copies its counts, and the reader has them for itself.
//
// Recording takes no lock and waits for nobody. TryMergeInto does not wait either: while somebody else holds the totals, which is for the time of one
// copy, the counts stay where they are until the next call.
//
// # Slow readers
//
// Counts are cumulative: whoever reads the totals seldom misses nothing. A snapshot is as old as the last merge of each worker.
//
// # Limits
//
// Values from 0 to 60 s; what is outside is clamped and counted. Precision: 3 digits in totals, 2 in a stream. Memory: 140 KB per stage and
// Recorder. A StreamRecorder grows with the number of different values: 6 KB per stage are usual, 40 KB are the most. Decode takes 64 KiB.
package latency
