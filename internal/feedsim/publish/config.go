package publish

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// ErrConfig says that a field of Config is out of its range.
var ErrConfig = errors.New("publish: configuration")

// MaxHeartbeat is the greatest heartbeat interval: gateways take a feed for dead after two seconds of silence.
const MaxHeartbeat = time.Second

// Config of a Publisher. Errors call the fields by their settings: publisher, subject-prefix, batch, heartbeat.
type Config struct {
	// Name of the publisher, 1 to 64 printable ASCII bytes. Two publishers of one bus need two names. Default "feedsim".
	Name string
	// Prefix of the subjects, default "md".
	Prefix string
	// BatchEvents is the most events of one symbol and kind in one message, 1 to bus.MaxEventsPerMessage. Default 1: one event
	// per message. More saves messages where a symbol's events come in bursts; what is due does not wait for a batch to fill.
	BatchEvents int
	// HeartbeatEvery is the interval of signs of life, up to MaxHeartbeat. Default 500 ms.
	HeartbeatEvery time.Duration
	// OnEvent is told of every event that the bus took, numbered and with its figures, on the publishing goroutine. Default nil: nobody is.
	OnEvent func(symbol string, e tick.Event)
	// Clock gives epochs and the heartbeats' times. Default: the machine's.
	Clock pace.Clock
	// Log takes the first few refused events. Default: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{
		Name:           "feedsim",
		Prefix:         bus.DefaultPrefix,
		BatchEvents:    1,
		HeartbeatEvery: 500 * time.Millisecond,
		Clock:          pace.System(),
		Log:            slog.New(slog.DiscardHandler),
	}
}

// Validate names the first field that is out of its range.
func (c Config) Validate() error {
	if err := tick.ValidateSymbol(c.Name); err != nil {
		return fmt.Errorf("%w: publisher: %w", ErrConfig, err)
	}
	if _, err := bus.NewSubjects(c.Prefix); err != nil {
		return fmt.Errorf("%w: subject-prefix: %w", ErrConfig, err)
	}
	if c.BatchEvents < 1 || c.BatchEvents > bus.MaxEventsPerMessage {
		return fmt.Errorf("%w: batch is %d, give 1 to %d", ErrConfig, c.BatchEvents, bus.MaxEventsPerMessage)
	}
	if c.HeartbeatEvery <= 0 || c.HeartbeatEvery > MaxHeartbeat {
		return fmt.Errorf("%w: heartbeat is %v, give up to %v", ErrConfig, c.HeartbeatEvery, MaxHeartbeat)
	}
	if c.Clock == nil || c.Log == nil {
		return fmt.Errorf("%w: Clock and Log are needed; start from DefaultConfig", ErrConfig)
	}
	return nil
}
