package floor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"

	"tickgate/bench/peers/peer"
)

// Lengths of what the protocol adds.
const (
	sizeBytes = 4 // once per connection: the length of a message
	dueBytes  = 8 // at the start of each message
)

// ErrConfig says that a field of peer.Config that the floor needs is missing.
var ErrConfig = errors.New("floor: configuration")

func validate(c peer.Config) error {
	switch {
	case c.Interval <= 0:
		return fmt.Errorf("%w: interval is %s, give the time from one message to the next", ErrConfig, c.Interval)
	case c.Bytes < dueBytes:
		return fmt.Errorf("%w: bytes is %d, give %d or more: a message begins with its time", ErrConfig, c.Bytes, dueBytes)
	case c.Streams < 1:
		return fmt.Errorf("%w: streams is %d, give the number of connections that share the interval", ErrConfig, c.Streams)
	}
	return nil
}

// Serve is a peer.ServeFunc.
func Serve(ctx context.Context, c peer.Config, listening func(address string)) error {
	if err := validate(c); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("floor: listen: %w", err)
	}
	places := newPlaces(c.Streams)
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	defer context.AfterFunc(ctx, places.close)()
	writersContext, stopWriters := context.WithCancel(ctx)
	defer stopWriters()
	var writing sync.WaitGroup
	started := time.Now()
	writers := runtime.GOMAXPROCS(0)
	for n := range writers {
		writing.Go(func() { newWriter(c, places, n, writers, started).run(writersContext) })
	}
	listening(listener.Addr().String())
	err = accept(listener, c, places)
	if ctx.Err() != nil { // which is why the listener is closed
		err = nil
	}
	stopWriters()
	places.close() // frees a writer that waits for a reader
	writing.Wait()
	return errors.Join(err, ignoreClosed(listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// accept gives connections their places until the listener is closed.
func accept(listener net.Listener, c peer.Config, places *places) error {
	var size [sizeBytes]byte
	binary.LittleEndian.PutUint32(size[:], uint32(c.Bytes))
	for {
		connection, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("floor: accept: %w", err)
		}
		_, err = connection.Write(size[:]) // an empty send buffer takes it
		if err != nil || !places.take(connection) {
			_ = connection.Close()
		}
	}
}
