package subscription

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"tickgate/pkg/ringbuf"
)

// ErrConfig is wrapped by the errors of Validate; each names the field, its value and what is allowed.
var ErrConfig = errors.New("subscription: configuration")

// TableConfig sizes the symbol table.
type TableConfig struct {
	// MaxSymbols is the greatest number of symbols, default 100,000. More of them are refused, and events for them counted and dropped.
	MaxSymbols int
	// MaxPending is the greatest number of symbols that clients wait for and the feed has not sent, default 10,000. It keeps clients from
	// filling the table.
	MaxPending int
	// RingDepth is how many records each symbol keeps, a power of two, default 64. More lets a reader with policy NONE, or one that
	// resumes, be later without a gap; each record takes 152 bytes.
	RingDepth int
}

// DefaultTableConfig returns the defaults.
func DefaultTableConfig() TableConfig {
	return TableConfig{MaxSymbols: 100_000, MaxPending: 10_000, RingDepth: 64}
}

// Validate names the first field that cannot work.
func (c TableConfig) Validate() error {
	switch {
	case c.MaxSymbols < 1 || c.MaxSymbols > 1<<24:
		return fmt.Errorf("%w: max-symbols is %d, give 1 to %d", ErrConfig, c.MaxSymbols, 1<<24)
	case c.MaxPending < 0 || c.MaxPending > c.MaxSymbols:
		return fmt.Errorf("%w: max-pending-symbols is %d, give 0 to max-symbols (%d)", ErrConfig, c.MaxPending, c.MaxSymbols)
	}
	if err := ringbuf.ValidateDepth(c.RingDepth); err != nil {
		return fmt.Errorf("%w: ring-depth: %w", ErrConfig, err)
	}
	return nil
}

// Config tunes the hub and bounds what one session may ask for.
type Config struct {
	// Workers is the number of flush workers, 1 to 64; 0: one per CPU.
	Workers int
	// MaxSubscriptions of one session, default 10,000.
	MaxSubscriptions int
	// MinInterval and MaxInterval clamp the conflation interval, default 0 and 60 s. A granted interval of 0 is policy LATEST.
	MinInterval, MaxInterval time.Duration
	// MinFreshness and MaxFreshness clamp the age bound of unacknowledged batches, default 50 ms and 60 s.
	MinFreshness, MaxFreshness time.Duration
	// Housekeeping is how often a worker looks after all its sessions (stalls, heartbeats, periodic reports), default 1 s.
	Housekeeping time.Duration
	// AfterCare, if not nil, runs on each worker after every housekeeping, with the worker's index; for what a transport keeps per worker.
	AfterCare func(worker int)
	// Now is the clock of ts_send and of all schedules; nil: time.Now.
	Now func() time.Time
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		MaxSubscriptions: 10_000,
		MaxInterval:      time.Minute,
		MinFreshness:     50 * time.Millisecond,
		MaxFreshness:     time.Minute,
		Housekeeping:     time.Second,
	}
}

// maxWorkers is the number of bits in Symbol.pushedTo.
const maxWorkers = 64

// Validate names the first field that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Workers < 0 || c.Workers > maxWorkers:
		return fmt.Errorf("%w: workers is %d, give 0 to %d", ErrConfig, c.Workers, maxWorkers)
	case c.MaxSubscriptions < 1:
		return fmt.Errorf("%w: max-symbols-per-stream is %d, give at least 1", ErrConfig, c.MaxSubscriptions)
	case c.MinInterval < 0 || c.MinInterval > c.MaxInterval || c.MaxInterval > 24*time.Hour:
		return fmt.Errorf("%w: min-interval is %v and max-interval %v, give 0 <= min <= max <= 24h", ErrConfig, c.MinInterval, c.MaxInterval)
	case c.MinFreshness <= 0 || c.MinFreshness > c.MaxFreshness:
		return fmt.Errorf("%w: min-freshness is %v and max-freshness %v, give 0 < min <= max", ErrConfig, c.MinFreshness, c.MaxFreshness)
	case c.Housekeeping < time.Millisecond:
		return fmt.Errorf("%w: housekeeping is %v, give at least 1ms", ErrConfig, c.Housekeeping)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = min(runtime.GOMAXPROCS(0), maxWorkers)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
