package feed

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// A stream stores what is published a little later than subscribers get it: on a busy machine 40 ms were seen, in a burst it can be seconds. What was published before the feed
// subscribed and is stored after it has read would reach it on neither way. So it waits, before it reads, until the stream has stored an event that came live: then it has
// stored all that went before. While nothing comes live nothing queues either.
const (
	quietFor   = 100 * time.Millisecond // without an event, the stream has stored what there was
	storedPoll = 5 * time.Millisecond   // between two looks at whether it has the event
)

// barrier is a subscription of its own to the events, since those that come live belong to the feed goroutine.
type barrier struct {
	subjects bus.Subjects
	early    *nats.Subscription
	decoder  bus.Decoder
}

// newBarrier subscribes. The caller confirms that before it awaits, and releases the barrier.
func newBarrier(connection *nats.Conn, subjects bus.Subjects) (*barrier, error) {
	early, err := connection.SubscribeSync(subjects.EveryKind())
	if err != nil {
		return nil, err
	}
	return &barrier{subjects: subjects, early: early}, nil
}

func (b *barrier) release() { _ = b.early.Unsubscribe() } // an error means that the connection is gone

// await returns when the stream has stored what was published before the barrier subscribed, or when ctx is done: a stream that is full, or captures other subjects, never stores the
// event, and what it has is still worth reading.
func (b *barrier) await(ctx context.Context, connection *nats.Conn, stream string) error {
	message, last, err := b.firstEvent(ctx)
	if message == nil || err != nil {
		return err
	}
	js, err := jetstream.New(connection)
	if err != nil {
		return err
	}
	source, err := js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	again := time.NewTicker(storedPoll)
	defer again.Stop()
	for !b.stored(ctx, source, message.Subject, last) {
		select {
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// firstEvent returns a message that came live and its last event; nil if none comes.
func (b *barrier) firstEvent(ctx context.Context) (*nats.Msg, tick.Event, error) {
	quiet, cancel := context.WithTimeout(ctx, quietFor)
	defer cancel()
	for {
		message, err := b.early.NextMsgWithContext(quiet)
		if errors.Is(err, nats.ErrSlowConsumer) { // it has taken enough: the next one will do
			continue
		}
		if err != nil && ctx.Err() == nil && quiet.Err() != nil {
			return nil, tick.Event{}, nil
		}
		if err != nil {
			return nil, tick.Event{}, err
		}
		if last, ok := b.lastEvent(message.Subject, message.Data); ok {
			return message, last, nil
		}
	}
}

// stored reports whether the stream has the event, or a newer one of its subject.
func (b *barrier) stored(ctx context.Context, source jetstream.Stream, subject string, event tick.Event) bool {
	message, err := source.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return false
	}
	last, ok := b.lastEvent(subject, message.Data)
	return ok && !before(&last, &event)
}

// lastEvent returns the newest event of a message; false if it is a heartbeat or cannot be read.
func (b *barrier) lastEvent(subject string, payload []byte) (tick.Event, bool) {
	kind, _, err := b.subjects.ParseEvent(subject)
	if err != nil || b.decoder.Decode(kind, payload) != nil || len(b.decoder.Events) == 0 {
		return tick.Event{}, false
	}
	return b.decoder.Events[len(b.decoder.Events)-1], true
}
