package peer

import (
	"context"
	"time"
)

// ServeFunc serves until the context ends, and then returns nil. It calls listening once, with the address that clients are to dial.
type ServeFunc func(ctx context.Context, c Config, listening func(address string)) error

// Config is what a server is told.
type Config struct {
	Listen   string        // host:port, port 0: a free one
	NATSURL  string        // of the bus
	Interval time.Duration // of conflation where the server sets it and not the client; 0: none
	Bytes    int           // of a message, where the server makes it up
	Slot     time.Duration // due times are rounded down to it, where the server makes them up; 0: they are not
	Streams  int           // that are to be expected, where the server has to know
}
