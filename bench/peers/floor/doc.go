// Package floor is what delivery costs at least: a server that writes bytes to TCP connections at set times, and the load generator's driver for it.
//
// # Use
//
// [Serve] is a peer.ServeFunc, [NewDriver] makes the load.Driver. Every connection is one stream. The server first says in 4 bytes, little-endian,
// how long a message is; a message follows every Config.Interval, and its first 8 bytes, little-endian, are when it was due, UTC nanoseconds. The
// connections' due times are spread evenly over the interval: stream n of N is due n/N of an interval after a common grid, or, with Config.Slot,
// at the beginning of that slot, so that those of a slot are written one after the other.
//
// # Concurrency
//
// The server has as many writers as the runtime has processors. Each owns a fixed part of the streams, in the order in which they are due, and
// sleeps until the next is. A connection takes the first place that is free.
//
// # Slow readers
//
// There must be none: a writer waits for a connection that takes nothing, and all its other streams wait with it. What was due meanwhile is sent
// late, with the time at which it was due.
//
// # Limits
//
// One write per message. Fewer connections than Config.Streams leave the end of the interval empty, and one more is closed at once. A closed
// connection is noticed when it is written to. A writer sleeps with the runtime's timers, as the systems that are compared with it do: it wakes up
// to 1 ms late, and then writes all that is due.
package floor
