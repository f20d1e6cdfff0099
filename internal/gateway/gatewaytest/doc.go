// Package gatewaytest runs whole gateways for tests: in this process on ports that the system chooses, with publishers and clients whose logs the history
// checker can judge.
//
// # Use
//
//	g := gatewaytest.Start(t, gatewaytest.Config(t))       // ready when it returns, stopped when the test ends
//	market := gatewaytest.NewPublisher(t, g.Bus())
//	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
//	client.Subscribe(gatewaytest.None(), symbols)
//	market.Replay(files, pace.Unpaced())
//	client.Await("the last values", gatewaytest.HoldsLast(market, symbols))
//	client.Close()
//	violations := history.Check(market.Log(), client.Log(), history.Options{End: history.EndSettled})
//
// A client that comes back opens another stream with the ClientLog of the one before. Reading is slowed down or stopped by a hook that waits.
//
// # Concurrency
//
// Every stream has a goroutine that receives, logs and merges. Everything else belongs to the goroutine of the test, as testing.TB demands, but
// for the methods that say otherwise. Nothing outlives the test.
//
// # Slow readers
//
// A stream is read as fast as it comes, unless its hook waits.
//
// # Limits
//
// Waiting for something ends the test after Patience.
package gatewaytest
