// Package natstest starts NATS servers in the process of a test, with the server's own options, and connects to them.
//
// # Use
//
//	s := natstest.Start(t, server.Options{Username: "u", Password: "p"})
//	c := natstest.Connect(t, s, bus.Handlers{})
//
// # Concurrency
//
// Nothing is shared between calls. Both end with the test, connections before their server.
//
// # Slow readers
//
// They are NATS's matter.
//
// # Limits
//
// A server that does not start, or a connection that cannot be made, fails the test after 30 s.
package natstest
