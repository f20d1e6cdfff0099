// Package control steers a feed over NATS while it runs: request and reply, in the messages of proto/tickgate/feedsim/v1/control.proto.
//
// # Use
//
//	server, err := control.Listen(connection, control.Config{Name: "feedsim", Prefix: "md", Log: log}, feed)
//	err = server.Run(ctx)                                          // beside feed.Run
//
//	answer, err := control.Request(ctx, connection, "feedsim", &feedsimv1.Command{…})   // anywhere else
//
// The subject lies outside of the market data's, so that neither gateways nor their streams see commands. Who may steer is NATS's business: give publishers the permission to subscribe
// feedsim.control.> and to publish to _INBOX.>, and operators the permission to publish to feedsim.control.>.
//
// # Concurrency
//
// Commands are carried out one after another. A search for a time to seek may take long, so it runs on a goroutine of its own, at most one at a time.
//
// # Slow readers
//
// None: an answer is one message.
//
// # Limits
//
// A command has MaxCommandBytes at most, and MaxWaiting of them may wait; NATS drops more, and who sent them gets no answer. Two feeds of one name both obey, and the answer of the faster one
// comes; the second one to start logs a warning.
package control
