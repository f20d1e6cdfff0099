package client

import (
	"context"
	"fmt"
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// How often batches are acknowledged: the first few at once, so that the gateway sees what the client can take, and then so often within the bound of freshness; never more often than
// gateways take commands.
const (
	acksAtOnce   = 10
	acksPerBound = 16
	leastPause   = 25 * time.Millisecond
)

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

// noteTaken says up to where the Book has taken batches.
func (o *outbox) noteTaken(batch uint64) {
	o.mu.Lock()
	o.taken = batch
	o.mu.Unlock()
	signal(o.wake)
}

// pending returns what there is to send.
func (o *outbox) pending() (messages []*tickgatev1.ClientMessage, taken uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	messages, o.queue = o.queue, nil
	return messages, o.taken
}

// send is the only sender of the stream. It acknowledges at once if it has not done so for a while, else when that is over, whether or not more has come: the gateway may
// be waiting for it. Errors end the stream, which the receiver notices.
func (l *link) send(ctx context.Context) {
	o := &l.client.options
	beat := time.NewTicker(o.heartbeat)
	defer beat.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	var acknowledged uint64
	var last time.Time
	for {
		messages, taken := l.pending()
		for _, m := range messages {
			if l.stream.Send(m) != nil {
				return
			}
		}
		if bound := time.Duration(l.bound.Load()); taken > acknowledged && bound > 0 {
			wait := max(bound/acksPerBound, leastPause) - time.Since(last)
			if wait > 0 && taken > acksAtOnce {
				due.Reset(wait)
			} else {
				acknowledged, last = taken, time.Now()
				if l.stream.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Ack{Ack: &tickgatev1.Ack{StreamSequence: taken}}}) != nil {
					return
				}
			}
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
	if l.client.options.report {
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
