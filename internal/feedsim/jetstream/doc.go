// Package jetstream reads the quotes, trades and statuses that a JetStream stream has kept of a bus, as those of files are read.
//
// # Use
//
//	stream, err := jetstream.Open(ctx, jetstream.Config{Connection: connection, Prefix: "md", Stream: "TICKGATE_MD", Log: log})
//	defer stream.Close()
//	events := stream.Events(from, &report, log)
//	for item, err := events.Next(); err != io.EOF; item, err = events.Next() { … }
//
// A stream ends where it ended when it was opened: what is published into it meanwhile is not read, not even by a replay that publishes into the stream that it reads, again and again. The time of an
// event is when NATS stored it.
//
// # Concurrency
//
// A Stream may be used by any number of goroutines; a Reader and its Report belong to one.
//
// # Slow readers
//
// A Reader asks NATS for more when what it has is used up, however long that takes.
//
// # Limits
//
// A Reader holds two requests of 2 MiB at most, and knows the subjects that it has seen, datafile.MaxSymbols of them. Messages that are no events of the prefix are passed over; those of the prefix
// that cannot be read are counted as bad rows, whose line is the message's sequence.
package jetstream
