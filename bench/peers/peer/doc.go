// Package peer is what the comparators' servers have in common: how they are started.
//
// # Use
//
// A package of a comparator has a function of the type [ServeFunc]; command peers lists it in its table.
//
// # Concurrency
//
// A server runs on its caller's goroutine until the context ends, and has ended all that it started when it returns.
//
// # Slow readers
//
// What becomes of them is each server's own affair, and part of what is compared.
//
// # Limits
//
// A comparator ignores what it has no use for in [Config], and says so where it needs a field.
package peer
