// Package feedsim is a market-data feed without a venue: it plays a source of events, recorded or made up, to the bus at their times.
//
// # Use
//
// The data's way is one package per step:
//
//	generate or replay (csvfile, parquetfile, dbn, jetstream)  ─>  pace  ─>  fault  ─>  publish  ─>  NATS
//
// A Feed plays what a Source gives; replay and generate make sources. Another kind of source only has to implement Source. While it runs, commands steer it:
//
//	state, err := feed.Obey(ctx, feedsim.SetSpeed{Speed: 4}) // or Pause, Resume, SeekTo, Inject, …
//
// # Concurrency
//
// Run reads the source, waits and publishes on its caller's goroutine, with a second one for heartbeats. Progress and Obey may be called from
// anywhere: commands are carried out by Run, between two events. A seek reads another source on the goroutine of its caller.
//
// # Slow readers
//
// A Feed is open loop: it keeps to the schedule whatever the bus does, and catches up when it was held up. How late it is, is its lag.
//
// # Limits
//
// Memory does not depend on how long the source is; it grows with the number of symbols.
package feedsim
