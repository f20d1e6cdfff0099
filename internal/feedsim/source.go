package feedsim

import "tickgate/pkg/tick"

// Item is one event of a source, not yet numbered.
type Item struct {
	// Symbol is valid.
	Symbol string
	// At is when the event is due on the source's own time axis, which the sources of one feed share. Only differences count. It never
	// decreases.
	At tick.Time
	// Missing is how many events of the symbol its numbering leaves out before this one, so that consumers see the gap.
	Missing uint64
	// Event without sequence, epoch, turnover scale and figures: the publisher adds them.
	Event tick.Event
}

// Source gives events in the order in which they are published. It belongs to one goroutine.
type Source interface {
	// Next returns the next event, and io.EOF after the last. The item is the source's: good until the next call, and the caller
	// may change it.
	Next() (*Item, error)
	// Close releases what the source holds.
	Close() error
}

// Rated is a Source whose events have no times of their own, but a rate.
type Rated interface {
	Source
	// EventsPerSecond returns the rate.
	EventsPerSecond() float64
	// SetRate changes it from a time of the source on, and may bring the item that Next returned last nearer or put it off if that is still to come. Its error says what is allowed.
	SetRate(eventsPerSecond float64, from tick.Time) error
}
