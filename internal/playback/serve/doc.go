// Package serve is the face of playbacks over gRPC: tickgate.v1.MarketData/Replay.
//
// # Use
//
//	replays := serve.New(streams, library, idleTimeout)
//	… replays.Replay is the method of the service …
//	replays.Drain()
//
// # Concurrency
//
// A stream has two goroutines: gRPC's handler, which plays and sends, and one that receives commands. Both have ended when Drain has returned.
//
// # Slow readers
//
// The handler waits in SendMsg for as long as the client does not read, and the playback with it. A client that has not read for the playbacks' idle timeout loses its connection.
//
// # Limits
//
// Playbacks count against the limits of streams, and against those of playback.Config. A request names as many symbols as a Subscribe may. Commands come at 20/s, with a burst of 40; faster ones
// are delayed.
package serve
