// Package generate makes up a market: prices of each symbol walk at random on its tick grid.
//
// # Use
//
//	config := generate.DefaultConfig()
//	config.Seed, config.Symbols, config.Rate = 7, 100, 5_000
//	source, err := generate.New(config) // a feedsim.Source
//
// The same configuration gives the same events, always.
//
// # Concurrency
//
// A Market belongs to one goroutine.
//
// # Slow readers
//
// A Market makes an event when it is asked for one.
//
// # Limits
//
// See Config.Validate. A bid is at least one tick, and a quote is never crossed unless CrossedShare asks for it.
package generate
