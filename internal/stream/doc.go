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
// longer than Config.SendStall loses its connection: ending its stream alone would queue the trailers behind the data that it does not read.
//
// # Limits
//
// See Config; everything a client can make grow is bounded there. Answers may be up to twice the size of the request.
package stream
