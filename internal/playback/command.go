package playback

import (
	"errors"
	"fmt"
	"math"
	"time"

	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Why a command is refused. The texts are for the client's developer.
var (
	// ErrNotOpen says that there is no playback to steer.
	ErrNotOpen = errors.New("there is no playback yet; send an open first")
	// ErrAlreadyOpen says that the stream has its playback.
	ErrAlreadyOpen = errors.New("this stream has its playback; use seek, or open another stream")
	// ErrRange says that the times of an Open make no range.
	ErrRange = errors.New("the times to play make no range")
	// ErrSpeed says that a speed is none.
	ErrSpeed = errors.New("the speed cannot be played")
	// ErrSeekOutside says that the time to seek is not within the range that was opened.
	ErrSeekOutside = errors.New("the time is outside of what was opened")
	// ErrNoRecording says that the gateway has nothing to play.
	ErrNoRecording = errors.New("the gateway keeps no recording")
	// ErrConflation says that the conflation interval cannot be granted.
	ErrConflation = errors.New("the conflation interval cannot be kept")
)

// Open says what to play.
type Open struct {
	Symbols  []string // for Library.Open: valid and distinct
	From, To tick.Time
	Live     bool
	Speed    pace.Speed
	Kinds    Kinds
	Interval time.Duration // 0: every event
}

// Kinds is a set of kinds of events.
type Kinds uint8

// KindsOf returns the set of some kinds.
func KindsOf(kinds ...tick.Kind) (k Kinds) {
	for _, kind := range kinds {
		k |= 1 << kind
	}
	return k
}

// AllKinds is the set of all.
const AllKinds = Kinds(1<<tick.KindQuote | 1<<tick.KindTrade | 1<<tick.KindStatus)

func (k Kinds) has(kind tick.Kind) bool { return k&(1<<kind) != 0 }

func (o *Open) validate(c *Config) error {
	switch {
	case o.From < 0 || o.To < 0:
		return fmt.Errorf("%w: from and to are nanoseconds since 1970, and not negative", ErrRange)
	case o.Live && o.To != 0:
		return fmt.Errorf("%w: a playback that goes over to live has no to", ErrRange)
	case o.To != 0 && o.From >= o.To:
		return fmt.Errorf("%w: from %s is not before to %s", ErrRange, utc(o.From), utc(o.To))
	case o.Interval < 0 || o.Interval > c.MaxInterval:
		return fmt.Errorf("%w: it is %v, give 0 to %v", ErrConflation, o.Interval, c.MaxInterval)
	}
	return validSpeed(o.Speed)
}

func validSpeed(s pace.Speed) error {
	switch {
	case s == 0:
		return fmt.Errorf("%w: at speed 0 the clock would stand; use pause", ErrSpeed)
	case math.IsNaN(float64(s)) || s.Validate() != nil:
		return fmt.Errorf("%w: it is %v, give %v to %v, or Infinity to play as fast as you take events", ErrSpeed, float64(s), float64(pace.MinSpeed), float64(pace.MaxSpeed))
	}
	return nil
}

func utc(t tick.Time) string { return time.Unix(0, int64(t)).UTC().Format(time.RFC3339Nano) }

// Command steers a playback.
type Command struct {
	ID   uint64 // echoed
	Verb Verb
	Open *Open      // of Begin
	To   tick.Time  // of Seek
	At   pace.Speed // of SetSpeed
}

// Verb is what a command asks for.
type Verb uint8

// The verbs.
const (
	Begin Verb = iota + 1 // which a playback refuses: it has begun
	Pause
	Resume
	Seek
	SetSpeed
	Close
)
