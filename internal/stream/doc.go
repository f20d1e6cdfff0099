// Package stream joins one gRPC stream to one subscription session: commands in, answers and batches out.
//
// # Use
//
//	service, err := stream.NewServer(hub, config, …)
//	grpcServer := grpc.NewServer(service.ServerOptions()...)
//	service.Register(grpcServer)
//	… grpcServer.Serve(listener) …
//	service.Drain(ctx)
//
// # Concurrency
//
// A stream has one goroutine of its own, gRPC's handler: it receives commands, checks them and has them executed. Everything that is sent is sent by the
// flush worker of the session, so a stream has one sender, as gRPC requires, and what a command answers stands in order with updates.
// The handler receives the next command only when the previous one has been answered.
//
// # Slow readers
//
// A message is encoded into a frame, and the frame is told by gRPC when its last byte has been copied out to the connection (see frame).
// Until then nothing more is sent but small control messages within a bound. What is not sent conflates. A client that lets a frame wait for
// longer than Config.SendStall loses its connection: ending its stream alone would queue the trailers behind the data that it does not read. The same
// happens when a stream has ended and what it left is not read.
//
// What has left lies in the windows of HTTP/2, and ages there: a client that took 40 messages a second of symbols moving 400 times a second was
// measured taking values 1.8 s old after two seconds, and it grows until 64 KiB lie there. With acknowledgements and a bound of 300 ms the
// oldest was 0.15 s. A client that does not acknowledge has to read about 16 KiB, a quarter of the usual window, within Config.SendStall; from one that reads
// less, no sign of life can be told.
//
// # Limits
//
// See Config; everything a client can make grow is bounded there. Answers may be up to four times the size of the request. A latency report takes a
// flush worker about 100 us.
package stream
