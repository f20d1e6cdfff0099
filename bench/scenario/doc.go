// Package scenario is what the benchmarks run: eight scenarios, the systems in them, and what each must show.
//
// # Use
//
// A [Scenario] has jobs: one system under one load. A [Runner] runs a job with processes of its own and returns a figure.Result per measured
// window. When all are done, the scenario's checks say what held.
//
// # Concurrency
//
// Jobs run one after another: they share the machine with nothing but themselves.
//
// # Slow readers
//
// Scenario 5 is about them.
//
// # Limits
//
// A job that hangs is ended after [jobPatience] and twice its estimate. A job of [Load] has no figure if a stream was lost or the final values are not the feed's.
package scenario
