package feed

import (
	"testing"
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

// TestReadingWithAHoleBeginsAnew: a message that got lost between server and reader.
func TestReadingWithAHoleBeginsAnew(t *testing.T) {
	r := streamReader{newest: 9, subjects: 3, seen: make(map[string]struct{})}
	d := delivered("a", 3, 2)
	d.metadata.Sequence.Consumer = 2
	if _, err := r.take(d, time.NewTimer(time.Hour)); err == nil {
		t.Error("the first message got lost, and nobody noticed")
	}
}
