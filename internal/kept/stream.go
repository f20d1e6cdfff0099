package kept

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// Errors of streams.
var (
	// ErrNoStream says that NATS has no such stream, or no JetStream.
	ErrNoStream = errors.New("NATS has no such stream")
	// ErrUnreadable says that the stream cannot be read at this moment.
	ErrUnreadable = errors.New("the stream cannot be read")
)

// Stream is a stream of messages at NATS. It has a connection of its own, made when it is first asked for anything, so that nothing of the live market waits behind what is read.
type Stream struct {
	// Immutable.
	connection bus.Connection
	reader     string
	name       string
	log        *slog.Logger

	// mu guards the fields below.
	mu      sync.Mutex
	conn    *nats.Conn // nil: it was not needed yet
	up      chan struct{}
	found   bool // the stream was there once, so it is although it may not answer: a cluster that starts anew takes a while
	stopped bool
}

// NewStream returns the stream of that name. The reader is what its connection and consumers are called at NATS. Close it.
func NewStream(connection bus.Connection, reader, name string, log *slog.Logger) *Stream {
	return &Stream{connection: connection, reader: reader, name: name, log: log}
}

// connectWait is how long NATS may take to answer.
const connectWait = 5 * time.Second

// Newest returns the position of the newest message of each subject, which may have wildcards; 0: there is none. admit is called before each is looked up, and its error ends that.
func (s *Stream) Newest(ctx context.Context, subjects []string, admit func() error) ([]uint64, error) {
	source, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	positions := make([]uint64, len(subjects))
	for i, subject := range subjects {
		if err := admit(); err != nil {
			return nil, err
		}
		message, err := source.GetLastMsgForSubject(ctx, subject)
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

// Extent is what a stream holds at a moment.
type Extent struct {
	FirstPosition, LastPosition uint64
	First, Last                 tick.Time // when those were recorded
	Messages                    uint64    // 0: the others say nothing
	Subjects                    []string  // that it keeps, with wildcards
}

// Extent returns what the stream holds at this moment.
func (s *Stream) Extent(ctx context.Context) (Extent, error) {
	source, err := s.source(ctx)
	if err != nil {
		return Extent{}, err
	}
	info := source.CachedInfo() // of this moment
	state := &info.State
	return Extent{
		FirstPosition: state.FirstSeq, LastPosition: state.LastSeq,
		First: tick.Time(state.FirstTime.UnixNano()), Last: tick.Time(state.LastTime.UnixNano()),
		Messages: state.Msgs, Subjects: info.Config.Subjects,
	}, nil
}

// HeldSubjects returns the subjects of the messages that the stream holds, of those that fit a wildcard.
func (s *Stream) HeldSubjects(ctx context.Context, wildcard string) ([]string, error) {
	source, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	info, err := source.Info(ctx, jetstream.WithSubjectFilter(wildcard))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return slices.Sorted(maps.Keys(info.State.Subjects)), nil
}

// Names returns the names of the streams that NATS has, up to so many: for messages.
func (s *Stream) Names(ctx context.Context, most int) []string {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel() // ends the listing, too
	js, err := s.jetStream(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for name := range js.StreamNames(ctx).Name() {
		if names = append(names, name); len(names) == most {
			break
		}
	}
	return names
}

// source returns the stream, once NATS is there.
func (s *Stream) source(ctx context.Context) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	js, err := s.jetStream(ctx)
	if err != nil {
		return nil, err
	}
	source, err := js.Stream(ctx, s.name)
	found := s.wasFound(err == nil)
	switch {
	case err == nil:
		return source, nil
	case !found && isMissing(err):
		return nil, fmt.Errorf("%w as %s", ErrNoStream, s.name)
	}
	return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
}

// wasFound notes whether the stream was found now, and reports whether it ever was.
func (s *Stream) wasFound(now bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found = s.found || now
	return s.found
}

// isMissing reports whether an error means that there is no stream.
func isMissing(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) ||
		errors.Is(err, nats.ErrNoResponders)
}

func (s *Stream) jetStream(ctx context.Context) (jetstream.JetStream, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return js, nil
}

// connect returns the connection, once it stands.
func (s *Stream) connect(ctx context.Context) (*nats.Conn, error) {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return nil, nats.ErrConnectionClosed
	}
	if s.conn == nil {
		up := make(chan struct{}) // closed by nats.go's goroutine at the first connection
		var once sync.Once
		conn, err := bus.Connect(s.connection, s.reader, s.log, bus.Handlers{Reconnected: func() { once.Do(func() { close(up) }) }})
		if err != nil {
			s.mu.Unlock()
			return nil, err
		}
		s.conn, s.up = conn, up
	}
	conn, up := s.conn, s.up
	s.mu.Unlock()
	select {
	case <-up:
		return conn, nil
	case <-ctx.Done():
		err := fmt.Errorf("NATS did not answer within %v", connectWait)
		if last := conn.LastError(); last != nil {
			err = fmt.Errorf("%w: %w", err, last)
		}
		return nil, err
	}
}

// Close disconnects; readings fail.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.conn != nil {
		s.conn.Close()
	}
}
