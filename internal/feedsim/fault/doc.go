// Package fault does to a feed what goes wrong with real ones, on purpose: the same seed gives the same faults, and each is logged.
//
// # Use
//
//	gap, err := fault.Parse("gap rate=0.001 length=3")
//	stage, err := fault.New(fault.Config{Faults: []fault.Fault{gap}, Seed: 7, Log: file}, publisher, setBurst)
//	stage.Approach(at)                                  // for each event, before it is waited for: bursts begin and end
//	if d := stage.Silence(at); d > 0 { … }              // when it is due: silences
//	stage.Publish(at, "BTCUSDT.BINANCE_SPOT", &event)   // in place of the publisher's
//
// Feed of internal/feedsim is the one that does so. The table in docs/replay.md says what each kind of fault is and takes.
//
// # The log
//
// One Record per line, in JSON. With the events as they would have gone out without faults it says exactly what went out: those of a gap did not, those that were overtaken came too late to be
// taken, those that were crossed came with their prices exchanged. A test takes that to the history checker.
//
// # Concurrency
//
// A Stage belongs to the publishing goroutine.
//
// # Slow readers
//
// The log is written before the next event is published: a slow disk makes a slow feed.
//
// # Limits
//
// At most MaxActive faults at a time. Memory: one entry per symbol while there is a gap or a reordering, and Fault.Repeat events while there is a failover. Without a fault an event costs two looks
// at a length.
package fault
