// Package publish sends events to the bus as a publisher does: it numbers them, keeps the session's figures, and sends signs of life.
//
// # Use
//
//	publisher, err := publish.New(publish.DefaultConfig(), connection) // connection is a *nats.Conn
//	go publisher.Heartbeats(ctx)
//	publisher.Publish("BTCUSDT.BINANCE_SPOT", &event) // for each event, in order
//	publisher.Flush()                                 // before waiting and at the end
//
// Publish is Number and Send. Apart they make the faults of a publisher: an event that is numbered and not sent, sent twice, or sent late; TakeOver and Mute those of a process.
//
// # Concurrency
//
// Publish, Number, Send, Skip, Flush, NewEpoch and TakeOver belong to one goroutine. Heartbeats runs on another; Counters, Name and Mute may be called from anywhere.
//
// # Slow readers
//
// Core NATS does not push back: who reads too slowly loses messages at the server and sees the gap in the sequence. A server that hangs may
// hold Publish up for seconds, until nats.go takes it for dead; after that events are lost, not queued.
//
// # Limits
//
// An event that the bus does not take (not connected) is numbered and counted as lost, so that consumers see a gap. An event that was
// taken may still be lost with the connection: nobody can count those here. An event whose price or size does not fit int64 at the symbol's scale is refused,
// not numbered, and counted. Volume and turnover that do not fit are left out from then on, until the next epoch.
package publish
