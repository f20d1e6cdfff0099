// Package testlink breaks the network of a test: a Link stands between two parts of the system, and holds back or cuts off what passes.
//
// # Use
//
//	way := testlink.New(t, server.Addr().String())
//	connect(way.Address())
//	way.Freeze() // a black hole
//	way.Thaw()
//
// # Concurrency
//
// A Link may be used by any number of goroutines. It ends with the test.
//
// # Slow readers
//
// They hold up who sends to them, as a network does, when the buffers of the kernel are full.
//
// # Limits
//
// TCP only.
package testlink
