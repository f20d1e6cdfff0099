package bus

import (
	"errors"
	"fmt"
	"strings"

	"tickgate/pkg/tick"
)

// DefaultPrefix is the first token of every subject unless configured.
const DefaultPrefix = "md"

// Errors of subjects: count the message and skip it.
var (
	// ErrPrefix says that a prefix is not one or more non-empty tokens of letters, digits, '_' and '-', joined by dots.
	ErrPrefix = errors.New("bus: invalid subject prefix")
	// ErrSubject says that a subject is not <prefix>.<kind>.<token>.
	ErrSubject = errors.New("bus: not an event subject")
)

// Subjects builds and reads the subjects of one prefix.
type Subjects struct {
	prefix string // with its final dot
}

// NewSubjects returns the subjects below prefix.
func NewSubjects(prefix string) (Subjects, error) {
	for _, token := range strings.Split(prefix, ".") {
		if token == "" || tick.Token(token) != token {
			return Subjects{}, fmt.Errorf("%w: %q; use letters, digits, '_' and '-', for example %q", ErrPrefix, tick.Printable(prefix, 64), DefaultPrefix)
		}
	}
	return Subjects{prefix: prefix + "."}, nil
}

// All returns the wildcard that matches every subject of the prefix.
func (s Subjects) All() string { return s.prefix + ">" }

// EventWildcards returns one wildcard per kind of event: what a JetStream stream captures.
func (s Subjects) EventWildcards() []string {
	return []string{s.prefix + "quote.*", s.prefix + "trade.*", s.prefix + "status.*"}
}

// EveryKind returns one wildcard for the events of every kind; heartbeats match it too.
func (s Subjects) EveryKind() string { return s.prefix + "*.*" }

// EveryKindOf returns one wildcard for the events of every kind of one symbol.
func (s Subjects) EveryKindOf(symbol string) string { return s.prefix + "*." + tick.Token(symbol) }

// Event returns the subject of the events of one kind and symbol.
func (s Subjects) Event(kind tick.Kind, symbol string) string {
	return s.prefix + kind.String() + "." + tick.Token(symbol)
}

// Heartbeat returns the subject of a publisher's heartbeats.
func (s Subjects) Heartbeat(publisher string) string {
	return s.prefix + heartbeatToken + tick.Token(publisher)
}

const heartbeatToken = "heartbeat."

// IsHeartbeat reports whether subject is that of some publisher's heartbeats.
func (s Subjects) IsHeartbeat(subject string) bool {
	rest, ok := strings.CutPrefix(subject, s.prefix)
	return ok && strings.HasPrefix(rest, heartbeatToken)
}

// ParseEvent is the inverse of Event.
func (s Subjects) ParseEvent(subject string) (kind tick.Kind, symbol string, err error) {
	rest, ok := strings.CutPrefix(subject, s.prefix)
	if !ok {
		return 0, "", fmt.Errorf("%w: %q is not below %q", ErrSubject, tick.Printable(subject, 256), s.prefix)
	}
	name, token, ok := strings.Cut(rest, ".")
	if kind = tick.ParseKind(name); !ok || kind == 0 {
		return 0, "", fmt.Errorf("%w: %q names no kind", ErrSubject, tick.Printable(subject, 256))
	}
	if symbol, err = tick.ParseToken(token); err != nil {
		return 0, "", fmt.Errorf("%w: %w", ErrSubject, err)
	}
	return kind, symbol, nil
}
