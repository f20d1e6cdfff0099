package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

// ErrStream is wrapped by the errors about a stream that cannot be replayed: show the error, it names the stream and the reason.
var ErrStream = errors.New("jetstream")

// Config says what to read.
type Config struct {
	// Connection to the NATS that has the stream.
	Connection bus.Connection
	// Prefix of the subjects of events. No default.
	Prefix string
	// Stream is its name. No default.
	Stream string
	// FromSequence of the stream is the first to be read; 0: whatever is the first.
	FromSequence uint64
	// Selects reports whether anybody wants the events of a symbol. Where few of the stream's subjects are wanted the server sends no others; else the caller sees all of them. Default nil: all
	// are wanted.
	Selects func(symbol string) bool
	// Log takes what happens to the connection.
	Log *slog.Logger
}

// Stream is a stream as it was when it was opened.
type Stream struct {
	// Immutable.
	ctx      context.Context // of the whole replay: sources have none of their own
	stream   *kept.Stream
	subjects bus.Subjects
	name     string
	first    uint64 // to be read
	extent   kept.Extent
	selected []string // subjects that are read; none: all
}

// Open connects and looks at what the stream holds. The context is for everything that is read of it, too. Close the stream.
func Open(ctx context.Context, c Config) (*Stream, error) {
	subjects, err := bus.NewSubjects(c.Prefix)
	if err != nil {
		return nil, err
	}
	s := &Stream{ctx: ctx, stream: kept.NewStream(c.Connection, "feedsim replay", c.Stream, c.Log), subjects: subjects, name: c.Stream, first: c.FromSequence}
	if err := s.look(ctx, c.Selects); err != nil {
		s.stream.Close()
		return nil, fmt.Errorf("%w: %w", ErrStream, err)
	}
	return s, nil
}

// look finds out what there is to read.
func (s *Stream) look(ctx context.Context, selects func(symbol string) bool) (err error) {
	s.extent, err = s.stream.Extent(ctx)
	if errors.Is(err, kept.ErrNoStream) {
		return fmt.Errorf("%w; %s", err, others(s.stream.Names(ctx, namesShown)))
	}
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	return s.narrow(ctx, selects)
}

// namesShown is how many streams are named where the one that was asked for is not there.
const namesShown = 8

func others(names []string) string {
	if len(names) == 0 {
		return "it has none"
	}
	return "it has " + strings.Join(names, ", ")
}

// check refuses what there is nothing to read of.
func (s *Stream) check() error {
	switch e := &s.extent; {
	case e.Messages == 0:
		return fmt.Errorf("stream %s is empty", s.name)
	case s.first > e.LastPosition:
		return fmt.Errorf("from-sequence %d is behind the end of stream %s, which has %d to %d", s.first, s.name, e.FirstPosition, e.LastPosition)
	case len(e.Subjects) > 0 && !s.keeps(s.subjects): // a mirror does not say what it keeps
		return fmt.Errorf("stream %s keeps %s, and nothing of %s: say the first tokens of its subjects with from-subject-prefix", s.name, strings.Join(e.Subjects, ", "), s.subjects.All())
	}
	return nil
}

// mostSelected is how many subjects the server is asked for one by one: it holds each message against all of them.
const mostSelected = 64

// narrow finds out which subjects are selected. If none is, all are read, so that what there is can be told.
func (s *Stream) narrow(ctx context.Context, selects func(symbol string) bool) error {
	if selects == nil {
		return nil
	}
	held, err := s.stream.HeldSubjects(ctx, s.subjects.EveryKind())
	if err != nil {
		return err
	}
	s.selected = slices.DeleteFunc(held, func(subject string) bool {
		_, symbol, err := s.subjects.ParseEvent(subject)
		return err != nil || !selects(symbol)
	})
	if len(s.selected) > mostSelected {
		s.selected = nil
	}
	return nil
}

// Keeps reports whether the stream keeps what is published with a prefix.
func (s *Stream) Keeps(prefix string) bool {
	subjects, err := bus.NewSubjects(prefix)
	return err == nil && s.keeps(subjects)
}

func (s *Stream) keeps(subjects bus.Subjects) bool {
	for _, subject := range s.extent.Subjects {
		for _, event := range subjects.EventWildcards() {
			if overlap(subject, event) {
				return true
			}
		}
	}
	return false
}

// overlap reports whether some subject matches both of two patterns.
func overlap(a, b string) bool {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(left), len(right)) {
		switch l, r := left[i], right[i]; {
		case l == ">" || r == ">":
			return true
		case l != r && l != "*" && r != "*":
			return false
		}
	}
	return len(left) == len(right)
}

// Last returns the sequence at which the stream ended when it was opened.
func (s *Stream) Last() uint64 { return s.extent.LastPosition }

// Begin returns when the first message of the stream was stored.
func (s *Stream) Begin() tick.Time { return s.extent.First }

// Events returns what was stored from a time on; 0: from FromSequence, or the beginning.
func (s *Stream) Events(from tick.Time, report *datafile.Report, log *slog.Logger) feedsim.Source {
	return &Reader{
		stream: s, from: kept.Beginning{Subjects: s.selected, Position: s.first, Time: from}, rows: datafile.NewRows("stream "+s.name, report, log), routes: make(map[string]route),
	}
}

// Close disconnects.
func (s *Stream) Close() { s.stream.Close() }
