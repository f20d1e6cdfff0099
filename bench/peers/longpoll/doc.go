// Package longpoll is HTTP long polling as it is usually done, server and clients.
//
// # Use
//
// [Serve] is a peer.ServeFunc, [New] makes the driver. GET /poll?symbols=A,B&after=CURSOR is answered as soon as one of the symbols has a newer value than
// the cursor, with the newest of each that has, or after 30 s with nothing. The answer is a sequence of (slot, length, message of the bus), and the new
// cursor in a header.
//
// # Concurrency
//
// The server has a goroutine per request, as net/http has it. The driver has one per stream.
//
// # Slow readers
//
// A client that asks late gets the newest values; what was between is gone.
//
// # Limits
//
// Whatever net/http's are.
package longpoll
