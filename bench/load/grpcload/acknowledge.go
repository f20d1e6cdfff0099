package grpcload

import (
	"sync"
	"time"

	"google.golang.org/grpc"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// acksPerBound is how often a stream acknowledges within the bound of its freshness.
const acksPerBound = 4

// acknowledger says what the stream has taken: at once if it has not said so for a while, else when that while is over, whether or not more has come
// by then. A client that acknowledged only when something comes would wait for a gateway that waits for it.
type acknowledger struct {
	// Immutable.
	client grpc.ClientStream
	pause  time.Duration // 0: the stream does not acknowledge

	// mu guards the fields below, and is held while an acknowledgement is sent, which is short: one sender at a time.
	mu    sync.Mutex
	taken uint64
	said  uint64
	last  time.Time
	timer *time.Timer // of what is not said yet; nil: all is
}

func newAcknowledger(client grpc.ClientStream, bound time.Duration) *acknowledger {
	return &acknowledger{client: client, pause: bound / acksPerBound}
}

// take notes that everything up to a batch was taken; 0 is no batch.
func (a *acknowledger) take(sequence uint64) {
	if a.pause == 0 || sequence == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken = sequence
	if wait := a.pause - time.Since(a.last); wait <= 0 {
		a.sayLocked()
	} else if a.timer == nil {
		a.timer = time.AfterFunc(wait, a.sayLater)
	}
}

func (a *acknowledger) sayLater() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.timer = nil
	a.sayLocked()
}

func (a *acknowledger) sayLocked() {
	if a.said == a.taken {
		return
	}
	a.said, a.last = a.taken, time.Now()
	ack := &tickgatev1.ClientMessage_Ack{Ack: &tickgatev1.Ack{StreamSequence: a.taken}}
	_ = a.client.SendMsg(&tickgatev1.ClientMessage{Command: ack}) // the receiver learns of a stream that has ended
}

func (a *acknowledger) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
	}
}
