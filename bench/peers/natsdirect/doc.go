// Package natsdirect is the load generator's driver for clients that subscribe to NATS themselves, with no gateway in between.
//
// # Use
//
// [New] makes the load.Driver. The plan's addresses are those of nats-server, host:port.
//
// # Concurrency
//
// The streams of a connection share a nats.Conn; each has one subscription per symbol, with a goroutine of nats.go. The subscriptions of a stream take
// turns, so that a stream is one reader however many symbols it has.
//
// # Slow readers
//
// A slow stream holds the callbacks of its subscriptions up. Up to nats.go's default limits (messages and bytes of a subscription) what arrives is
// kept, and then dropped; that, like any error of the connection, is reported as the end of the stream.
//
// # Limits
//
// NATS has no last value and no conflation: a stream is ready when each of its symbols had an event, and the plan's interval is not heeded. No
// connection is made anew.
package natsdirect
