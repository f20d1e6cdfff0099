// Package load is the load generator of the benchmarks: it opens streams of one system, counts what they receive, and checks it against the feed.
//
// # Use
//
// A [Driver] knows how one system is spoken to; everything else is the same for all of them. [Serve] runs a generator that takes its commands from
// standard input and answers on standard output, a line each: "open N" opens streams until there are N and each has a value of every symbol;
// "await N" waits until the feed has sent event N of the first symbol; "lag" answers how late the feed was at the bus since the last time, p99 in
// microseconds; "begin" and "end" bound a measured window, and end answers with a figure.Window; "finish" waits until nothing changes any more and answers with
// a figure.Verdict, as does "add N" where there is no bus to compare with, see run.add. When its input ends, so does the generator: it never outlives the runner.
//
// The feed's own figures come from NATS directly: the generator subscribes to every symbol that its streams do ([truth]).
//
// # What is measured
//
// Latency: from the intended time of an event, which the feed writes into it, to the receipt of it or of a newer value in its place, the same for
// systems that conflate and for those that do not. Open loop: a feed that is late does not make its events later. What a stream has not received at the
// window's end counts with the time that it is late by then. Where a plan follows one event in so many, those are the ones whose sequence is a multiple.
//
// Delay: for streams with an interval, where a system has one batch for each and the plan says so, from when a batch is due to its receipt. Due times are a grid of the interval; its phase is the one with the
// least delay in all, see phaseOf, the same for every system. A due time that was skipped is answered by the next batch, and its delay
// says so. What was due in the window may still come within an interval of its end; what does not counts with the time that it is late by then, and so does
// all that was due to a stream without any batch.
//
// Staleness: every 10 ms, of each symbol that a stream holds, how long the held value has been out of date: the time since the intended time of the
// first event that is newer, or zero.
//
// Lag of the generator: how late it is for timers of its own. A latency that is not far above that is the generator's.
//
// # Concurrency
//
// Drivers call a stream's Take methods from any goroutine, one at a time per stream. Streams are spread over shards with a lock each.
//
// # Slow readers
//
// A part of the streams can be told to read slowly or not at all; drivers call [Stream.Pace] before they take the next message.
//
// # Limits
//
// A stream has at most [MaxPerStream] symbols. The truth keeps every event's time, 8 bytes each, until the generator ends.
package load
