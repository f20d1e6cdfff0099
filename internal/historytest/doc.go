// Package historytest puts the history checker behind a session, so that model tests of the stages are judged by the same rules as whole gateways.
//
// # Use
//
//	client := historytest.Attach(hub, hub.NewConn(), newTransport)   // newTransport returns the subscription.Sink that sees when messages leave
//	client.Subscribe(ctx, historytest.Wish{Symbol: symbol, Conflation: conflation})
//	…
//	violations := history.Check(published, client.Log(), history.Options{End: history.EndSettled})
//
// Judge has a model's runs judged so, and CatchPlants shows that its mistakes would be noticed.
//
// A Defect between a session and its client shows that a model test would notice such a mistake of the session.
//
// # Concurrency
//
// A Client has one goroutine that commands it; its messages come on the session's flush worker.
//
// # Slow readers
//
// That is for the transport to play.
//
// # Limits
//
// Commands name one symbol. Freshness and acknowledgements go past the log: the checker does not judge them.
package historytest
