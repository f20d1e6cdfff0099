// Package feed brings what publishers send over NATS into the rings: it decides which event is newer, counts what is missing, says what a value is
// worth, and starts from the last values that a JetStream stream holds.
//
// # Use
//
//	f, err := feed.New(config, connection, subjects, table)
//	go f.Run(ctx)      // until ctx is done; NATS may come and go meanwhile
//	<-f.Ready()        // the last values are in the table
//	f.Current()        // and no bus was lost since
//
// An Ingester is the part of it that knows no transport: give it subjects, payloads and the time.
//
// # Concurrency
//
// The goroutine of Run is the single writer of all rings and of all states; an Ingester belongs to it. Reading the stream at a warm start is done by a goroutine of
// its own, whose result Run applies. Ready, Age and Stats may be called by anybody at any time.
//
// # Worth
//
// A symbol is LIVE (or HALTED, if its status says so) while all of this holds, and else STALE:
//
//   - the bus is connected;
//   - its value has been confirmed since the bus was last lost, by an event or by the stream;
//   - no event of its publisher has been lost that may have been its newest, as far as the publisher counts them;
//   - its publisher was heard less than Config.StaleAfter ago, and has not restarted since the symbol's last event.
//
// # Slow readers
//
// Nothing in the gateway slows the feed goroutine: rings overwrite. If it cannot follow the bus, nats.go drops the newest messages once
// Config.PendingMessages wait. That is noticed within a second: every symbol turns STALE until its next event, or until the stream has been read again. Events that
// were dropped are announced by the hole in the symbol's sequence.
//
// # Limits
//
// See Config. Symbols are limited by the table, publishers by Config.MaxPublishers; subjects of events that were never applied are not remembered. Waiting messages are
// limited in number; each is at most as large as the server's max_payload.
package feed
