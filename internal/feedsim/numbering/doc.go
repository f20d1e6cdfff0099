// Package numbering judges events by their numbers, as every consumer of the bus does: which is the next of its symbol, which comes after a hole, and which is not news.
//
// # Use
//
//	judge := numbering.NewJudge()
//	verdict, gap, err := judge.Take("BTCUSDT.BINANCE_SPOT", &event)
//
// # Concurrency
//
// A Judge belongs to one goroutine.
//
// # Slow readers
//
// Does not apply.
//
// # Limits
//
// A Judge knows datafile.MaxSymbols symbols.
package numbering
