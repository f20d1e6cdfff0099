package kept

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/pkg/tick"
)

const (
	fetchMessages   = 128                    // of one request
	fetchBytes      = 2 << 20                // of one request, and more than one message can have
	fetchWait       = 5 * time.Second        // for the first of them
	consumerTimeout = 20 * time.Second       // the server forgets a consumer that was not asked for so long: of a process that was killed, or of a reader that pauses
	retryPause      = 100 * time.Millisecond // before a reading that has failed goes on
	retryFor        = 10 * time.Second       // before it is given up
)

// Beginning says what is read, and from where on: from a position, from a time of recording, or, with neither, from the beginning.
type Beginning struct {
	Subjects []string // with wildcards; none: all
	Position uint64
	Time     tick.Time
}

func (b Beginning) consumer(description string) jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Description:       description,
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubjects:    b.Subjects,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: consumerTimeout,
	}
	switch {
	case b.Position > 0:
		c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, b.Position
	case b.Time > 0:
		begin := time.Unix(0, int64(b.Time))
		c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartTimePolicy, &begin
	}
	return c
}

// Read sends what was recorded in the order of recording, and then what is recorded as it comes, until ctx is done, which is no error. A consumer that is lost, with the connection or because
// nothing was asked of it for a while, is replaced by another that goes on where it was.
func (s *Stream) Read(ctx context.Context, from Beginning, to chan<- Portion) error {
	r := &streamReader{to: to, config: from.consumer(s.reader)}
	pause := time.NewTicker(retryPause)
	defer pause.Stop()
	for failing := time.Now(); ; {
		before := r.position
		err := s.readOn(ctx, r)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrNoStream):
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

// readOn reads through one consumer until that fails, or ctx is done.
func (s *Stream) readOn(ctx context.Context, r *streamReader) error {
	source, err := s.source(ctx)
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
		if s.conn.IsConnected() { // else the server forgets it by itself
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
	errLapsed = errors.New("kept: the consumer is gone") // after a pause
	errHole   = errors.New("kept: a message was lost on its way")
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
		if len(portion.Messages) < PortionMessages && len(batch.Messages()) > 0 {
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
