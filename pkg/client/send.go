package client

import (
	"context"
	"fmt"
	"sync"
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// outbox is what the sender has to send.
type outbox struct {
	wake chan struct{} // of one; sent to by whoever adds, received by the sender, never closed

	// mu guards the fields below.
	mu     sync.Mutex
	queue  []*tickgatev1.ClientMessage
	calls  map[uint64]*call // that wait for an answer, by request id
	nextID uint64
	over   bool // nothing will be sent any more
	acks   acknowledgements
}

// call is a command that waits for its answer.
type call struct {
	answer chan *tickgatev1.ServerMessage // of one; closed without an answer if the link is lost
}

// post has a message sent whose answer nobody waits for.
func (o *outbox) post(m *tickgatev1.ClientMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.over {
		o.queue = append(o.queue, m)
		signal(o.wake)
	}
}

// ask has a command sent and waits for its answer; errLost: the link was lost before it came.
func (o *outbox) ask(ctx context.Context, m *tickgatev1.ClientMessage) (*tickgatev1.ServerMessage, error) {
	waits := &call{answer: make(chan *tickgatev1.ServerMessage, 1)}
	o.mu.Lock()
	if o.over {
		o.mu.Unlock()
		return nil, errLost
	}
	o.nextID++
	id := o.nextID
	m.RequestId = id
	o.calls[id] = waits
	o.queue = append(o.queue, m)
	o.mu.Unlock()
	signal(o.wake)
	select {
	case answer, ok := <-waits.answer:
		if !ok {
			return nil, errLost
		}
		return answer, nil
	case <-ctx.Done():
		o.mu.Lock()
		delete(o.calls, id)
		o.mu.Unlock()
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// answer gives an answer to whoever waits for it.
func (o *outbox) answer(id uint64, m *tickgatev1.ServerMessage) {
	o.mu.Lock()
	waits := o.calls[id]
	delete(o.calls, id)
	o.mu.Unlock()
	if waits != nil {
		waits.answer <- m
	}
}

// lose says that nothing will be sent or answered any more.
func (o *outbox) lose() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for id, waits := range o.calls {
		close(waits.answer)
		delete(o.calls, id)
	}
}

// noteArrived says that a batch has come.
func (l *link) noteArrived(sequence, arrival uint64) {
	l.mu.Lock()
	l.acks.arrived(batchMark{sequence, arrival, time.Now()})
	idle := !l.acks.timed
	l.mu.Unlock()
	if idle {
		signal(l.wake)
	}
}

// noteTaken says that the application has taken everything of a batch.
func (l *link) noteTaken() {
	l.mu.Lock()
	idle := !l.acks.timed || l.acks.standsIn
	l.mu.Unlock()
	if idle {
		signal(l.wake)
	}
}

// pending returns what there is to send: the batch to acknowledge is 0 if there is none yet. The caller comes again after a wait, or when it is woken; 0: when it is woken.
func (l *link) pending() (messages []*tickgatev1.ClientMessage, acknowledge uint64, wait time.Duration) {
	taken := l.client.book.taken()
	l.mu.Lock()
	defer l.mu.Unlock()
	messages, l.queue = l.queue, nil
	if bound := time.Duration(l.bound.Load()); bound > 0 {
		acknowledge, wait = l.acks.due(taken, bound, time.Now())
	}
	return messages, acknowledge, wait
}

// send is the only sender of the stream. Errors end the stream, which the receiver notices.
func (l *link) send(ctx context.Context) {
	beat := time.NewTicker(l.client.options.heartbeat)
	defer beat.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		messages, acknowledge, wait := l.pending()
		if acknowledge > 0 {
			messages = append(messages, &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Ack{Ack: &tickgatev1.Ack{StreamSequence: acknowledge}}})
		}
		for _, m := range messages {
			if l.stream.Send(m) != nil {
				return
			}
		}
		if wait > 0 {
			due.Reset(wait)
		}
		select {
		case <-l.wake:
		case <-due.C:
		case <-beat.C:
			l.post(l.heartbeat())
		case <-ctx.Done():
			return
		}
	}
}

// heartbeat is a sign of life, with the latency that the client sees.
func (l *link) heartbeat() *tickgatev1.ClientMessage {
	beat := &tickgatev1.ClientHeartbeat{ClientTime: time.Now().UnixNano()}
	if l.client.options.report && l.isCurrent.Load() {
		histogram, err := l.client.latency.report()
		if err != nil {
			l.client.options.log.Error("client: latency", "error", err)
		} else if histogram != nil {
			beat.EndToEnd = &tickgatev1.ClientLatency{Histogram: histogram}
		}
	}
	return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Heartbeat{Heartbeat: beat}}
}

// sleep returns false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
