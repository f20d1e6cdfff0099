// Package natsd runs a NATS server with JetStream inside this process: for the gateway's one-process mode, and for tests.
//
// # Use
//
//	server, err := natsd.Start(natsd.DefaultConfig(), log)
//	defer server.Shutdown()
//	connection := server.Connection() // in process; or dial server.URL()
//
// # Concurrency
//
// A Server may be used by any number of goroutines. All that Start has started ends before Shutdown returns.
//
// # Slow readers
//
// A client that does not read is disconnected by the server after its pending limit (64 MiB) or write deadline. With Config.NoFastProducerStall
// publishers are never slowed down for such a client.
//
// # Limits
//
// Those of nats-server: 1 MiB a message, and JetStream takes as much of the disk as its streams allow.
package natsd
