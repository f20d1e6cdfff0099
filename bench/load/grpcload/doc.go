// Package grpcload is the load generator's driver for everything that speaks the gateway's own client API over gRPC.
//
// # Use
//
// New returns a load.Driver.
//
// # Concurrency
//
// One goroutine per stream receives; the streams of a connection share a grpc.ClientConn.
//
// # Slow readers
//
// A stream that is to be slow waits before it receives, so that HTTP/2's and the kernel's windows fill as with any slow program.
//
// # Limits
//
// None of its own.
package grpcload
