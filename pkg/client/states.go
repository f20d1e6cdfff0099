package client

import (
	"sync"
	"time"
)

// ConnState is what the client's connection is at.
type ConnState uint8

// The states of a connection.
const (
	Connecting   ConnState = iota + 1 // for the first time
	Connected                         // streaming, and at least one ticker is live or none is subscribed
	AllStale                          // streaming, but every ticker is stale
	Reconnecting                      // waiting for the next attempt, or at it
	Ended                             // closed, or refused for good
)

// String returns the state in lower case.
func (s ConnState) String() string {
	return nameOf(s, "unknown", "connecting", "live", "stale", "reconnecting", "ended")
}

// StateChange tells of a new state.
type StateChange struct {
	State   ConnState
	Why     string        // in words; may be empty
	Address string        // of the gateway
	Retry   time.Duration // until the next attempt, with Reconnecting
}

// tellWorth tells whether the tickers of a link are worth something.
func (c *Client) tellWorth(l *link) {
	if !l.isCurrent.Load() {
		return
	}
	state := StateChange{State: Connected, Address: l.endpoint.address}
	worth := c.book.outlook()
	if worth != someCurrent {
		state.State = AllStale
	}
	c.setState(state)
	l.followBus(worth)
}

// Notice is what a gateway has to say to people and logs.
type Notice struct {
	Kind   string // such as SLOW_CONSUMER
	Detail string
}

// notifier calls handlers on a goroutine of its own, in order.
type notifier struct {
	wake chan struct{} // of one; sent to by whoever adds, received by run, never closed

	// mu guards the field below.
	mu    sync.Mutex
	calls []func()
}

// mostCalls may wait for a handler; when there are more the oldest are dropped, since the newest state is what counts.
const mostCalls = 1024

func newNotifier() *notifier { return &notifier{wake: make(chan struct{}, 1)} }

func (n *notifier) add(call func()) {
	n.mu.Lock()
	if len(n.calls) == mostCalls {
		n.calls = append(n.calls[:0], n.calls[1:]...)
	}
	n.calls = append(n.calls, call)
	n.mu.Unlock()
	signal(n.wake)
}

// run calls handlers until done is closed and nothing is left to tell.
func (n *notifier) run(done <-chan struct{}) {
	for {
		n.mu.Lock()
		calls := n.calls
		n.calls = nil
		n.mu.Unlock()
		for _, call := range calls {
			call()
		}
		if len(calls) > 0 {
			continue
		}
		select {
		case <-n.wake:
		case <-done:
			if n.empty() {
				return
			}
		}
	}
}

func (n *notifier) empty() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.calls) == 0
}

// signal wakes the receiver of a channel of one; it never blocks.
func signal(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
