package feed

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// delivery is a message as a consumer delivers it.
type delivery struct {
	jetstream.Msg
	subject  string
	metadata jetstream.MsgMetadata
}

func (d delivery) Subject() string                           { return d.subject }
func (d delivery) Data() []byte                              { return nil }
func (d delivery) Metadata() (*jetstream.MsgMetadata, error) { return &d.metadata, nil }
func delivered(subject string, stream, pending uint64) delivery {
	return delivery{subject: subject, metadata: jetstream.MsgMetadata{Sequence: jetstream.SequencePair{Stream: stream}, NumPending: pending}}
}

// TestReadingEndsWithTheLastSubject: a server says that nothing is pending while something is, when messages are replaced as they are read (about one reading in a thousand of a market of
// 2,000 events/s). A gateway that believed it was ready without the last trade or the quote of a symbol, and said that it was live.
func TestReadingEndsWithTheLastSubject(t *testing.T) {
	for name, deliveries := range map[string][]delivery{
		"in order":                         {delivered("a", 3, 2), delivered("b", 7, 1), delivered("c", 9, 0)},
		"nothing pending too early":        {delivered("a", 3, 1), delivered("b", 7, 0), delivered("c", 9, 0)},
		"one replaced, and comes last":     {delivered("a", 3, 1), delivered("c", 9, 1), delivered("b", 10, 0)},
		"the newest replaced":              {delivered("a", 3, 1), delivered("b", 7, 0), delivered("c", 12, 0)},
		"others first, a replacement last": {delivered("a", 3, 1), delivered("c", 9, 1), delivered("a", 10, 1), delivered("c", 11, 0), delivered("b", 12, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			idle := time.NewTimer(time.Hour)
			defer idle.Stop()
			r := streamReader{newest: 9, subjects: 3, seen: make(map[string]struct{})}
			for i, d := range deliveries {
				d.metadata.Sequence.Consumer = uint64(i + 1)
				outcome, err := r.take(d, idle)
				if last := i == len(deliveries)-1; err != nil || (outcome == readToEnd) != last {
					t.Fatalf("outcome %d after %d of %d messages, error %v", outcome, i+1, len(deliveries), err)
				}
			}
			if len(r.stored) != len(deliveries) {
				t.Errorf("%d messages kept of %d", len(r.stored), len(deliveries))
			}
		})
	}
}

// slowConsumer delivers its first message when it was asked what is left so often.
type slowConsumer struct {
	jetstream.Consumer
	batch  slowBatch
	first  jetstream.Msg
	left   uint64 // undelivered
	asked  int
	awaits int
}

func (c *slowConsumer) Fetch(int, ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	return c.batch, nil
}

func (c *slowConsumer) Info(context.Context) (*jetstream.ConsumerInfo, error) {
	if c.asked++; c.asked == c.awaits {
		c.batch <- c.first
	}
	return &jetstream.ConsumerInfo{NumPending: c.left}, nil
}

type slowBatch chan jetstream.Msg

func (b slowBatch) Messages() <-chan jetstream.Msg { return b }
func (b slowBatch) Error() error                   { return nil }

// TestReadingWaitsForASlowServer: a server that had nothing delivered after a second was taken for one whose messages have all expired. The warm start was done, with no symbol, and quiet
// symbols stayed stale.
func TestReadingWaitsForASlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		message := delivered("a", 3, 0)
		message.metadata.Sequence.Consumer = 1
		c := &slowConsumer{batch: make(slowBatch, 1), first: message, left: 1, awaits: 3}
		r := streamReader{consumer: c, newest: 3, subjects: 1, seen: make(map[string]struct{})}
		if err := r.read(t.Context()); err != nil || len(r.stored) != 1 {
			t.Errorf("%d messages read, error %v", len(r.stored), err)
		}
	})
}

// TestReadingEndsWhenTheRestHasExpired: between the count of the subjects and their delivery.
func TestReadingEndsWhenTheRestHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &slowConsumer{batch: make(slowBatch)}
		r := streamReader{consumer: c, newest: 3, subjects: 1, seen: make(map[string]struct{})}
		if err := r.read(t.Context()); err != nil || len(r.stored) != 0 || c.asked != 1 {
			t.Errorf("%d messages read, error %v; asked %d times", len(r.stored), err, c.asked)
		}
	})
}

// TestReadingWithAHoleBeginsAnew: a message that got lost between server and reader.
func TestReadingWithAHoleBeginsAnew(t *testing.T) {
	r := streamReader{newest: 9, subjects: 3, seen: make(map[string]struct{})}
	d := delivered("a", 3, 2)
	d.metadata.Sequence.Consumer = 2
	if _, err := r.take(d, time.NewTimer(time.Hour)); err == nil {
		t.Error("the first message got lost, and nobody noticed")
	}
}
