// Package playback plays what the bus has recorded: events in the order of their own times, by a clock that a client steers, with the same output on every run and at every speed.
//
// # Use
//
//	library, err := playback.NewLibrary(config, subjects, playback.NewJetStream(connection, subjects, stream, log))
//	release, err := library.Admit()
//	defer release()
//	player, known, unknown, err := library.Open(ctx, playback.Open{Symbols: …, From: …, Speed: 4})
//	err = player.Run(ctx, commands, sink)
//
// # Order
//
// A recording stands in the order of arrival. A playback sifts it as the feed does (older and repeated events are passed over, holes are counted), and puts what is left in the order of
// (ts_event, subject, sequence): an event is let go when one has arrived that is later by Config.Reorder, or when Config.ReorderEvents are held back. So what arrives later than that is late: it comes
// where it was found, and is counted. Nothing of this depends on when or in what portions the recording is read; docs/adr/0016 has the reasons.
//
// What is sent together is decided by the events' times, too: every event of a millisecond, or with an interval each symbol once for each span of the interval. The clock only decides when it
// is sent.
//
// # Concurrency
//
// Run is the whole playback: reading is done by a goroutine of its own, and another one waits until what was read may be taken; both have ended when Run returns. A Library may be used by any
// number of goroutines.
//
// # Slow readers
//
// A playback waits for its client: the clock stands meanwhile, and goes on from where it was. Nothing is dropped and nothing queues: the reader is asked for the next portion when the last one is
// used up.
//
// # Limits
//
// See Config. All playbacks together take Config.Rate messages in a second, Config.RateBesideLive while there are live clients, who come first, and half of the processors. They take them in
// turns, a portion each. A playback that waits for its turn is steered and shows its clock as ever. It holds Config.ReorderEvents events and three requests of 2 MiB at most. The server forgets the
// consumer of a playback within 20 s of the last request.
package playback
