// Package centrifuge is the library github.com/centrifugal/centrifuge as a market-data server, and its own Go client. The glue between it and NATS is
// ours: the library has a NATS broker, but that speaks a format of its own, and our feed does not.
//
// # Use
//
// [Serve] is a peer.ServeFunc, [New] makes the driver. A symbol is a channel, a message of the bus is a publication. With an interval, channels are batched by
// the library: it keeps the latest publication and flushes it after the interval.
//
// # Concurrency
//
// The library's own. The driver's callbacks run on the client's goroutines.
//
// # Slow readers
//
// The library queues up to 1 MB for a client, which is its default, and then disconnects it.
//
// # Limits
//
// One stream per connection: a client of the library has one subscription per channel.
package centrifuge
