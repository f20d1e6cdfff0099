package websocket

import (
	"sync"

	"tickgate/internal/stream"
)

// outbox holds the frames that a session has handed over and the sender has not taken. How many, its session bounds.
type outbox struct {
	wake chan struct{} // of one; sent to by whoever puts or ends, received by the sender, never closed
	sent chan struct{} // closed by the sender when it has written its last

	taken []*stream.Frame // owned by the sender: what it took last

	// mu guards the fields below.
	mu     sync.Mutex
	frames []*stream.Frame
	ended  *reason // nil: not yet
}

// reason says why an outbox has ended; why is nil if the client has left.
type reason struct{ why error }

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), sent: make(chan struct{})}
}

type putOutcome uint8

const (
	outboxTook putOutcome = iota
	outboxEnded
)

func (o *outbox) put(frame *stream.Frame) putOutcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil {
		return outboxEnded
	}
	o.frames = append(o.frames, frame)
	o.signal()
	return outboxTook
}

type endOutcome uint8

const (
	endedNow endOutcome = iota
	endedBefore
)

// end closes the outbox for what comes later. The first reason counts.
func (o *outbox) end(why error) endOutcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil {
		return endedBefore
	}
	o.ended = &reason{why: why}
	o.signal()
	return endedNow
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take waits for frames, or the end, and returns both; ended is nil while more may come. The frames are good until the next take.
func (o *outbox) take() (frames []*stream.Frame, ended *reason) {
	clear(o.taken) // before it waits: the frames are others' now
	<-o.wake
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, o.frames = o.frames, o.taken[:0]
	o.taken = frames
	return frames, o.ended
}
