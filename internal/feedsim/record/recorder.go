package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/numbering"
	"tickgate/pkg/tick"
)

// Recorder writes what a bus carries to files.
type Recorder struct {
	// Immutable after New.
	config   Config
	subjects bus.Subjects

	// Owned by Run.
	decoder bus.Decoder
	judge   numbering.Judge
	segment *segment // nil: nothing came since the last one was closed
	row     []byte
	item    feedsim.Item
	newest  tick.Time // ts_recv of the newest event

	counters counters
	finisher finisher
}

// New returns a recorder.
func New(c Config) (*Recorder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	subjects, err := bus.NewSubjects(c.Prefix)
	if err != nil {
		return nil, err
	}
	return &Recorder{config: c, subjects: subjects, judge: numbering.NewJudge()}, nil
}

// Run completes what a recording before it left, then records until the context ends or MaxEvents came, and closes the files. recording is called when
// events are received from then on; nil: nobody wants to know. Run is called once.
func (r *Recorder) Run(ctx context.Context, connection *nats.Conn, recording func()) (err error) {
	if err := os.MkdirAll(r.config.Directory, 0o755); err != nil {
		return fmt.Errorf("record: directory: %w", err)
	}
	held, err := lock(r.config.Directory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if err := recoverParts(r.config.Directory, r.config.Format, r.config.Log); err != nil {
		return err
	}
	messages := make(chan *nats.Msg, r.config.PendingMessages) // nats.go sends, and drops what does not fit; nobody closes it
	subscription, err := connection.ChanSubscribe(r.subjects.EveryKind(), messages)
	if err != nil {
		return fmt.Errorf("record: subscribe: %w", err)
	}
	if err := connection.Flush(); err != nil {
		return fmt.Errorf("record: subscribe: %w", err)
	}
	if recording != nil {
		recording()
	}
	r.finisher.start(r.config)
	err = r.receive(ctx, messages)
	dropped, _ := subscription.Dropped() // an error is of a subscription that is gone: then nothing was dropped
	r.counters.dropped.Store(uint64(max(dropped, 0)))
	err = errors.Join(err, ignoreClosed(subscription.Unsubscribe()), r.close())
	return errors.Join(err, r.finisher.wait())
}

func ignoreClosed(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrBadSubscription) {
		return nil
	}
	return err
}

// receive takes messages until the context ends, and then those that wait.
func (r *Recorder) receive(ctx context.Context, messages <-chan *nats.Msg) error {
	ticker := time.NewTicker(r.config.FlushEvery)
	defer ticker.Stop()
	for !r.enough() {
		var err error
		select {
		case m := <-messages:
			err = r.take(m)
		case <-ticker.C:
			err = r.tick()
		case <-ctx.Done():
			return r.takeWaiting(messages)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) takeWaiting(messages <-chan *nats.Msg) error {
	for !r.enough() {
		select {
		case m := <-messages:
			if err := r.take(m); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (r *Recorder) enough() bool {
	return r.config.MaxEvents > 0 && r.counters.events.Load() >= r.config.MaxEvents
}

// take records the events of a message. One that is no event is counted and skipped; an error is one of files.
func (r *Recorder) take(m *nats.Msg) error {
	if r.subjects.IsHeartbeat(m.Subject) {
		return nil
	}
	kind, symbol, err := r.subjects.ParseEvent(m.Subject)
	if err == nil {
		err = r.decoder.Decode(kind, m.Data)
	}
	if err != nil {
		if r.counters.malformed.Add(1) == 1 {
			r.config.Log.Warn("a message that is no event; others are only counted", "subject", tick.Printable(m.Subject, 256), "error", err)
		}
		return nil
	}
	now := tick.Time(r.config.Clock.Now().UnixNano())
	for i := range r.decoder.Events {
		if r.enough() {
			return nil
		}
		if err := r.record(symbol, &r.decoder.Events[i], now); err != nil {
			return fmt.Errorf("record: %w", err)
		}
	}
	return nil
}

// record writes one event. Its ts_recv is greater than that of every event before it, so the times alone put the files' rows into the order in which
// events came.
func (r *Recorder) record(symbol string, e *tick.Event, now tick.Time) error {
	verdict, gap, err := r.judge.Take(symbol, e)
	if err != nil {
		return err
	}
	if verdict == numbering.Repeated {
		r.counters.repeated.Add(1)
		return nil
	}
	r.newest = max(now, r.newest+1)
	if err := r.rotate(r.newest); err != nil {
		return err
	}
	if r.segment == nil {
		r.segment = newSegment(r.config.Directory, r.newest, r.config.RotateEvery)
	}
	if verdict == numbering.AfterGap {
		if err := r.lose(gap); err != nil {
			return err
		}
	}
	r.item = feedsim.Item{Symbol: symbol, At: r.newest, Event: *e}
	if r.row, err = r.segment.add(&r.item, r.row); err != nil {
		return err
	}
	r.counters.events.Add(1)
	return nil
}

// firstGapsLogged is how many losses are shown; all are stated in the files.
const firstGapsLogged = 5

// lose states a hole, which is as old as the event after it.
func (r *Recorder) lose(g numbering.Gap) error {
	r.counters.missing.Add(g.Missing())
	if r.counters.gaps.Add(1) <= firstGapsLogged {
		r.config.Log.Warn("events are missing", "symbol", g.Symbol, "from", g.From, "to", g.To)
	}
	return r.segment.state(g, r.newest)
}

// tick flushes, and closes a segment whose time is over in a market that is quiet.
func (r *Recorder) tick() error {
	if err := r.rotate(tick.Time(r.config.Clock.Now().UnixNano())); err != nil {
		return err
	}
	if r.segment == nil {
		return nil
	}
	return r.segment.flush()
}

// rotate closes the segment if an event of that time does not belong into it.
func (r *Recorder) rotate(at tick.Time) error {
	if r.segment == nil || at < r.segment.end && r.segment.bytes < r.config.RotateBytes {
		return nil
	}
	return r.close()
}

func (r *Recorder) close() error {
	if r.segment == nil {
		return nil
	}
	paths, err := r.segment.close()
	r.segment = nil
	r.finisher.add(paths)
	return err
}
