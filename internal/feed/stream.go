package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
)

// DefaultStream is the name of the JetStream stream that holds the last values.
const DefaultStream = "TICKGATE_MD"

// ErrStream says that the stream could not be created or updated as configured.
var ErrStream = errors.New("feed: JetStream stream")

// StreamConfig says what the stream keeps.
type StreamConfig struct {
	// Name of the stream, default TICKGATE_MD.
	Name string
	// Storage is jetstream.FileStorage (the default) or jetstream.MemoryStorage. Files outlive the server; memory costs less for each event.
	Storage jetstream.StorageType
	// MaxAge is how long a value is kept, default 7 days, so that Monday begins with Friday's; 0: for ever.
	MaxAge time.Duration
	// MaxMessagesPerSubject is how many messages of each symbol and kind are kept, default 1: warm start reads only the last.
	MaxMessagesPerSubject int64
	// MaxBytes bounds the stream, the oldest messages go first; default 1 GiB, 0: no bound.
	MaxBytes int64
	// Replicas is how many servers of a cluster keep the stream, default 1.
	Replicas int
}

// DefaultStreamConfig returns the defaults.
func DefaultStreamConfig() StreamConfig {
	return StreamConfig{
		Name:                  DefaultStream,
		Storage:               jetstream.FileStorage,
		MaxAge:                7 * 24 * time.Hour,
		MaxMessagesPerSubject: 1,
		MaxBytes:              1 << 30,
		Replicas:              1,
	}
}

// EnsureStream creates the stream that captures the events of subjects, or updates the one of that name. A gateway with an embedded server calls it at its
// start; elsewhere it is done once, by whoever runs NATS.
func EnsureStream(ctx context.Context, connection *nats.Conn, subjects bus.Subjects, c StreamConfig) error {
	js, err := jetstream.New(connection)
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrStream, c.Name, err)
	}
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:              c.Name,
		Subjects:          subjects.EventWildcards(),
		Storage:           c.Storage,
		MaxAge:            c.MaxAge,
		MaxMsgsPerSubject: c.MaxMessagesPerSubject,
		MaxBytes:          unlimited(c.MaxBytes),
		Replicas:          c.Replicas,
		Discard:           jetstream.DiscardOld,
	})
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrStream, c.Name, err)
	}
	return nil
}

func unlimited(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}

const (
	fetchMessages   = 5000                   // of one pull: few round trips, far below nats.go's default pending limit
	fetchIdle       = time.Second            // without a message for that long the rest has expired meanwhile
	readRetryPause  = 100 * time.Millisecond // before a failed reading begins anew
	consumerTimeout = 10 * time.Second       // the server forgets the consumer after it, should deleting it fail
)

// errIncomplete says that a message got lost between server and reader: read again.
var errIncomplete = errors.New("feed: the stream was read with a hole")

// readLastMessages returns the last message of each subject as of now, retrying until ctx is done. Errors that retrying cannot mend are returned at once.
//
// It is a plain consumer without acknowledgements rather than the library's ordered one: that one mends a hole by going on from the next stream
// sequence, which is no longer one message per subject.
func readLastMessages(ctx context.Context, connection *nats.Conn, stream, filter string) ([]Stored, error) {
	pause := time.NewTicker(readRetryPause)
	defer pause.Stop()
	for {
		stored, err := readOnce(ctx, connection, stream, filter)
		if err == nil || hopeless(err) {
			return stored, err
		}
		select {
		case <-ctx.Done():
			return stored, fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		case <-pause.C:
		}
	}
}

// hopeless reports whether there is nothing to read, now or soon.
func hopeless(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, jetstream.ErrStreamNotFound) ||
		errors.Is(err, jetstream.ErrJetStreamNotEnabled) ||
		errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) ||
		errors.Is(err, jetstream.ErrInvalidStreamName)
}

// readOnce reads up to the newest message that the stream has before the reading begins: what is newer comes live.
//
// The filter is one wildcard, because the server looks at every subject again for each message that it delivers through several: with 10,000 symbols in a moving
// market that took seconds instead of 50 ms.
func readOnce(ctx context.Context, connection *nats.Conn, stream, filter string) ([]Stored, error) {
	js, err := jetstream.New(connection)
	if err != nil {
		return nil, err
	}
	source, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	consumer, err := source.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubject:     filter,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: consumerTimeout,
	})
	if err != nil {
		return nil, err
	}
	info := consumer.CachedInfo()
	r := streamReader{consumer: consumer, last: source.CachedInfo().State.LastSeq}
	err = r.read(ctx, int(info.NumPending))
	if connection.IsConnected() { // else the server forgets it by itself
		_ = source.DeleteConsumer(ctx, info.Name)
	}
	return r.stored, err
}

// streamReader reads messages through a consumer.
type streamReader struct {
	consumer jetstream.Consumer
	last     uint64 // sequence in the stream: where to stop
	stored   []Stored
}

// read reads as many messages as were pending when the consumer was made, or fewer: one that has been replaced meanwhile is not delivered, and its
// replacement, beyond last, comes live as well.
func (r *streamReader) read(ctx context.Context, pending int) error {
	r.stored = make([]Stored, 0, pending)
	for len(r.stored) < pending {
		if more, err := r.fetch(ctx, min(fetchMessages, pending-len(r.stored))); more != moreToRead || err != nil {
			return err
		}
	}
	return nil
}

type readOutcome uint8

const (
	moreToRead readOutcome = iota
	readToEnd
)

// fetch reads up to count messages.
func (r *streamReader) fetch(ctx context.Context, count int) (readOutcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batch, err := r.consumer.Fetch(count, jetstream.FetchContext(ctx))
	if err != nil {
		return readToEnd, err
	}
	idle := time.NewTimer(fetchIdle)
	defer idle.Stop()
	for {
		select {
		case message, open := <-batch.Messages():
			if !open {
				return moreToRead, batch.Error()
			}
			if more, err := r.take(message); more != moreToRead || err != nil {
				return more, err
			}
			idle.Reset(fetchIdle)
		case <-idle.C:
			return readToEnd, nil
		}
	}
}

// take keeps a message, unless it lies beyond the end.
func (r *streamReader) take(message jetstream.Msg) (readOutcome, error) {
	meta, err := message.Metadata()
	switch {
	case err != nil:
		return readToEnd, err
	case meta.Sequence.Consumer != uint64(len(r.stored))+1:
		return readToEnd, errIncomplete
	case meta.Sequence.Stream > r.last:
		return readToEnd, nil
	}
	r.stored = append(r.stored, Stored{Subject: message.Subject(), Payload: message.Data()})
	if meta.NumPending == 0 {
		return readToEnd, nil
	}
	return moreToRead, nil
}
