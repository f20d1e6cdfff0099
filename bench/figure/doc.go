// Package figure holds what a benchmark measured: histograms, what a load generator saw in a window, and the result of a run.
//
// # Use
//
// A load generator fills a [Window] and prints it as JSON; the runner reads it, adds what it saw of the server's process, and has a [Result].
// Percentiles are computed from a [Histogram] at the very end, so that windows of several generators can be merged first.
//
// # Concurrency
//
// Values belong to one goroutine.
//
// # Slow readers
//
// Does not apply: nothing is delivered here.
//
// # Limits
//
// A histogram holds 1 us to 1,000 s with three digits; what is outside is put to the nearer end.
package figure
