// Package tick holds the plain values that every stage shares: symbols and their bus tokens, exact decimals, and the
// record, the merged ticker of one symbol after one event.
//
// # Use
//
// A feed keeps one Record per symbol, applies events to it and packs it into words for a ring. A reader unpacks the words
// and asks the record what changed since the position it last saw:
//
//	changed := record.ChangedSince(position, lastPosition)
//
// # Concurrency
//
// All types are plain values; none may be changed by two goroutines at once.
//
// # Slow readers
//
// A record is cumulative: whoever skips records still has the newest quote, the newest trade, and exact volume, high and low.
//
// # Limits
//
// Symbols have 1 to MaxSymbolBytes bytes, decimals 18 digits after the point and an int64 mantissa.
package tick
