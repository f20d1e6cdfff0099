// Package ringbuf is an overwriting ring of fixed-size records: one writer that never waits, any number of readers that never lock,
// and readers that fall behind are told how much they missed.
//
// # Use
//
// The writer calls Publish. A reader that wants only the newest record calls Latest; a reader that wants every record keeps a
// position and calls Read with the position it wants next.
//
// Positions count records from 1. Position 0 is "before the first record".
//
// # Concurrency
//
// One goroutine may call Publish. Latest, Read and Head may be called by any number of goroutines at any time.
//
// All shared words are sync/atomic values, and head is the only hand-over:
//
//   - The slot of position p belongs to the writer from the moment it has published p-1 until it stores p to head.
//   - While head is h, the slots of positions h-depth+2 … h belong to the readers. The slot of h+1 (which held h+1-depth) belongs to the
//     writer, which may be writing it right now; so a ring of depth d keeps d-1 records for readers.
//   - A reader copies a slot and then loads head. If the position it copied is still the readers', the writer cannot have begun to
//     overwrite it during the copy: it would have had to store a higher head first, and Go's atomics are sequentially consistent.
//
// A worked example, depth 4, a reader that wants position 5 while the writer is fast:
//
//	head = 6: readers own 4, 5, 6; the writer owns the slot of 7, which held 3.
//	the reader copies the words of 5;
//	meanwhile the writer stores 7, then begins to write 9 only after it has stored head = 8.
//	the reader loads head = 7: 5 >= 7-4+2, the copy is whole.
//	had it loaded head = 8: 5 < 8-4+2 = 6, the writer may have begun to write 9 into the slot of 5. The copy is thrown away, and the
//	reader is told that it was lapped and that 6 is the oldest record to be had: one record missed.
//
// # Slow readers
//
// Nothing waits for a reader. Read reports Lapped with the number of records that are gone.
//
// # Limits
//
// The depth is a power of two, 4 to 1<<20. A ring of depth d and width w takes 8*d*w bytes and two cache lines.
package ringbuf
