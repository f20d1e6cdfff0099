package playback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tickgate/internal/bus"
	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

// JetStream is the Recording that a stream of events at NATS is.
type JetStream struct {
	// Immutable.
	stream   *kept.Stream // nil: there is none
	subjects bus.Subjects
}

// NewJetStream returns the recording that a stream is; without a name there is none. Close it.
func NewJetStream(connection bus.Connection, subjects bus.Subjects, stream string, log *slog.Logger) *JetStream {
	j := &JetStream{subjects: subjects}
	if stream != "" {
		j.stream = kept.NewStream(connection, "tickgate-playback", stream, log)
	}
	return j
}

// maxFilters of a consumer; for more symbols everything is read: the server compares each message with each filter.
const maxFilters = 32

// Newest implements Recording.
func (j *JetStream) Newest(ctx context.Context, symbols []string, admit func() error) ([]uint64, error) {
	if j.stream == nil {
		return nil, fmt.Errorf("%w: set warm-start-stream", ErrNoRecording)
	}
	positions, err := j.stream.Newest(ctx, j.subjectsOf(symbols), admit)
	return positions, translate(err)
}

// Read implements Recording.
func (j *JetStream) Read(ctx context.Context, symbols []string, from tick.Time, to chan<- kept.Portion) error {
	subjects := []string{j.subjects.EveryKind()}
	if len(symbols) <= maxFilters {
		subjects = j.subjectsOf(symbols)
	}
	return translate(j.stream.Read(ctx, kept.Beginning{Subjects: subjects, Time: from}, to))
}

func (j *JetStream) subjectsOf(symbols []string) []string {
	subjects := make([]string, len(symbols))
	for i, symbol := range symbols {
		subjects[i] = j.subjects.EveryKindOf(symbol)
	}
	return subjects
}

// translate says a reading's error in the words of playbacks.
func translate(err error) error {
	switch {
	case errors.Is(err, kept.ErrNoStream):
		return fmt.Errorf("%w: %w; start a gateway with create-stream", ErrNoRecording, err)
	case errors.Is(err, kept.ErrUnreadable):
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return err
}

// Close disconnects; readings fail.
func (j *JetStream) Close() {
	if j.stream != nil {
		j.stream.Close()
	}
}
