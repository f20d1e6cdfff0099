// Package wire encodes batches of updates as protobuf by hand: tickgate.v1.ServerMessage{batch}, byte for byte what the generated code would
// accept, without building messages first.
//
// # Use
//
//	var b wire.Batch
//	b.Begin(buf, tsSend)
//	b.Update(id, record.Sequence, &record, changed, conflated, snapshot)   // any number
//	message := b.Finish(streamSequence)
//
// Repeated fields of protobuf concatenate, so a batch is built by appending encoded updates; what is known only at the end (the sequence,
// the length) is written at the end, or into room left in front.
//
// # Concurrency
//
// A Batch belongs to one goroutine.
//
// # Slow readers
//
// None here.
//
// # Limits
//
// Len tells the size so far; the caller decides when a batch is full. One update takes at most MaxUpdateBytes.
package wire
