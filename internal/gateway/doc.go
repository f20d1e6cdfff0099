// Package gateway puts the stages together: bus, feed, rings, subscriptions, streams, and what operators look at. cmd/gateway gives it flags; tests, and
// programs that want a gateway of their own, start it in process.
//
// # Use
//
//	config := gateway.DefaultConfig()
//	g, err := gateway.Start(config, log)   // listens, and serves when it returns
//	addresses := g.Addresses()
//	err = g.Run(ctx)                       // until ctx is done, then drains and stops
//
// # Concurrency
//
// Start and Run are called once, by one goroutine. Everything that they start has ended when Run returns.
//
// # Slow readers
//
// Clients that do not read when the gateway stops are cut off after Config.DrainTimeout.
//
// # Limits
//
// See Config and the configurations of the stages.
package gateway
