// Package history judges what a client was told against what the publisher sent. It is the one history checker of the project: unit,
// model and end-to-end tests, whatever their transport, hand it two logs and get violations back.
//
// # Use
//
//	published := history.NewPublisherLog()
//	published.Published(symbol, event)   // before the event goes to the bus
//	published.Omitted(symbol, event)     // numbered, but deliberately never sent: a feed gap
//
//	client := history.NewClientLog()
//	client.StreamStarted()
//	client.Sent(command)                 // before it is handed to the transport, so that no answer is logged before it
//	client.Received(message, time.Now())
//	client.StreamEnded(err, time.Now())
//
//	for _, v := range history.Check(published, client, history.Options{End: history.EndSettled}) {
//		t.Error(v)
//	}
//
// The rules are the constants of type Rule; each says what it demands. Count sums up what a client was sent, for totals.
//
// # What is compared with what
//
// The base of the accounting is the first update of a subscription: a snapshot, before which nothing is owed. How many events it merged
// is only bounded (by its sequence), because a gateway may have been started or warmed up in the middle of an epoch. A resumed
// subscription has its base at the point from which it resumed, and the first update of a new epoch is a base again, since what was sent
// last under the old epoch is not known. From its base on, every event is delivered, conflated or announced as missing.
//
// Values are compared with the newest event of each kind, at or before the update's sequence, that was published and not omitted. The
// publisher's log may begin after the client's: an epoch that is not in it, sequences before its first, and kinds that it does not have
// yet, unless it begins with sequence 1, are not compared. So a gateway that begins in the middle without a warm start is checked against
// a log that begins where the gateway did. If a gateway announces more feed events as missing than the log omits, the bus lost them on
// the way; then a group of fields may be that of any one event since it was last exact, but still of one event as a whole. Unless Options.Bus says that nothing is lost there: then it is a violation.
//
// Under NONE an update may merge only events of kinds that are not subscribed. Three updates may merge more: the first one of a
// subscription, the first one under a new grant, and the first one after the symbol was PENDING or STALE, which read the newest value anew.
//
// While a symbol is STALE no update may follow, but for two that cannot mislead: the first one after an instrument that is STALE, with what
// the gateway had received by then, and a value received before State.since, which was waiting for its interval.
//
// # Concurrency
//
// A PublisherLog may be appended to by many goroutines, each symbol by one at a time. A ClientLog takes one goroutine that sends and one
// that receives. Check and Count may run at any time, and judge what was appended before they were called.
//
// # Slow readers
//
// Appending to a ClientLog waits for nobody; appending to a PublisherLog waits while a Check runs. The logs grow with the run. A ClientLog keeps messages encoded, about 30 bytes an
// update that travels with others; a PublisherLog keeps about 50 bytes a quote and 90 bytes a trade. Nothing appended is kept by reference.
//
// # Limits
//
// Commands that protobuf cannot encode (text that is not UTF-8) cannot be logged. Unary calls, the contents of latency reports and the
// freshness bound are not judged.
package history
