// Package fleet has no code of its own: its tests run several gateways over one NATS, and take away what they can.
//
// # Use
//
//	go test ./internal/fleet
//	TICKGATE_LONG=1 go test -run Long ./internal/fleet
//
// # Concurrency
//
// A fleet belongs to one test. Gateways, NATS servers and clients run in the test's process; those that are killed, as processes of their own.
//
// # Slow readers
//
// There are none: this is about who goes away.
//
// # Limits
//
// Waiting for something ends a test after gatewaytest.Patience.
package fleet
