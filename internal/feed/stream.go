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
	fetchWait       = time.Second            // without a message for that long the rest has expired meanwhile
	readRetryPause  = 100 * time.Millisecond // before a failed reading begins anew
	consumerTimeout = 10 * time.Second       // the server forgets the consumer after it, should deleting it fail
)

// errIncomplete says that a message got lost between server and reader: read again.
var errIncomplete = errors.New("feed: the stream was read with a hole")

// readLastMessages returns the last message of each subject as of now, retrying until ctx is done. Errors that retrying cannot mend are returned at once.
//
// It is a plain consumer without acknowledgements rather than the library's ordered one: that one mends a hole by going on from the next stream
// sequence, which is no longer one message per subject.
func readLastMessages(ctx context.Context, connection *nats.Conn, stream string, wildcards []string) ([]Stored, error) {
	pause := time.NewTicker(readRetryPause)
	defer pause.Stop()
	for {
		stored, err := readOnce(ctx, connection, stream, wildcards)
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

func readOnce(ctx context.Context, connection *nats.Conn, stream string, wildcards []string) ([]Stored, error) {
	js, err := jetstream.New(connection)
	if err != nil {
		return nil, err
	}
	consumer, err := js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubjects:    wildcards,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: consumerTimeout,
	})
	if err != nil {
		return nil, err
	}
	info := consumer.CachedInfo()
	stored, err := readPending(ctx, consumer, int(info.NumPending))
	if connection.IsConnected() { // else the server forgets it by itself
		_ = js.DeleteConsumer(ctx, stream, info.Name)
	}
	return stored, err
}

// readPending reads as many messages as were pending when the consumer was made. One that has been replaced meanwhile is not delivered; its replacement
// is, after all others, and it comes live as well.
func readPending(ctx context.Context, consumer jetstream.Consumer, pending int) ([]Stored, error) {
	stored := make([]Stored, 0, pending)
	for len(stored) < pending {
		fetched, left, err := fetch(ctx, consumer, len(stored), min(fetchMessages, pending-len(stored)))
		stored = append(stored, fetched...)
		if err != nil || left == 0 || len(fetched) == 0 { // the last case: the rest has expired
			return stored, err
		}
	}
	return stored, nil
}

// fetch reads up to count messages after the first read ones, and returns how many are left then.
func fetch(ctx context.Context, consumer jetstream.Consumer, read, count int) (fetched []Stored, left uint64, err error) {
	wait, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	batch, err := consumer.Fetch(count, jetstream.FetchContext(wait))
	if err != nil {
		return nil, 0, err
	}
	for message := range batch.Messages() {
		meta, err := message.Metadata()
		if err != nil {
			return fetched, 0, err
		}
		if meta.Sequence.Consumer != uint64(read+len(fetched))+1 {
			return fetched, 0, errIncomplete
		}
		fetched = append(fetched, Stored{Subject: message.Subject(), Payload: message.Data()})
		if left = meta.NumPending; left == 0 {
			return fetched, 0, nil
		}
	}
	if err = batch.Error(); ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = nil // only this fetch
	}
	return fetched, left, err
}
