package playback

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// ErrConfig is wrapped by the errors of Validate; each names the setting, its value and what is allowed.
var ErrConfig = errors.New("playback: configuration")

// Config bounds what playbacks take. Each field but the last four is a setting of the gateway.
type Config struct {
	// MaxPlaybacks at the same time, default 50; 0: none is allowed. Each takes up to 8 MiB, and a consumer at NATS.
	MaxPlaybacks int
	// Rate is how many messages of the recording all playbacks together read in a second while nobody is Live, default 20,000.
	Rate float64
	// RateBesideLive is the same while somebody is, and no more than Rate counts. 0, the default: 125 for each processor. More plays sooner, and takes processor time from live clients
	// (docs/adr/0018).
	RateBesideLive float64
	// Reorder is how much later in the recording than an event of a later time an event may stand and still be put in order, default 1 s of the events' times. More holds more events back.
	Reorder time.Duration
	// ReorderEvents is how many events a playback holds back for that, default 16,384; of more, the earliest is let go.
	ReorderEvents int
	// IdleTimeout is how long a playback may stand still before it is ended, default 10 min: paused, at its end, or because its client does not read.
	IdleTimeout time.Duration
	// MaxInterval is the longest conflation interval, default 1 h of the playback's clock.
	MaxInterval time.Duration
	// Stream is the JetStream stream with the recording. Empty: there is none.
	Stream string
	// Live reports whether there are live clients at this moment, for whom playbacks make room. It is called for each portion that is read; nil: there never are.
	Live func() bool
	// Log takes what an operator should know; nil: nothing is logged.
	Log *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		MaxPlaybacks:  50,
		Rate:          20_000,
		Reorder:       time.Second,
		ReorderEvents: 1 << 14,
		IdleTimeout:   10 * time.Minute,
		MaxInterval:   time.Hour,
	}
}

// Validate names the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.MaxPlaybacks < 0 || c.MaxPlaybacks > 10_000:
		return fmt.Errorf("%w: max-playbacks is %d, give 0 to 10000", ErrConfig, c.MaxPlaybacks)
	case !(c.Rate >= 1) || c.Rate > 1e9:
		return fmt.Errorf("%w: playback-rate is %v, give 1 to 1e9 messages per second", ErrConfig, c.Rate)
	case c.RateBesideLive != 0 && (!(c.RateBesideLive >= 1) || c.RateBesideLive > 1e9):
		return fmt.Errorf("%w: playback-rate-beside-live is %v, give 1 to 1e9 messages per second, or 0 for %d for each processor", ErrConfig, c.RateBesideLive, besideLivePerProcessor)
	case c.Reorder < 0 || c.Reorder > time.Hour:
		return fmt.Errorf("%w: playback-reorder is %v, give 0 to 1h", ErrConfig, c.Reorder)
	case c.ReorderEvents < 1 || c.ReorderEvents > 1<<24:
		return fmt.Errorf("%w: playback-reorder-events is %d, give 1 to %d", ErrConfig, c.ReorderEvents, 1<<24)
	case c.IdleTimeout <= 0:
		return fmt.Errorf("%w: playback-idle-timeout is %v, give more than 0", ErrConfig, c.IdleTimeout)
	case c.MaxInterval < time.Millisecond:
		return fmt.Errorf("%w: playback-max-interval is %v, give 1ms or more", ErrConfig, c.MaxInterval)
	}
	return nil
}

// besideLivePerProcessor is how many messages in a second live clients do not feel, by the measurements in docs/adr/0018.
const besideLivePerProcessor = 125

func (c Config) withDefaults() Config {
	if c.RateBesideLive == 0 {
		c.RateBesideLive = float64(besideLivePerProcessor * runtime.GOMAXPROCS(0))
	}
	c.RateBesideLive = min(c.RateBesideLive, c.Rate)
	if c.Live == nil {
		c.Live = func() bool { return false }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
