package fault

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxActive is how many faults may be active at a time.
const MaxActive = 100

// Errors of a Stage.
var (
	// ErrLimit says that there are MaxActive faults already. Clear them first.
	ErrLimit = errors.New("fault: too many faults")
	// ErrLog says that the log cannot be written: what happens would not be known any more.
	ErrLog = errors.New("fault: the log cannot be written")
)

// Config of a Stage.
type Config struct {
	// Faults that are active from the first event on. Default: none.
	Faults []Fault
	// Seed of everything random. Each fault draws on its own, so that another one beside it changes nothing. Default 0.
	Seed uint64
	// Log takes a line per fault that happens. Default nil: nobody knows.
	Log io.Writer
	// Now is the machine's clock. Default time.Now.
	Now func() time.Time
}

// Validate names the first fault that cannot be.
func (c Config) Validate() error {
	if len(c.Faults) > MaxActive {
		return fmt.Errorf("%w: %d, at most %d", ErrLimit, len(c.Faults), MaxActive)
	}
	for _, f := range c.Faults {
		if err := f.Validate(); err != nil {
			return err
		}
	}
	return nil
}
