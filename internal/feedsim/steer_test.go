package feedsim_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/fault"
	"tickgate/internal/feedsim/generate"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// everyTenth are the times of a second's events.
var everyTenth = []time.Duration{0, 100 * ms, 200 * ms, 300 * ms, 400 * ms, 500 * ms, 600 * ms, 700 * ms, 800 * ms, 900 * ms, 1000 * ms}

// pilot steers a feed that runs in a bubble.
type pilot struct {
	t      *testing.T
	run    *run
	feed   *feedsim.Feed
	cancel context.CancelFunc
	ended  chan error // of one
}

func steer(t *testing.T, r *run) *pilot {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &pilot{t: t, run: r, feed: r.feed(t), cancel: cancel, ended: make(chan error, 1)}
	go func() { p.ended <- p.feed.Run(ctx) }()
	synctest.Wait()
	return p
}

// at waits until so long after the beginning and gives a command, which must be taken.
func (p *pilot) at(after time.Duration, c feedsim.Command) feedsim.State {
	p.t.Helper()
	state, err := p.try(after, c)
	if err != nil {
		p.t.Fatalf("%#v after %v: %v", c, after, err)
	}
	return state
}

func (p *pilot) try(after time.Duration, c feedsim.Command) (feedsim.State, error) {
	time.Sleep(after - time.Since(p.run.recorder.began))
	return p.feed.Obey(p.t.Context(), c)
}

// finish ends the feed after so long, unless it has ended by itself, and returns when events arrived.
func (p *pilot) finish(after time.Duration) []time.Duration {
	p.t.Helper()
	time.Sleep(after - time.Since(p.run.recorder.began))
	p.cancel()
	if err := <-p.ended; err != nil && !errors.Is(err, context.Canceled) {
		p.t.Error(err)
	}
	if opened, closed := p.run.opened.Load(), p.run.closed.Load(); opened != closed {
		p.t.Errorf("%d sources opened, %d closed", opened, closed)
	}
	return p.run.recorder.arrivals
}

// TestPause: events stop and signs of life go on; nothing is late afterwards.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := steer(t, newRun(everyTenth[:5]...))
		paused := p.at(250*ms, feedsim.Pause{})
		p.at(2*time.Second, feedsim.Pause{}) // again
		again := p.at(4900*ms, feedsim.Status{})
		if !paused.Paused || !again.Paused || again.Position != tick.Time(200*ms) || again.Published != 3 || again.Lag != 0 {
			t.Errorf("paused %+v, later %+v", paused, again)
		}
		if n := len(p.run.recorder.beats()); n != 10 { // every half a second
			t.Errorf("%d signs of life", n)
		}
		resumed := p.at(6*time.Second, feedsim.Resume{})
		p.at(6*time.Second, feedsim.Resume{}) // again
		got := p.finish(7 * time.Second)
		if want := []time.Duration{0, 100 * ms, 200 * ms, 6050 * ms, 6150 * ms}; !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
		if progress := p.feed.Progress(); resumed.Paused || progress.MaxLag != 0 {
			t.Errorf("resumed %+v, greatest lag %v", resumed, progress.MaxLag)
		}
	})
}

// TestPauseKeepsTheLag of a feed that is held up: it neither grows nor is forgiven.
func TestPauseKeepsTheLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(everyTenth[:4]...)
		r.recorder.slow = map[int]time.Duration{1: 250 * ms} // until 350 ms: the two others are overdue then
		p := steer(t, r)
		go func() { // it is obeyed when the bus has taken the event
			time.Sleep(200 * ms)
			_, _ = p.feed.Obey(t.Context(), feedsim.Pause{})
		}()
		p.at(2*time.Second, feedsim.Resume{})
		got := p.finish(3 * time.Second)
		if want := []time.Duration{0, 100 * ms, 2000 * ms, 2000 * ms}; !slices.Equal(got, want) || p.feed.Progress().MaxLag != 150*ms {
			t.Errorf("published after %v, greatest lag %v, want %v and 150ms", got, p.feed.Progress().MaxLag, want)
		}
	})
}

func TestSetSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := steer(t, newRun(everyTenth...))
		if state := p.at(250*ms, feedsim.SetSpeed{Speed: 10}); state.Speed != 10 {
			t.Errorf("state %+v", state)
		}
		p.at(260*ms, feedsim.Pause{}) // at 350 ms of the source
		p.at(270*ms, feedsim.SetSpeed{Speed: 0.5})
		p.at(1000*ms, feedsim.Resume{})
		if state := p.at(1200*ms, feedsim.SetSpeed{Speed: pace.Unpaced()}); !state.Speed.IsUnpaced() || state.Lag != 0 { // at 450 ms
			t.Errorf("unpaced: %+v", state)
		}
		got := p.finish(2 * time.Second)
		want := []time.Duration{0, 100 * ms, 200 * ms, 255 * ms, 1100 * ms}
		for range 6 {
			want = append(want, 1200*ms)
		}
		if !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
	})
}

// TestSeek goes forwards, backwards and, refused, nowhere. The publisher's epoch and sequence go on.
func TestSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := steer(t, newRun(everyTenth...))
		if state := p.at(250*ms, feedsim.SeekTo{At: tick.Time(750 * ms)}); state.Position != tick.Time(750*ms) { // the next is 800 ms, in 50 ms
			t.Errorf("state %+v", state)
		}
		p.at(310*ms, feedsim.SeekBy{By: -500 * ms}) // from 800 ms: 300 ms comes at once
		p.at(320*ms, feedsim.Pause{})
		p.at(400*ms, feedsim.SeekTimeOfDay{SinceMidnight: 900 * ms})
		for _, bad := range []feedsim.Command{feedsim.SeekTo{At: -1}, feedsim.SeekBy{By: time.Hour}, feedsim.SeekTimeOfDay{SinceMidnight: 5 * time.Hour}} {
			state, err := p.try(410*ms, bad)
			if !errors.Is(err, feedsim.ErrOutside) || state.Position != tick.Time(900*ms) || !state.Paused {
				t.Errorf("%#v: %+v, %v", bad, state, err)
			}
		}
		p.at(500*ms, feedsim.Resume{})
		got := p.finish(time.Second)
		if want := []time.Duration{0, 100 * ms, 200 * ms, 300 * ms, 310 * ms, 500 * ms, 600 * ms}; !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
		for i, e := range p.run.recorder.events {
			if e.Sequence != uint64(i+1) || e.Epoch != p.run.recorder.events[0].Epoch {
				t.Errorf("event %d has sequence %d of epoch %d", i, e.Sequence, e.Epoch)
			}
		}
	})
}

// TestSeekErrorsSayWhereTheRecordingIs so that the operator can choose another time.
func TestSeekErrorsSayWhereTheRecordingIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := steer(t, newRun(24*time.Hour, 25*time.Hour))
		for to, want := range map[time.Duration]string{0: "begins at 1970-01-02T00:00:00Z", 48 * time.Hour: "ends at 1970-01-02T01:00:00Z"} {
			if _, err := p.try(ms, feedsim.SeekTo{At: tick.Time(to)}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("seek to %v: %v, want %q", to, err, want)
			}
		}
		p.finish(2 * ms)
	})
}

// TestSeekInALoop: the pass goes on to its end, and the next one begins anew.
func TestSeekInALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(everyTenth...)
		r.config.Passes = 0
		p := steer(t, r)
		p.at(50*ms, feedsim.SeekTo{At: tick.Time(1000 * ms)})
		state := p.at(160*ms, feedsim.Status{})
		if state.Passes != 1 || state.TotalPasses != 0 || state.Position != tick.Time(100*ms) {
			t.Errorf("state %+v", state)
		}
		if e := r.recorder.events; len(e) != 4 || e[1].Sequence != 2 || e[2].Sequence != 1 || e[2].Epoch <= e[1].Epoch {
			t.Errorf("events %+v", e)
		}
		p.finish(200 * ms)
	})
}

// TestCommandsThatDoNotFit are refused, and change nothing.
func TestCommandsThatDoNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(everyTenth...)
		p := steer(t, r)
		before := p.at(50*ms, feedsim.Status{})
		for _, c := range []struct {
			command feedsim.Command
			want    error
		}{
			{feedsim.SetRate{EventsPerSecond: 100}, feedsim.ErrUnfit},
			{feedsim.SetSpeed{Speed: 0}, feedsim.ErrValue},
			{feedsim.SetSpeed{Speed: -1}, feedsim.ErrValue},
			{feedsim.SetSpeed{Speed: pace.Speed(math.NaN())}, feedsim.ErrValue},
			{feedsim.SetSpeed{Speed: pace.Speed(math.Inf(-1))}, feedsim.ErrValue},
			{feedsim.Inject{Fault: fault.Fault{Kind: "flood"}}, feedsim.ErrValue},
		} {
			state, err := p.try(50*ms, c.command)
			if !errors.Is(err, c.want) {
				t.Errorf("%#v: %v, want %v", c.command, err, c.want)
			}
			if state.Speed != before.Speed || state.Position != before.Position || state.Paused || len(state.Faults) != 0 {
				t.Errorf("%#v: %+v, was %+v", c.command, state, before)
			}
		}
		if got := p.finish(time.Second + ms); !slices.Equal(got, everyTenth) {
			t.Errorf("published after %v", got)
		}
	})
}

func TestCommandsBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(0)
		feed := r.feed(t)
		refused := func(when string) {
			for _, c := range []feedsim.Command{feedsim.Pause{}, feedsim.SeekTo{}} {
				if _, err := feed.Obey(t.Context(), c); !errors.Is(err, feedsim.ErrNotRunning) {
					t.Errorf("%#v %s: %v, want ErrNotRunning", c, when, err)
				}
			}
		}
		refused("before the beginning")
		if err := feed.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		refused("after the end")
		if opened := r.opened.Load(); opened != 1 {
			t.Errorf("%d sources opened", opened)
		}
	})
}

// arrivalTimes is a bus that notes when events of any kind arrive.
type arrivalTimes struct {
	began    time.Time
	arrivals []time.Duration
}

func (a *arrivalTimes) Publish(subject string, _ []byte) error {
	if !strings.HasPrefix(subject, "md.heartbeat.") {
		a.arrivals = append(a.arrivals, time.Since(a.began))
	}
	return nil
}

func madeUp(t *testing.T, sender publish.Sender, rate float64, speed pace.Speed) *feedsim.Feed {
	t.Helper()
	publisher, err := publish.New(publish.DefaultConfig(), sender)
	if err != nil {
		t.Fatal(err)
	}
	market := generate.DefaultConfig()
	market.Rate = rate
	feed, err := feedsim.New(feedsim.Config{
		Open: func(tick.Time) (feedsim.Source, error) { return generate.New(market) }, Passes: 1, Speed: speed, Clock: pace.System(),
	}, publisher)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

// TestSetRate: what is to come comes sooner or later in proportion, the next event too.
func TestSetRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &arrivalTimes{began: time.Now()}
		feed := madeUp(t, bus, 10, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 300*ms)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- feed.Run(ctx) }()
		time.Sleep(150 * ms)
		for _, c := range []struct {
			command feedsim.Command
			want    error
		}{
			{feedsim.SetRate{}, feedsim.ErrValue},
			{feedsim.SetRate{EventsPerSecond: -5}, feedsim.ErrValue},
			{feedsim.SetRate{EventsPerSecond: math.NaN()}, feedsim.ErrValue},
			{feedsim.SetRate{EventsPerSecond: math.Inf(1)}, feedsim.ErrValue},
			{feedsim.SetSpeed{Speed: 2}, feedsim.ErrUnfit},
			{feedsim.SeekTo{}, feedsim.ErrUnfit},
		} {
			if state, err := feed.Obey(ctx, c.command); !errors.Is(err, c.want) || state.EventsPerSecond != 10 {
				t.Errorf("%#v: %+v, %v, want %v", c.command, state, err, c.want)
			}
		}
		state, err := feed.Obey(ctx, feedsim.SetRate{EventsPerSecond: 20})
		if err != nil || state.EventsPerSecond != 20 {
			t.Errorf("state %+v, error %v", state, err)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if want := []time.Duration{0, 100 * ms, 175 * ms, 225 * ms, 275 * ms}; !slices.Equal(bus.arrivals, want) {
			t.Errorf("published after %v, want %v", bus.arrivals, want)
		}
	})
}

// TestUnpacedFeedCanBePaused, in real time: it never waits by itself.
func TestUnpacedFeedCanBePaused(t *testing.T) {
	feed := madeUp(t, &arrivalTimes{began: time.Now()}, 1000, pace.Unpaced())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- feed.Run(ctx) }()
	obey := func(c feedsim.Command) feedsim.State {
		for {
			state, err := feed.Obey(ctx, c)
			if !errors.Is(err, feedsim.ErrNotRunning) { // not yet
				return state
			}
		}
	}
	paused := obey(feedsim.Pause{})
	if again := obey(feedsim.Status{}); again.Published != paused.Published {
		t.Errorf("%d published, then %d", paused.Published, again.Published)
	}
	obey(feedsim.Resume{})
	for obey(feedsim.Status{}).Published < paused.Published+1000 {
		runtime.Gosched()
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func faults(t *testing.T, texts ...string) fault.Config {
	t.Helper()
	var c fault.Config
	for _, text := range texts {
		f, err := fault.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		c.Faults = append(c.Faults, f)
	}
	return c
}

// TestSilence: nothing leaves, no sign of life either, and then all that was due.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(everyTenth...)
		r.config.Faults = faults(t, "silence at=300ms for=2s")
		p := steer(t, r)
		if state := p.at(time.Second, feedsim.Status{}); state.Published != 3 || !slices.Equal(state.Faults, nil) || state.Faulted != 1 {
			t.Errorf("in the silence: %+v", state)
		}
		got := p.finish(2600 * ms)
		want := []time.Duration{0, 100 * ms, 200 * ms, 2300 * ms, 2300 * ms, 2300 * ms, 2300 * ms, 2300 * ms, 2300 * ms, 2300 * ms, 2300 * ms}
		if !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
		if beats := r.recorder.heartbeats; !slices.Equal(beats, []time.Duration{0}) {
			t.Errorf("signs of life after %v", beats)
		}
	})
}

// TestClearEndsASilence under way.
func TestClearEndsASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(everyTenth[:4]...)
		r.config.Faults = faults(t, "silence at=200ms for=1h", "skew by=1s")
		p := steer(t, r)
		if state := p.at(700*ms, feedsim.ClearFaults{}); len(state.Faults) != 0 {
			t.Errorf("state %+v", state)
		}
		if got, want := p.finish(1200*ms), []time.Duration{0, 100 * ms, 700 * ms, 700 * ms}; !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
	})
}

// TestBurst plays a stretch so many times as fast, and what follows at its own pace.
func TestBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRun(everyTenth...)
		r.config.Faults = faults(t, "burst at=350ms for=400ms times=4")
		got := steer(t, r).finish(2 * time.Second)
		want := []time.Duration{0, 100 * ms, 200 * ms, 300 * ms, 362500 * time.Microsecond, 387500 * time.Microsecond, 412500 * time.Microsecond, 437500 * time.Microsecond, 500 * ms, 600 * ms, 700 * ms}
		if !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
	})
}

// TestFaultInjectedWhileItRuns begins with the next event.
func TestFaultInjectedWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := steer(t, newRun(everyTenth[:5]...))
		if state := p.at(150*ms, feedsim.Inject{Fault: faults(t, "gap length=2").Faults[0]}); !slices.Equal(state.Faults, []string{"gap length=2"}) {
			t.Errorf("state %+v", state)
		}
		if got, want := p.finish(time.Second), []time.Duration{0, 100 * ms, 400 * ms}; !slices.Equal(got, want) {
			t.Errorf("published after %v, want %v", got, want)
		}
		if e := p.run.recorder.events; e[2].Sequence != 5 {
			t.Errorf("the event after the gap has sequence %d, want 5", e[2].Sequence)
		}
	})
}
