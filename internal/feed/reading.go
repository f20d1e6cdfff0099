package feed

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// WarmStartOutcome says how a warm start ended. The set is closed: it is a metric label.
type WarmStartOutcome uint8

// The outcomes.
const (
	WarmStartNone    WarmStartOutcome = iota // there was none yet
	WarmStartDone                            // all last values were read
	WarmStartOff                             // no stream is configured
	WarmStartMissing                         // the server has no such stream, or no JetStream
	WarmStartFailed                          // it could not be read in time; what was read was used
)

// String returns the metric label.
func (o WarmStartOutcome) String() string {
	switch o {
	case WarmStartNone:
		return "none"
	case WarmStartDone:
		return "done"
	case WarmStartOff:
		return "off"
	case WarmStartMissing:
		return "missing"
	case WarmStartFailed:
		return "failed"
	}
	return "unknown"
}

// WarmStart describes one warm start.
type WarmStart struct {
	Outcome  WarmStartOutcome
	Symbols  int           // whose last values it confirmed
	Messages int           // read
	Duration time.Duration // reading and applying
}

// reading is one warm start under way. Its goroutine reads, and sends one result; the feed goroutine applies it.
type reading struct {
	cancel  context.CancelFunc // the bus is lost, the result is of no use
	began   time.Time
	results chan readResult // of one, so that the reader never waits for a feed goroutine that has cancelled it
}

type readResult struct {
	stored  []Stored
	outcome WarmStartOutcome
	err     error // says more where the outcome is Missing or Failed
}

// read confirms the subscription, so that what comes after the last values comes live, waits until the stream has what came before, and then reads the last values.
func (f *Feed) read(ctx context.Context, connection *nats.Conn, hadStream bool) readResult {
	if f.config.WarmStartStream == "" {
		if err := connection.FlushWithContext(ctx); err != nil {
			return readResult{outcome: WarmStartFailed, err: err}
		}
		return readResult{outcome: WarmStartOff}
	}
	if err := f.awaitStored(ctx, connection); err != nil {
		return readResult{outcome: WarmStartFailed, err: err}
	}
	stored, err := readLastMessages(ctx, connection, f.config.WarmStartStream, f.subjects.EveryKind())
	switch {
	case err == nil:
		return readResult{stored: stored, outcome: WarmStartDone}
	case hopeless(err) && !hadStream:
		return readResult{outcome: WarmStartMissing, err: err}
	}
	return readResult{stored: stored, outcome: WarmStartFailed, err: err}
}

// awaitStored confirms the subscription, and gives the stream half of the time of the warm start to store what was published before. An error means that nothing can be confirmed.
func (f *Feed) awaitStored(ctx context.Context, connection *nats.Conn) error {
	b, err := newBarrier(connection, f.subjects)
	if err != nil {
		return err
	}
	defer b.release() // before the stream is read: everything comes twice until then
	if err := connection.FlushWithContext(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.config.WarmStartTimeout/2)
	defer cancel()
	if err := b.await(ctx, connection, f.config.WarmStartStream); err != nil && !hopeless(err) {
		f.config.Log.Warn("feed: the stream does not store what is published; the last values may be older ones", "stream", f.config.WarmStartStream, "error", err)
	}
	return nil
}

// startReading begins a warm start.
func (f *Feed) startReading(ctx context.Context, connection *nats.Conn) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.config.WarmStartTimeout, errReadTimeout)
	r := &reading{cancel: cancel, began: f.config.Now(), results: make(chan readResult, 1)}
	f.reading = r
	hadStream := f.hadStream
	f.readers.Go(func() {
		defer cancel()
		r.results <- f.read(ctx, connection, hadStream)
	})
}

// stopReading gives up a warm start whose connection is lost.
func (f *Feed) stopReading() {
	if f.reading != nil {
		f.reading.cancel()
		f.reading = nil
	}
}

// finishReading applies what was read, and lets the live messages in.
func (f *Feed) finishReading(result readResult) {
	began := f.reading.began
	f.reading = nil
	f.live = f.messages
	f.ingester.Connected()
	outcome := WarmStart{Outcome: result.outcome, Messages: len(result.stored)}
	outcome.Symbols = f.ingester.BeginWarmStart(result.stored, f.config.Now())
	f.drain(len(f.messages)) // what was replaced in the stream while it was read is here
	f.ingester.EndWarmStart(f.config.Now())
	outcome.Duration = f.config.Now().Sub(began)
	before := f.warmStart.Swap(&outcome)
	switch result.outcome {
	case WarmStartFailed:
		f.warmStartFailures.Add(1)
		if before.Outcome != WarmStartFailed {
			f.config.Log.Warn("feed: warm start failed, trying again; symbols are stale until then, or their next event", "stream", f.config.WarmStartStream,
				"symbols", outcome.Symbols, "error", result.err)
		}
	case WarmStartMissing:
		f.config.Log.Warn("feed: no warm start; symbols are stale until their next event", "stream", f.config.WarmStartStream, "error", result.err)
	default:
		f.config.Log.Info("feed: live", "warm_start", outcome.Outcome.String(), "symbols", outcome.Symbols, "duration", outcome.Duration)
	}
	f.noteOutcome(result.outcome)
}

// mostFailing is how long a gateway is not ready because its warm starts fail: one with nothing but what comes live is better than none. A cluster of NATS servers that has started anew takes some ten
// seconds until its streams answer.
const mostFailing = 30 * time.Second

// noteOutcome decides whether values are current now, and has a warm start that failed tried again.
func (f *Feed) noteOutcome(outcome WarmStartOutcome) {
	f.hadStream = f.hadStream || outcome == WarmStartDone
	now := f.config.Now()
	switch {
	case outcome != WarmStartFailed:
		f.failingSince = time.Time{}
	case f.failingSince.IsZero():
		f.failingSince, f.resyncPending = now, true
		return
	default:
		f.resyncPending = true
		if now.Sub(f.failingSince) < mostFailing {
			return
		}
	}
	f.ingester.Post()
	f.setCurrent(true)
	f.readyOnce.Do(func() { close(f.ready) })
}

// results returns the channel of the warm start under way, nil if there is none.
func (f *Feed) results() <-chan readResult {
	if f.reading == nil {
		return nil
	}
	return f.reading.results
}

var errReadTimeout = errors.New("feed: warm-start-timeout has passed")
