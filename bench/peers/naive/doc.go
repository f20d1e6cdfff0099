// Package naive is the gateway as most tutorials write it: the yardstick for what the real one's design is worth.
//
// # Use
//
// [Serve] is a peer.ServeFunc. It speaks the gateway's own client API, of which it has the Stream call with Subscribe and Unsubscribe, so the load
// generator's driver is that of the gateway.
//
// # Concurrency
//
// One NATS callback reads the feed and hands every event to every stream that wants it, through a channel per stream. Each stream has two
// goroutines: the handler, which sends, and a reader of its commands. A stream with an interval has a ticker of its own instead of events: at each
// tick it looks the last values of its symbols up, under a lock that all share. Every message is marshalled for every stream anew.
//
// # Slow readers
//
// An event for a stream whose channel is full is dropped for that stream: it is neither counted nor made up for. A stream that is sent the latest
// value only may keep a wrong one until the symbol's next event.
//
// # Limits
//
// The options of the gRPC server are the defaults. Quotes only. The policy is that of the stream's last Subscribe, for all its symbols. Symbols are
// not checked, all are accepted, and none is ever forgotten. A symbol that the feed has not sent yet is announced with an id but without scales,
// and not announced anew. Other commands end the stream with UNIMPLEMENTED. A publisher's new epoch is not noticed.
package naive
