package playback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// JetStream is the Recording that a stream of events at NATS is. It has a connection of its own, made when it is first asked for anything, so that nothing of the live market waits behind
// what is played.
type JetStream struct {
	// Immutable.
	connection bus.Connection
	subjects   bus.Subjects
	stream     string
	log        *slog.Logger

	// mu guards the fields below.
	mu      sync.Mutex
	conn    *nats.Conn // nil: it was not needed yet
	up      chan struct{}
	stopped bool
}

// NewJetStream returns the recording that a stream is. Close it.
func NewJetStream(connection bus.Connection, subjects bus.Subjects, stream string, log *slog.Logger) *JetStream {
	return &JetStream{connection: connection, subjects: subjects, stream: stream, log: log}
}

const (
	connectWait     = 5 * time.Second        // for NATS, before a playback is refused
	fetchMessages   = 128                    // of one request
	fetchBytes      = 2 << 20                // of one request, and more than one message can have
	fetchWait       = 5 * time.Second        // for the first of them
	consumerTimeout = 10 * time.Second       // the server forgets a consumer that was not asked for so long: of a gateway that was killed, or of a playback that is paused
	retryPause      = 100 * time.Millisecond // before a reading that has failed goes on
	retryFor        = 10 * time.Second       // before it is given up
	maxFilters      = 32                     // of a consumer; for more symbols everything is read: the server compares each message with each filter
)

// Newest implements Recording.
func (j *JetStream) Newest(ctx context.Context, symbols []string, admit func() error) ([]uint64, error) {
	source, err := j.source(ctx)
	if err != nil {
		return nil, err
	}
	positions := make([]uint64, len(symbols))
	for i, symbol := range symbols {
		if err := admit(); err != nil {
			return nil, err
		}
		message, err := source.GetLastMsgForSubject(ctx, j.subjects.EveryKindOf(symbol))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
		default:
			positions[i] = message.Sequence
		}
	}
	return positions, nil
}

// source returns the stream, once NATS is there.
func (j *JetStream) source(ctx context.Context) (jetstream.Stream, error) {
	if j.stream == "" {
		return nil, fmt.Errorf("%w: set warm-start-stream", ErrNoRecording)
	}
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	conn, err := j.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	source, err := js.Stream(ctx, j.stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound), errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("%w: NATS has no stream %s; start a gateway with create-stream", ErrNoRecording, j.stream)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return source, nil
}

// connect returns the connection, once it stands.
func (j *JetStream) connect(ctx context.Context) (*nats.Conn, error) {
	j.mu.Lock()
	if j.stopped {
		j.mu.Unlock()
		return nil, nats.ErrConnectionClosed
	}
	if j.conn == nil {
		up := make(chan struct{}) // closed by nats.go's goroutine at the first connection
		var once sync.Once
		conn, err := bus.Connect(j.connection, "tickgate-playback", j.log, bus.Handlers{Reconnected: func() { once.Do(func() { close(up) }) }})
		if err != nil {
			j.mu.Unlock()
			return nil, err
		}
		j.conn, j.up = conn, up
	}
	conn, up := j.conn, j.up
	j.mu.Unlock()
	select {
	case <-up:
		return conn, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("NATS did not answer within %v", connectWait)
	}
}

// Close disconnects; readings fail.
func (j *JetStream) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stopped = true
	if j.conn != nil {
		j.conn.Close()
	}
}

// Read implements Recording. A consumer that is lost, with the connection or because nothing was asked of it for a while, is replaced by another that goes on where it was.
func (j *JetStream) Read(ctx context.Context, symbols []string, from tick.Time, to chan<- Portion) error {
	r := &streamReader{to: to, config: jetstream.ConsumerConfig{
		Description:       "tickgate playback",
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubjects:    j.filters(symbols),
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: consumerTimeout,
	}}
	if from > 0 {
		begin := time.Unix(0, int64(from))
		r.config.DeliverPolicy, r.config.OptStartTime = jetstream.DeliverByStartTimePolicy, &begin
	}
	pause := time.NewTicker(retryPause)
	defer pause.Stop()
	for failing := time.Now(); ; {
		before := r.position
		err := j.readOn(ctx, r)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrNoRecording):
			return err
		case r.position != before || errors.Is(err, errLapsed):
			failing = time.Now()
		case time.Since(failing) > retryFor:
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (j *JetStream) filters(symbols []string) []string {
	if len(symbols) > maxFilters {
		return []string{j.subjects.EveryKind()}
	}
	filters := make([]string, len(symbols))
	for i, symbol := range symbols {
		filters[i] = j.subjects.EveryKindOf(symbol)
	}
	return filters
}

// readOn reads through one consumer until that fails, or ctx is done.
func (j *JetStream) readOn(ctx context.Context, r *streamReader) error {
	source, err := j.source(ctx)
	if err != nil {
		return err
	}
	consumer, err := source.CreateConsumer(ctx, r.configuration())
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if j.conn.IsConnected() { // else the server forgets it by itself
			_ = source.DeleteConsumer(ctx, consumer.CachedInfo().Name)
		}
	}()
	r.consumer, r.delivered, r.atEdge = consumer, 0, false
	if consumer.CachedInfo().NumPending == 0 {
		if err := r.send(ctx, Portion{AtEdge: true}); err != nil {
			return err
		}
		r.atEdge = true
	}
	for {
		if err := r.fetch(ctx); err != nil {
			return err
		}
	}
}

// streamReader is where a reading stands.
type streamReader struct {
	to     chan<- Portion
	config jetstream.ConsumerConfig

	consumer  jetstream.Consumer
	delivered uint64 // by the consumer
	position  uint64 // in the stream; 0: nothing was read yet
	atEdge    bool
}

var (
	errLapsed = errors.New("playback: the consumer is gone") // after a pause
	errHole   = errors.New("playback: a message was lost on its way")
)

// configuration returns that of a consumer that goes on where the reading stands.
func (r *streamReader) configuration() jetstream.ConsumerConfig {
	c := r.config
	if r.position > 0 {
		c.DeliverPolicy, c.OptStartTime, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, nil, r.position+1
	}
	return c
}

func (r *streamReader) send(ctx context.Context, p Portion) error {
	select {
	case r.to <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fetch asks for messages once, and sends them in portions of what is there.
func (r *streamReader) fetch(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	batch, err := r.consumer.Fetch(fetchMessages, jetstream.FetchContext(within), jetstream.FetchMaxBytes(fetchBytes))
	if err != nil {
		return err
	}
	before := r.delivered
	var portion Portion
	for message := range batch.Messages() {
		pending, err := r.take(message, &portion)
		if err != nil {
			return err
		}
		if len(portion.Messages) < portionMessages && len(batch.Messages()) > 0 {
			continue
		}
		if portion.AtEdge, err = r.seesEdge(ctx, pending); err != nil {
			return err
		}
		if err := r.send(ctx, portion); err != nil {
			return err
		}
		portion = Portion{}
	}
	return r.fetched(ctx, batch.Error(), r.delivered == before)
}

// fetched looks at how a fetch has ended. Where nothing came, nothing is there.
func (r *streamReader) fetched(ctx context.Context, err error, nothing bool) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil, errors.Is(err, nats.ErrTimeout):
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrConsumerDeleted):
		return errLapsed
	case err != nil:
		return err
	}
	if !nothing || r.atEdge {
		return nil
	}
	if atEdge, err := r.seesEdge(ctx, 0); !atEdge || err != nil { // an error: the server was not there to send anything
		return err
	}
	return r.send(ctx, Portion{AtEdge: true})
}

// take adds a message to the portion, and returns how many are to come.
func (r *streamReader) take(message jetstream.Msg, portion *Portion) (pending uint64, err error) {
	meta, err := message.Metadata()
	switch {
	case err != nil:
		return 0, err
	case meta.Sequence.Consumer != r.delivered+1:
		return 0, errHole
	}
	r.delivered, r.position = meta.Sequence.Consumer, meta.Sequence.Stream
	portion.Messages = append(portion.Messages, Message{
		Subject: message.Subject(), Payload: message.Data(), Stored: tick.Time(meta.Timestamp.UnixNano()), Position: meta.Sequence.Stream,
	})
	return meta.NumPending, nil
}

// seesEdge reports whether nothing more is recorded. While messages are replaced by newer ones the server counts too few of them to come with a message, so it is asked.
func (r *streamReader) seesEdge(ctx context.Context, pending uint64) (bool, error) {
	switch {
	case pending > 0:
		r.atEdge = false
	case !r.atEdge:
		info, err := r.consumer.Info(ctx)
		if err != nil {
			return false, err
		}
		r.atEdge = info.NumPending == 0 && info.Delivered.Consumer == r.delivered
	}
	return r.atEdge, nil
}
