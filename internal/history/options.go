package history

import (
	"time"
)

// End says how far a client's log goes.
type End uint8

const (
	// EndCut is a log that may stop anywhere: answers and last values may still be on their way.
	EndCut End = iota
	// EndSettled is a log whose last stream had come to rest, before it ended or at the end of the log: the feed had finished, every answer
	// and every last value had time to arrive. Convergence is judged, and no answer may be missing.
	EndSettled
)

// Bus says what the way from the publisher to the gateway may have done.
type Bus uint8

const (
	// BusMayLose is a bus that loses events, or a gateway that could not keep up with it: more may be announced as missing than the publisher's log omits.
	BusMayLose Bus = iota
	// BusLosesNothing is one of which the test knows that every event that went out came in: what is announced as missing must be what the publisher's log omits.
	BusLosesNothing
)

// Silence is a time in which nothing of a feed could reach the gateway, as the test that caused it knows.
type Silence struct {
	// From is not earlier than the last sign of life, To not later than the first one after.
	From, To time.Time
	// Symbols that were silent; nil: all.
	Symbols []string
}

// Options say what the logs cannot.
type Options struct {
	// End of the client's log.
	End End

	// Bus between publisher and gateway.
	Bus Bus

	// Silences of the feed, by the clock of ClientLog.Received. Those shorter than StaleBound demand nothing.
	Silences []Silence

	// StaleBound is how long after the beginning of a silence a client may still rely on a value without being told. 0: 2 s.
	StaleBound time.Duration

	// IntervalTolerance is how much earlier than so many granted intervals after another an update may be sent, for timers that were late the time
	// before. It counts once however many intervals there are between, and for no more than half of an interval and a millisecond. 0: none.
	IntervalTolerance time.Duration

	// MaxPerRule is how many violations of one rule are returned; the last one says how many more there are. 0: 20.
	MaxPerRule int
}

func (o Options) withDefaults() Options {
	if o.StaleBound == 0 {
		o.StaleBound = 2 * time.Second
	}
	if o.MaxPerRule == 0 {
		o.MaxPerRule = 20
	}
	return o
}
