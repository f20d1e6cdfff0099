package record

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/pace"
)

// ErrConfig says that a field of Config is out of its range.
var ErrConfig = errors.New("record: configuration")

// Config of a Recorder. Errors call the fields by their settings: directory, format, rotate-every, rotate-bytes, flush-every, pending-messages.
type Config struct {
	// Directory to write to, made if it is not there. One recorder at a time. No default.
	Directory string
	// Format of closed segments. Default Parquet.
	Format Format
	// RotateEvery is the length of a segment; segments begin at multiples of it since 1970, UTC. 1 s or more; default 1 h.
	RotateEvery time.Duration
	// RotateBytes closes a segment when so much text was written. 64 KiB or more; default 1 GiB: some ten million events.
	RotateBytes int64
	// FlushEvery is the longest time that an event is only in this process's memory: what kill -9 may cost. 10 ms or more; default 1 s.
	FlushEvery time.Duration
	// PendingMessages is how many messages wait when writing does not keep up; more are lost, and stated. 1 to 10,000,000; default 262,144: some 60 MB.
	PendingMessages int
	// Prefix of the subjects, default "md".
	Prefix string
	// MaxEvents after which the recording ends; 0, the default: no bound.
	MaxEvents uint64
	// Clock gives ts_recv. Default: the machine's.
	Clock pace.Clock
	// Log takes losses and what is done to files. Default: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{
		Format:          FormatParquet,
		RotateEvery:     time.Hour,
		RotateBytes:     1 << 30,
		FlushEvery:      time.Second,
		PendingMessages: 1 << 18,
		Prefix:          bus.DefaultPrefix,
		Clock:           pace.System(),
		Log:             slog.New(slog.DiscardHandler),
	}
}

// Bounds of settings.
const (
	minRotateEvery = time.Second
	minRotateBytes = 64 << 10
	minFlushEvery  = 10 * time.Millisecond
	maxPending     = 10_000_000
)

// Validate names the first field that is out of its range.
func (c Config) Validate() error {
	switch {
	case c.Directory == "":
		return fmt.Errorf("%w: directory: name the folder to record to", ErrConfig)
	case c.Format >= formatCount:
		return fmt.Errorf("%w: format is %d", ErrConfig, c.Format)
	case c.RotateEvery < minRotateEvery:
		return fmt.Errorf("%w: rotate-every is %v, give %v or more", ErrConfig, c.RotateEvery, minRotateEvery)
	case c.RotateBytes < minRotateBytes:
		return fmt.Errorf("%w: rotate-bytes is %d, give %d or more", ErrConfig, c.RotateBytes, minRotateBytes)
	case c.FlushEvery < minFlushEvery:
		return fmt.Errorf("%w: flush-every is %v, give %v or more", ErrConfig, c.FlushEvery, minFlushEvery)
	case c.PendingMessages < 1 || c.PendingMessages > maxPending:
		return fmt.Errorf("%w: pending-messages is %d, give 1 to %d", ErrConfig, c.PendingMessages, maxPending)
	case c.Clock == nil || c.Log == nil:
		return fmt.Errorf("%w: Clock and Log are needed; start from DefaultConfig", ErrConfig)
	}
	if _, err := bus.NewSubjects(c.Prefix); err != nil {
		return fmt.Errorf("%w: subject-prefix: %w", ErrConfig, err)
	}
	return nil
}
