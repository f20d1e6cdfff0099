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
	// MaxMessagesPerSubject is how many messages of each symbol and kind are kept, default 1: warm start reads only the last. More, or 0 for no bound, is what can be played back.
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
		MaxMsgsPerSubject: unlimited(c.MaxMessagesPerSubject),
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
	fetchIdle       = time.Second            // without a message for that long the rest may have expired meanwhile
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
	newest, err := source.GetLastMsgForSubject(ctx, filter)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
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
	r := streamReader{consumer: consumer, newest: newest.Sequence, subjects: int(consumer.CachedInfo().NumPending), seen: make(map[string]struct{})}
	err = r.read(ctx)
	if connection.IsConnected() { // else the server forgets it by itself
		_ = source.DeleteConsumer(ctx, consumer.CachedInfo().Name)
	}
	return r.stored, err
}

// streamReader reads messages through a consumer, until it has one of every subject.
//
// A message that is replaced before its turn is not delivered; its replacement comes after all the others. It may come live too late for what was read, so it is waited for. How
// many messages the server says are pending ends nothing by itself: while messages are replaced it counts too few.
type streamReader struct {
	consumer jetstream.Consumer
	newest   uint64 // sequence in the stream at the beginning
	subjects int    // in the stream at the beginning
	stored   []Stored
	seen     map[string]struct{} // subjects of stored
	beyond   bool                // newest was delivered, or what replaced it: only replacements are to come
}

// read reads until there is nothing more to read.
func (r *streamReader) read(ctx context.Context) error {
	idle := time.NewTimer(fetchIdle)
	defer idle.Stop()
	for {
		if more, err := r.fetch(ctx, idle); more != moreToRead || err != nil {
			return err
		}
	}
}

type readOutcome uint8

const (
	moreToRead readOutcome = iota
	readToEnd
)

// fetch reads up to fetchMessages.
func (r *streamReader) fetch(ctx context.Context, idle *time.Timer) (readOutcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batch, err := r.consumer.Fetch(fetchMessages, jetstream.FetchContext(ctx))
	if err != nil {
		return readToEnd, err
	}
	for {
		select {
		case message, open := <-batch.Messages():
			if !open {
				return moreToRead, batch.Error()
			}
			if more, err := r.take(message, idle); more != moreToRead || err != nil {
				return more, err
			}
		case <-idle.C:
			if expired, err := r.expired(ctx); expired || err != nil {
				return readToEnd, err
			}
			idle.Reset(fetchIdle)
		}
	}
}

// expired reports, when nothing has come for a while, whether the rest has expired or was deleted. A server that is only slow has something left to deliver.
func (r *streamReader) expired(ctx context.Context) (bool, error) {
	if r.beyond {
		return true, nil
	}
	info, err := r.consumer.Info(ctx)
	if err != nil {
		return false, err
	}
	return info.NumPending == 0 && info.Delivered.Consumer == uint64(len(r.stored)), nil
}

// take keeps a message. Beyond the newest only so much time is left as replacements may take.
func (r *streamReader) take(message jetstream.Msg, idle *time.Timer) (readOutcome, error) {
	meta, err := message.Metadata()
	switch {
	case err != nil:
		return readToEnd, err
	case meta.Sequence.Consumer != uint64(len(r.stored))+1:
		return readToEnd, errIncomplete
	}
	r.stored = append(r.stored, Stored{Subject: message.Subject(), Payload: message.Data()})
	r.seen[message.Subject()] = struct{}{}
	r.beyond = meta.Sequence.Stream >= r.newest
	switch {
	case !r.beyond:
		idle.Reset(fetchIdle)
	case len(r.seen) >= r.subjects:
		return readToEnd, nil
	}
	return moreToRead, nil
}
