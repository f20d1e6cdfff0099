// Package testport finds addresses for servers that tests stop and start again.
//
// # Use
//
//	config.GRPCListen = testport.Address(t)
//
// # Concurrency
//
// Address may be called by tests that run in parallel.
//
// # Slow readers
//
// None.
//
// # Limits
//
// Nobody is kept from taking the address but by its port's being out of the way.
package testport
