// Package bus is what publishers and gateways agree on: subjects, payloads, and how to connect to NATS.
//
// # Use
//
// A publisher asks Subjects for the subject of a symbol and kind, and encodes events with AppendEventBatch. A gateway subscribes to
// Subjects.All, and reads a message with Subjects.ParseEvent and a Decoder, or DecodeHeartbeat. Both use Connect.
//
// The payloads are tickgate.v1.EventBatch and PublisherHeartbeat, encoded and decoded here by hand: a feed of a million events a second
// has no time for reflection or allocation. The tests hold both against the generated code.
//
// # Concurrency
//
// Subjects is a value. A Decoder belongs to one goroutine, and what it returns is good until its next call.
//
// # Slow readers
//
// See Connect: nats.go drops messages of a subscription that is read too slowly; readers poll Dropped.
//
// # Limits
//
// A payload may have MaxPayloadBytes and MaxEventsPerMessage events. A publisher's name follows the rules of symbols.
package bus
