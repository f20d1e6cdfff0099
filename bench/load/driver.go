package load

import "context"

// Driver speaks to one system. Its methods are called from many goroutines at once.
type Driver interface {
	// Open opens one stream on the connection of its number and returns once the subscriptions are on their way. What it starts runs until the
	// context ends; what arrives goes to the stream's Take methods. A stream that ends by itself is reported with Stream.Lost.
	Open(ctx context.Context, stream *Stream) error
	// Close closes the connections, after the context has ended.
	Close()
}
