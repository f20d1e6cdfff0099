package floor

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"

	"tickgate/bench/load"
)

// maxMessage bounds what a server may announce, in bytes: more is not a floor's.
const maxMessage = 1 << 24

// driver implements load.Driver.
type driver struct {
	plan    *load.Plan
	dialer  *load.Dialer
	readers sync.WaitGroup
}

// NewDriver returns a driver. Every stream has a connection of its own, and the plan must say so.
func NewDriver(plan *load.Plan, dialer *load.Dialer) (load.Driver, error) {
	if plan.Connections != plan.Streams {
		return nil, fmt.Errorf("floor: %d streams on %d connections: give as many connections as streams", plan.Streams, plan.Connections)
	}
	return &driver{plan: plan, dialer: dialer}, nil
}

// Open dials and leaves a reader running, which the context's end ends.
func (d *driver) Open(ctx context.Context, s *load.Stream) error {
	connection, err := d.dialer.Dial(ctx, "tcp", d.plan.Addresses[s.Connection%len(d.plan.Addresses)])
	if err != nil {
		return err
	}
	d.readers.Go(func() {
		defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
		defer func() { _ = connection.Close() }()
		if err := read(ctx, connection, s); err != nil {
			s.Lost(err)
		}
	})
	return nil
}

// Close waits for the readers.
func (d *driver) Close() { d.readers.Wait() }

func read(ctx context.Context, connection net.Conn, s *load.Stream) error {
	var size [sizeBytes]byte
	if _, err := io.ReadFull(connection, size[:]); err != nil {
		return fmt.Errorf("floor: the length of a message: %w", err)
	}
	length := binary.LittleEndian.Uint32(size[:])
	if length < dueBytes || length > maxMessage {
		return fmt.Errorf("floor: messages of %d bytes", length)
	}
	message := make([]byte, length)
	for {
		s.Pace(ctx)
		if _, err := io.ReadFull(connection, message); err != nil {
			return fmt.Errorf("floor: a message: %w", err)
		}
		s.TakeFrame(int64(binary.LittleEndian.Uint64(message)))
	}
}
