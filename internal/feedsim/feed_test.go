package feedsim_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// list is a source of statuses of one symbol at given times.
type list struct {
	times  []time.Duration
	item   feedsim.Item
	err    error // after the last
	closed *atomic.Int64
}

func (l *list) Next() (*feedsim.Item, error) {
	if len(l.times) == 0 {
		return nil, l.err
	}
	l.item = feedsim.Item{Symbol: "A", At: tick.Time(l.times[0]), Event: tick.Event{Kind: tick.KindStatus, Status: tick.StatusTrading, TsEvent: 7}}
	l.times = l.times[1:]
	return &l.item, nil
}

func (l *list) Close() error { l.closed.Add(1); return nil }

// recorder is a bus that notes when events and heartbeats arrive, and may be slow.
type recorder struct {
	mu         sync.Mutex
	began      time.Time
	arrivals   []time.Duration
	events     []tick.Event
	heartbeats []time.Duration
	slow       map[int]time.Duration // by number of the event, from 0
}

func (r *recorder) Publish(subject string, data []byte) error {
	if strings.HasPrefix(subject, "md.heartbeat.") {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heartbeats = append(r.heartbeats, time.Since(r.began))
		return nil
	}
	var d bus.Decoder
	if err := d.Decode(tick.KindStatus, data); err != nil {
		return err
	}
	r.mu.Lock()
	number := len(r.arrivals)
	r.arrivals = append(r.arrivals, time.Since(r.began))
	r.events = append(r.events, d.Events...)
	r.mu.Unlock()
	time.Sleep(r.slow[number])
	return nil
}

// beats returns the times of the signs of life so far, while the feed runs.
func (r *recorder) beats() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heartbeats)
}

type run struct {
	recorder recorder
	config   feedsim.Config
	batch    int
	opened   atomic.Int64 // Seek opens on another goroutine
	closed   atomic.Int64
	times    []time.Duration
	err      error // of the source
}

func newRun(times ...time.Duration) *run {
	r := &run{times: times, batch: 1, err: io.EOF}
	r.config = feedsim.Config{Passes: 1, Speed: 1, Clock: pace.System()}
	r.config.Open = func(tick.Time) (feedsim.Source, error) {
		r.opened.Add(1)
		return &list{times: slices.Clone(r.times), err: r.err, closed: &r.closed}, nil
	}
	return r
}

func (r *run) play(ctx context.Context, t *testing.T) (feedsim.Progress, error) {
	t.Helper()
	feed := r.feed(t)
	err := feed.Run(ctx)
	if opened, closed := r.opened.Load(), r.closed.Load(); opened != closed {
		t.Errorf("%d sources opened, %d closed", opened, closed)
	}
	return feed.Progress(), err
}

// feed returns a feed that has not begun.
func (r *run) feed(t *testing.T) *feedsim.Feed {
	t.Helper()
	r.recorder.began = time.Now()
	publishing := publish.DefaultConfig()
	publishing.BatchEvents = r.batch
	publisher, err := publish.New(publishing, &r.recorder)
	if err != nil {
		t.Fatal(err)
	}
	feed, err := feedsim.New(r.config, publisher)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

const ms = time.Millisecond

func TestFeedKeepsTheRecordedPace(t *testing.T) {
	for _, c := range []struct {
		speed pace.Speed
		want  []time.Duration
	}{
		{1, []time.Duration{0, 0, 30 * ms, 1000 * ms}},
		{10, []time.Duration{0, 0, 3 * ms, 100 * ms}},
		{0.5, []time.Duration{0, 0, 60 * ms, 2000 * ms}},
		{pace.Unpaced(), []time.Duration{0, 0, 0, 0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRun(5*time.Hour, 5*time.Hour, 5*time.Hour+30*ms, 5*time.Hour+time.Second)
			r.config.Speed = c.speed
			progress, err := r.play(t.Context(), t)
			if err != nil || !slices.Equal(r.recorder.arrivals, c.want) {
				t.Errorf("speed %v: published after %v, error %v, want %v", c.speed, r.recorder.arrivals, err, c.want)
			}
			if progress.MaxLag != 0 || progress.Published != 4 || progress.Elapsed != c.want[3] || progress.Position != tick.Time(5*time.Hour+time.Second) {
				t.Errorf("speed %v: progress %+v", c.speed, progress)
			}
		})
	}
}

// TestSlowBusDoesNotMoveTheSchedule: what was held up is sent late, and what follows at its own time.
func TestSlowBusDoesNotMoveTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(0, 10*ms, 20*ms, 30*ms, 100*ms)
		r.recorder.slow = map[int]time.Duration{1: 25 * ms}
		progress, err := r.play(t.Context(), t)
		want := []time.Duration{0, 10 * ms, 35 * ms, 35 * ms, 100 * ms}
		if err != nil || !slices.Equal(r.recorder.arrivals, want) {
			t.Errorf("published after %v, error %v, want %v", r.recorder.arrivals, err, want)
		}
		if progress.MaxLag != 15*ms || progress.Lag != 0 {
			t.Errorf("lag %v, at most %v, want 0 and 15ms", progress.Lag, progress.MaxLag)
		}
	})
}

// TestBatchNeverWaits: what is due together goes together, and nothing waits for company.
func TestBatchNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(0, 0, 0, 50*ms, 50*ms, 80*ms)
		r.batch = 100
		_, err := r.play(t.Context(), t)
		want := []time.Duration{0, 50 * ms, 80 * ms}
		if err != nil || !slices.Equal(r.recorder.arrivals, want) || len(r.recorder.events) != 6 {
			t.Errorf("messages after %v with %d events, error %v, want %v with 6", r.recorder.arrivals, len(r.recorder.events), err, want)
		}
	})
}

func TestEachPassIsANewEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(0, 10*ms)
		r.config.Passes = 3
		progress, err := r.play(t.Context(), t)
		if err != nil || r.opened.Load() != 3 || progress.Passes != 3 {
			t.Fatalf("%d passes, progress %+v, error %v", r.opened.Load(), progress, err)
		}
		for i, e := range r.recorder.events {
			if e.Sequence != uint64(i%2+1) {
				t.Errorf("event %d has sequence %d", i, e.Sequence)
			}
			if i > 0 && (e.Epoch > r.recorder.events[i-1].Epoch) != (i%2 == 0) {
				t.Errorf("event %d has epoch %d after %d", i, e.Epoch, r.recorder.events[i-1].Epoch)
			}
		}
	})
}

func TestEndlessFeedStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(0, 10*ms)
		r.config.Passes = 0
		ctx, cancel := context.WithTimeout(t.Context(), 1005*ms)
		defer cancel()
		progress, err := r.play(ctx, t)
		if !errors.Is(err, context.DeadlineExceeded) || progress.Elapsed != 1005*ms || progress.Published < 100 {
			t.Errorf("progress %+v, error %v", progress, err)
		}
		if want := []time.Duration{0, 500 * ms, 1000 * ms}; !slices.Equal(r.recorder.heartbeats, want) {
			t.Errorf("heartbeats after %v, want %v", r.recorder.heartbeats, want)
		}
	})
}

func TestEmptySourceCannotBeLooped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun()
		r.config.Passes = 0
		if _, err := r.play(t.Context(), t); !errors.Is(err, feedsim.ErrNoEvents) {
			t.Errorf("error %v, want ErrNoEvents", err)
		}
	})
}

func TestSourceErrorEndsTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(0, 10*ms)
		r.batch = 10
		r.err = errors.New("truncated")
		progress, err := r.play(t.Context(), t)
		if !errors.Is(err, r.err) || progress.Published != 2 {
			t.Errorf("progress %+v, error %v, want 2 published and the source's error", progress, err)
		}
	})
}

func TestEventTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := tick.Time(time.Now().UnixNano())
		for mode, want := range [][]tick.Time{
			feedsim.EventTimeRecorded: {7, 7},
			feedsim.EventTimeIntended: {0, tick.Time(10 * ms)}, // since the start
		} {
			r := newRun(0, 10*ms)
			r.config.EventTime = feedsim.EventTime(mode)
			r.recorder.slow = map[int]time.Duration{0: 15 * ms} // the second is late, and yet stamped with its time
			if _, err := r.play(t.Context(), t); err != nil {
				t.Fatal(err)
			}
			for i, e := range r.recorder.events {
				if e.TsEvent != want[i] && e.TsEvent != began+want[i] {
					t.Errorf("mode %d, event %d: ts_event %d, want %d", mode, i, e.TsEvent, want[i])
				}
			}
			began = tick.Time(time.Now().UnixNano())
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	publisher, err := publish.New(publish.DefaultConfig(), &recorder{})
	if err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*feedsim.Config){
		"Open":   func(c *feedsim.Config) { c.Open = nil },
		"Clock":  func(c *feedsim.Config) { c.Clock = nil },
		"passes": func(c *feedsim.Config) { c.Passes = -1 },
		"speed":  func(c *feedsim.Config) { c.Speed = 0 },
	} {
		config := newRun().config
		change(&config)
		if _, err := feedsim.New(config, publisher); !errors.Is(err, feedsim.ErrConfig) || !strings.Contains(err.Error(), field) {
			t.Errorf("New with a bad %s: %v", field, err)
		}
	}
}
