// Package peertest runs a comparator in a test as the benchmark does: a bus, a feed, the server, and the load generator, all in one process.
//
// # Use
//
//	plan := load.Plan{Symbols: peertest.Symbols(20), Streams: 4, Connections: 2, PerStream: 5, Interval: 100 * time.Millisecond}
//	window, verdict := peertest.Run(t, naive.Serve, grpcload.New, plan)
//
// [Run] fills in the plan's addresses. [RunWithoutFeed] is for systems that have no values. What they are made of is exported too.
//
// # Concurrency
//
// The functions are called by the goroutine of the test. All that they start has ended when the test's cleanup has.
//
// # Slow readers
//
// Those of the plan.
//
// # Limits
//
// The measured window is [WindowLength] long: enough to see that a system works, and too short for a figure.
package peertest
