// Package kept reads what a JetStream stream has kept of a bus: for playbacks, and for feedsim.
//
// # Use
//
//	stream := kept.NewStream(connection, "tickgate-playback", "TICKGATE_MD", log)
//	defer stream.Close()
//	reading := kept.Begin(ctx, func(ctx context.Context, to chan<- kept.Portion) error {
//		return stream.Read(ctx, kept.Beginning{From: from}, to)
//	})
//	for portion := range reading.Portions { … }
//	err := reading.Err() // why there is no more
//
// # Concurrency
//
// A Stream may be used by any number of goroutines, which share its connection. A Reading has a goroutine of its own, which has ended when Portions is closed or Stop returns.
//
// # Slow readers
//
// The stream is asked for more only when what it gave has been taken. The server forgets the consumer of a reader that asks for nothing for 10 s; the reading goes on with another one from where it
// was.
//
// # Limits
//
// A reading holds one request, 2 MiB at most. The consumer is deleted when the reading ends, and by the server itself 10 s after the process was killed.
package kept
