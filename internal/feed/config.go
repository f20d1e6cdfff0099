package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tickgate/internal/latency"
)

// ErrConfig is wrapped by the errors of Validate; each names the setting, its value and what is allowed.
var ErrConfig = errors.New("feed: configuration")

// Config tunes the feed.
type Config struct {
	// StaleAfter is how long a publisher may be silent before its symbols turn stale, default 1.5 s. Publishers send a heartbeat at least
	// twice a second, so less than 1 s takes a late heartbeat for silence.
	StaleAfter time.Duration
	// SilenceCheck is how often silence is looked for, default 200 ms. It adds to StaleAfter.
	SilenceCheck time.Duration
	// PendingMessages is how many messages may wait for the feed goroutine, default 131,072: a pause of a quarter of a second at
	// 500,000 messages/s. More takes more memory in such a pause, less drops messages sooner.
	PendingMessages int
	// GatherFor is the longest that events may gather in the connection to NATS while every subscription has an interval, default 8 ms: fewer wake-ups, and values up to that
	// much later. They gather for 1 ms, or for a 64th of the shortest interval if that is more. With a subscription that has none, and with 0, each event is read as soon as it comes.
	GatherFor time.Duration
	// MaxPublishers is how many publishers are told apart, default 1,000. Those beyond it are watched as if they were one.
	MaxPublishers int
	// WarmStartStream is the JetStream stream that holds the last values, default TICKGATE_MD. Empty: start without them, and after a lost bus
	// every symbol stays stale until its next event.
	WarmStartStream string
	// WarmStartTimeout is the longest time that live messages wait for the warm start, default 5 s.
	WarmStartTimeout time.Duration
	// OnCurrent is told on the feed goroutine whether values are current: the bus is connected, and the last values have been read since. It must not block. Nil: nobody is.
	OnCurrent func(current bool)
	// Latency takes the time from the venue to the gateway, about once a second; nil: it is not measured.
	Latency *latency.Totals
	// Log takes what an operator should know; nil: nothing is logged.
	Log *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		StaleAfter:       1500 * time.Millisecond,
		SilenceCheck:     200 * time.Millisecond,
		PendingMessages:  1 << 17,
		GatherFor:        8 * time.Millisecond,
		MaxPublishers:    1000,
		WarmStartStream:  DefaultStream,
		WarmStartTimeout: 5 * time.Second,
	}
}

// Validate names the first field that cannot work.
func (c Config) Validate() error {
	switch {
	case c.StaleAfter < 10*time.Millisecond || c.StaleAfter > time.Hour:
		return fmt.Errorf("%w: stale-after is %v, give 10ms to 1h", ErrConfig, c.StaleAfter)
	case c.SilenceCheck < time.Millisecond || c.SilenceCheck > c.StaleAfter:
		return fmt.Errorf("%w: silence-check is %v, give 1ms to stale-after (%v)", ErrConfig, c.SilenceCheck, c.StaleAfter)
	case c.PendingMessages < 1 || c.PendingMessages > 1<<24:
		return fmt.Errorf("%w: pending-messages is %d, give 1 to %d", ErrConfig, c.PendingMessages, 1<<24)
	case c.GatherFor < 0 || c.GatherFor > 100*time.Millisecond:
		return fmt.Errorf("%w: gather-for is %v, give 0 to 100ms", ErrConfig, c.GatherFor)
	case c.MaxPublishers < 1 || c.MaxPublishers > 1<<20:
		return fmt.Errorf("%w: max-publishers is %d, give 1 to %d", ErrConfig, c.MaxPublishers, 1<<20)
	case c.WarmStartTimeout < 10*time.Millisecond || c.WarmStartTimeout > time.Hour:
		return fmt.Errorf("%w: warm-start-timeout is %v, give 10ms to 1h", ErrConfig, c.WarmStartTimeout)
	}
	return nil
}

// gatherFor is for how long events may gather when the shortest interval of all subscriptions is that.
func (c Config) gatherFor(shortest time.Duration, subscribed bool) time.Duration {
	if subscribed && shortest == 0 {
		return 0
	}
	return min(max(time.Millisecond, shortest/64), c.GatherFor)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
