package playback_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/pace"
	"tickgate/internal/playback"
	"tickgate/pkg/tick"
)

// endless is a tape that no test plays to its end.
func endless(seed uint64) *tape {
	t := newTape(seed)
	for i := range 5_000 {
		at := opening + tick.Time(i)*tick.Time(time.Millisecond)
		t.record("AAA", at, tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(i) + 1, TsEvent: at})
	}
	return t
}

// crowd is some playbacks that share a governor.
type crowd []*listener

// playTogether plays a tape in some playbacks as fast as they may, until the test ends. The last of them goes over to the live market if that is asked for.
func playTogether(t *testing.T, tape *tape, playbacks int, live bool, c playback.Config) crowd {
	t.Helper()
	library, err := playback.NewLibrary(c, subjects, tape)
	if err != nil {
		t.Fatal(err)
	}
	all := make(crowd, playbacks)
	for i := range all {
		all[i] = &listener{}
		p, _, _, err := library.Open(t.Context(), playback.Open{Symbols: []string{"AAA"}, Kinds: playback.AllKinds, Speed: pace.Unpaced(), Live: live && i == playbacks-1})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if err := p.Run(t.Context(), nil, all[i]); !errors.Is(err, context.Canceled) {
				t.Errorf("playback %d ended with %v", i, err)
			}
		}()
	}
	return all
}

// during returns how many events each playback has played in a span of time.
func (c crowd) during(span time.Duration) (each []uint64, sum uint64) {
	before := make([]uint64, len(c))
	for i, l := range c {
		before[i], _ = l.counted()
	}
	time.Sleep(span)
	synctest.Wait()
	each = make([]uint64, len(c))
	for i, l := range c {
		now, _ := l.counted()
		each[i] = now - before[i]
		sum += each[i]
	}
	return each, sum
}

// TestPlaybacksGiveWayToLiveClients: all of them together read so much less while there are live clients, each as much as another; when the last one leaves nobody waits by the old rate.
func TestPlaybacksGiveWayToLiveClients(t *testing.T) {
	const (
		playbacks   = 20
		alone, less = 2_000, 100
		portion     = 20 // of the tape, at most
	)
	synctest.Test(t, func(t *testing.T) {
		var live atomic.Bool
		c := playback.DefaultConfig()
		c.Rate, c.RateBesideLive, c.Live, c.Reorder = alone, less, live.Load, 0
		all := playTogether(t, endless(1), playbacks, false, c)
		all.during(time.Second)
		judge := func(when string, span time.Duration, rate int) {
			t.Helper()
			each, sum := all.during(span)
			const burst = 64
			if want := uint64(rate) * uint64(span/time.Second); sum+burst < want || sum > want+burst {
				t.Errorf("%s: %d messages in %v, want %d", when, sum, span, want)
			}
			for i, played := range each {
				if fair := sum / playbacks; played < fair/2 || played > 2*fair { // portions are of odd sizes
					t.Errorf("%s: playback %d has played %d of %d", when, i, played, sum)
				}
			}
		}
		judge("alone", 4*time.Second, alone)
		live.Store(true)
		judge("beside live clients", 20*time.Second, less)
		live.Store(false)
		each, _ := all.during(time.Second) // at the lower rate, a round of all of them takes two
		for i, played := range each {
			if played < portion {
				t.Errorf("playback %d has played %d messages in the second after the live clients have left", i, played)
			}
		}
		judge("alone again", 4*time.Second, alone)
	})
}

// TestPlaybackJoinsTheMarketBesideLiveClients: what goes over to the live market is read at twice its pace, however little is left to all playbacks, and when it has joined, as the market comes.
func TestPlaybackJoinsTheMarketBesideLiveClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := playback.DefaultConfig()
		c.Rate, c.RateBesideLive, c.Live, c.Reorder = 100, 1, func() bool { return true }, 0
		tape := endless(1) // five seconds, a message each millisecond
		all := playTogether(t, tape, 20, true, c)
		others, joining := all[:19], all[19]
		others.during(2 * time.Second)
		if joining.hasJoined() {
			t.Error("five seconds of the market took less than two")
		}
		others.during(time.Second)
		if !joining.hasJoined() {
			t.Fatal("five seconds of the market were not played in three")
		}
		before, _ := joining.counted()
		const more = 2_000
		for i := range more {
			at := opening + tick.Time(5_000+i)*tick.Time(time.Millisecond)
			tape.record("AAA", at, tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(5_001 + i), TsEvent: at})
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if now, _ := joining.counted(); now-before < more-10 {
			t.Errorf("%d of %d events came as the market did", now-before, more)
		}
		if _, sum := others.during(10 * time.Second); sum > 80 {
			t.Errorf("the others have played %d messages in ten seconds", sum)
		}
	})
}

// TestRateInForce is what the metric says, and never more than the rate without live clients.
func TestRateInForce(t *testing.T) {
	for _, tt := range []struct {
		rate, beside float64
		live         bool
		want         float64
	}{
		{20_000, 100, false, 20_000},
		{20_000, 100, true, 100},
		{50, 100, true, 50},
		{10, 0, true, 10},
	} {
		c := playback.DefaultConfig()
		c.Rate, c.RateBesideLive, c.Live = tt.rate, tt.beside, func() bool { return tt.live }
		library, err := playback.NewLibrary(c, subjects, newTape(1))
		if err != nil {
			t.Fatal(err)
		}
		if got := library.Stats().Rate; got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// TestWaitingPlaybackIsSteered: a command is answered although the next message may not be read before long.
func TestWaitingPlaybackIsSteered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := play(t, endless(2), playback.Open{Symbols: []string{"AAA"}}, func(c *playback.Config) {
			c.Rate, c.Reorder = 1, 0
		})
		for range 20 {
			x.until("batch")
		}
		synctest.Wait()
		for _, verb := range []playback.Verb{playback.Pause, playback.Resume, playback.Seek, playback.Close} {
			began := time.Now()
			if x.command(playback.Command{Verb: verb}, "state"); time.Since(began) != 0 {
				t.Errorf("command %d was answered after %v", verb, time.Since(began))
			}
		}
		if err := <-x.done; err != nil {
			t.Errorf("closed with %v", err)
		}
	})
}

func TestRateBesideLiveThatCannotWork(t *testing.T) {
	for _, rate := range []float64{-1, 0.5, 2e9} {
		c := playback.DefaultConfig()
		c.RateBesideLive = rate
		if err := c.Validate(); !errors.Is(err, playback.ErrConfig) || !strings.Contains(err.Error(), fmt.Sprintf("playback-rate-beside-live is %v", rate)) {
			t.Errorf("%v: %v", rate, err)
		}
	}
}
