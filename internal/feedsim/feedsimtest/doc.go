// Package feedsimtest helps the tests of what reads recorded markets.
//
// # Use
//
//	most := feedsimtest.Heap(t, reader, rows)
//
// # Concurrency
//
// Tests that measure the heap run alone in their process: not in parallel.
//
// # Slow readers
//
// Does not apply.
//
// # Limits
//
// See Heap.
package feedsimtest
