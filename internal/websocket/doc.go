// Package websocket is the second face of a session: the same ClientMessage and ServerMessage as over gRPC, one to a WebSocket message, for browsers.
//
// # Use
//
//	handler, err := websocket.NewHandler(service, hub, config, log)
//	mux.Handle("GET /v1/stream", handler)
//	server := &http.Server{Handler: mux, ConnContext: websocket.ConnContext}
//	… service.Drain(ctx) …
//	handler.Shutdown(ctx)
//
// A client offers one of two subprotocols: tickgate.v1.proto has binary frames, tickgate.v1.json text frames with the messages in ProtoJSON, in which 64-bit
// integers, and so all prices and sizes, are strings; they are written straight from the encoded message (docs/adr/0017). It may say what it calls itself in the parameter client-id of the address.
//
// # Concurrency
//
// A WebSocket has a goroutine that receives (net/http's own), one that sends what the flush worker has put into its outbox, and one that pings.
//
// # Slow readers
//
// A frame has left when the kernel has taken it. The kernel's part is kept small (Config.SendBufferBytes), so that values wait with the session, where they
// conflate, and not in a buffer, where they age. A client that lets a frame wait for longer than the send stall is cut off, as over gRPC.
//
// # Limits
//
// Messages received are as large as over gRPC at most. Pings and pongs are limited to one a second, with a burst. A page of another origin is turned away unless
// Config.Origins has it. How a WebSocket ends is the table of close codes in closecode.go.
package websocket
