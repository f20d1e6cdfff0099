package playback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/pace"
	"tickgate/internal/playback"
	"tickgate/pkg/tick"
)

// listener is a Sink that remembers.
type listener struct {
	text     bytes.Buffer // of batches and gaps: all that is in them
	mu       sync.Mutex   // of updates and joined, while the playback runs
	updates  []playback.Update
	clocks   []tick.Time // of updates
	at       []time.Time // when they were sent
	answers  []playback.State
	refusals []error
	ended    int
	joined   []int // how many updates came before
	missing  uint64
	events   chan string
}

func (l *listener) note(what string) error {
	if l.events != nil {
		l.events <- what
	}
	return nil
}

// Batch implements playback.Sink.
func (l *listener) Batch(clock tick.Time, updates []playback.Update) error {
	fmt.Fprintf(&l.text, "%d\n", clock)
	l.append(clock, updates)
	return l.note("batch")
}

func (l *listener) append(clock tick.Time, updates []playback.Update) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range updates {
		fmt.Fprintf(&l.text, "  %d %+v %x %d %v %v\n", u.Symbol.ID, u.Record, u.Changed, u.Conflated, u.Snapshot, u.Announce)
		l.updates, l.clocks, l.at = append(l.updates, u), append(l.clocks, clock), append(l.at, time.Now())
	}
}

// counted returns how many events the updates so far stand for, and the sequence of the last one. The playback may go on meanwhile.
func (l *listener) counted() (events, last uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range l.updates {
		events += 1 + u.Conflated
		last = u.Record.Sequence
	}
	return events, last
}

// Gap implements playback.Sink.
func (l *listener) Gap(clock tick.Time, s *playback.Symbol, from, to, missing uint64) error {
	fmt.Fprintf(&l.text, "%d gap %s %d %d %d\n", clock, s.Name, from, to, missing)
	l.missing += missing
	return l.note("gap")
}

// State implements playback.Sink.
func (l *listener) State(command uint64, s playback.State) error {
	if command == 0 {
		return nil
	}
	l.answers = append(l.answers, s)
	return l.note("state")
}

// Refuse implements playback.Sink.
func (l *listener) Refuse(_ uint64, _ tick.Time, why error) error {
	l.refusals = append(l.refusals, why)
	return l.note("refused")
}

// EndOfData implements playback.Sink.
func (l *listener) EndOfData(playback.State) error {
	l.ended++
	return l.note("end")
}

// JoinedLive implements playback.Sink.
func (l *listener) JoinedLive(playback.State) error {
	l.mu.Lock()
	l.joined = append(l.joined, len(l.updates))
	l.mu.Unlock()
	return l.note("live")
}

func (l *listener) hasJoined() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.joined) > 0
}

// running is a playback that runs in a synctest bubble.
type running struct {
	*listener
	t        *testing.T
	commands chan playback.Command
	done     chan error
}

func play(t *testing.T, r playback.Recording, o playback.Open, change func(*playback.Config)) *running {
	t.Helper()
	c := playback.DefaultConfig()
	c.Rate = 1e9
	if change != nil {
		change(&c)
	}
	library, err := playback.NewLibrary(c, subjects, r)
	if err != nil {
		t.Fatal(err)
	}
	if o.Speed == 0 {
		o.Speed = pace.Unpaced()
	}
	if o.Kinds == 0 {
		o.Kinds = playback.AllKinds
	}
	p, _, _, err := library.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	x := &running{listener: &listener{events: make(chan string)}, t: t, commands: make(chan playback.Command), done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { x.done <- p.Run(ctx, x.commands, x.listener) }()
	t.Cleanup(cancel)
	return x
}

// until lets the playback go on until it has said what.
func (x *running) until(what string) {
	x.t.Helper()
	for {
		select {
		case said := <-x.events:
			if said == what {
				return
			}
		case err := <-x.done:
			x.t.Fatalf("waiting for %s: the playback ended with %v", what, err)
		}
	}
}

// command sends a command and awaits its answer.
func (x *running) command(c playback.Command, answer string) {
	x.t.Helper()
	c.ID = 7
	for sent := false; !sent; {
		select {
		case x.commands <- c:
			sent = true
		case <-x.events:
		}
	}
	if c.Verb != playback.Close {
		x.until(answer)
	}
}

func (x *running) close() {
	x.t.Helper()
	x.command(playback.Command{Verb: playback.Close}, "")
	if err := <-x.done; err != nil {
		x.t.Errorf("closed with %v", err)
	}
}

var everything = []string{"AAA", "A.B", "ZZZ", "M/N"}

// TestOrderIsTotal: events come by time, subject and sequence, whatever the order in which they arrived, as far as the window reaches.
func TestOrderIsTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape, all := made(1, time.Second)
		x := play(t, tape, playback.Open{Symbols: everything}, nil)
		x.until("end")
		x.close()
		inOrder(all)
		if len(x.updates) != len(all) {
			t.Fatalf("%d updates of %d events", len(x.updates), len(all))
		}
		for i, u := range x.updates {
			if want := all[i]; u.Symbol.Name != want.symbol || u.Record.Sequence != want.Sequence || u.Record.TsEvent != want.TsEvent {
				t.Fatalf("event %d is %s %d of %d, want %s %d of %d", i, u.Symbol.Name, u.Record.Sequence, u.Record.TsEvent, want.symbol, want.Sequence, want.TsEvent)
			}
		}
		if x.missing != 0 || !slices.IsSorted(x.clocks) {
			t.Errorf("%d missing, clocks sorted: %v", x.missing, slices.IsSorted(x.clocks))
		}
	})
}

// TestSameBytesAtEverySpeed: what is sent does not depend on the speed, on the portions in which the recording is read, or on pauses.
func TestSameBytesAtEverySpeed(t *testing.T) {
	for _, interval := range []time.Duration{0, 100 * time.Millisecond, 777 * time.Millisecond} {
		var want []byte
		for run, speed := range []pace.Speed{pace.Unpaced(), 1, 0.25, 33, 1000, pace.Unpaced(), 1} {
			synctest.Test(t, func(t *testing.T) {
				tape, _ := made(2, 3*time.Second) // beyond the window, too
				tape.portions.Uint64()
				for range run {
					tape.portions.Uint64()
				}
				x := play(t, tape, playback.Open{Symbols: everything, Speed: speed, Interval: interval, From: opening + 1e9, To: opening + 6e9}, func(c *playback.Config) {
					c.ReorderEvents = 100
				})
				if run > 4 {
					x.until("batch")
					x.command(playback.Command{Verb: playback.Pause}, "state")
					time.Sleep(time.Minute)
					x.command(playback.Command{Verb: playback.Resume}, "state")
				}
				x.until("end")
				x.close()
				if want == nil {
					want = bytes.Clone(x.text.Bytes())
				}
				if !bytes.Equal(want, x.text.Bytes()) {
					t.Errorf("interval %v, speed %v, run %d: %d bytes differ from the first run's %d", interval, speed, run, x.text.Len(), len(want))
				}
			})
		}
		if len(want) == 0 {
			t.Errorf("interval %v: nothing was sent", interval)
		}
	}
}

// TestConflationKeepsTheInterval and loses nothing: counts add up, and the last update has the last values.
func TestConflationKeepsTheInterval(t *testing.T) {
	const interval = 250 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		tape, all := made(3, 500*time.Millisecond)
		x := play(t, tape, playback.Open{Symbols: everything, Interval: interval}, nil)
		x.until("end")
		x.close()
		events, last := uint64(0), make(map[string]tick.Time)
		for i, u := range x.updates {
			events += 1 + u.Conflated
			if x.clocks[i]%tick.Time(interval) != 0 || x.clocks[i] <= last[u.Symbol.Name] {
				t.Errorf("update of %s at %d after %d", u.Symbol.Name, x.clocks[i], last[u.Symbol.Name])
			}
			if late := x.clocks[i] - u.Record.TsEvent; late <= 0 || late > tick.Time(interval) {
				t.Errorf("an event of %d is sent at %d", u.Record.TsEvent, x.clocks[i])
			}
			last[u.Symbol.Name] = x.clocks[i]
		}
		if events != uint64(len(all)) {
			t.Errorf("%d events were sent or conflated, want %d", events, len(all))
		}
	})
}

// TestPace: at a speed, events come when they are due, and a pause stops the clock.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newTape(1)
		for i := range 10 {
			at := opening + tick.Time(i)*tick.Time(time.Second)
			tape.record("AAA", at, tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(i) + 1, TsEvent: at})
		}
		x := play(t, tape, playback.Open{Symbols: []string{"AAA"}, Speed: 2}, nil)
		x.until("batch")
		began := time.Now()
		for range 4 {
			x.until("batch")
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("four seconds at speed 2 took %v", took)
		}
		x.command(playback.Command{Verb: playback.Pause}, "state")
		time.Sleep(time.Hour / 10)
		x.command(playback.Command{Verb: playback.SetSpeed, At: 0.5}, "state")
		x.command(playback.Command{Verb: playback.Resume}, "state")
		resumed := time.Now()
		x.until("batch")
		if took := time.Since(resumed); took != 2*time.Second {
			t.Errorf("a second at speed 0.5 took %v", took)
		}
		x.close()
		for _, s := range x.answers {
			if want := opening + 4e9; s.Clock != want || s.Played != 5 {
				t.Errorf("%+v, want the clock at %d", s, want)
			}
		}
	})
}

// TestSeek begins anew at a time, with snapshots, also after the end.
func TestSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape, all := made(4, 100*time.Millisecond)
		from, to := opening+1e9, opening+4e9
		x := play(t, tape, playback.Open{Symbols: everything, From: from, To: to}, nil)
		x.until("end")
		before := len(x.updates)
		x.command(playback.Command{Verb: playback.Seek, To: opening + 3e9}, "state")
		x.until("end")
		count := func(from tick.Time) (n int) {
			for _, e := range all {
				if e.TsEvent >= from && e.TsEvent < to {
					n++
				}
			}
			return n
		}
		if before != count(from) || len(x.updates)-before != count(opening+3e9) {
			t.Errorf("%d and then %d updates, want %d and %d", before, len(x.updates)-before, count(from), count(opening+3e9))
		}
		first := x.updates[before]
		if !first.Snapshot || !first.Announce || first.Record.TsEvent < opening+3e9 {
			t.Errorf("the first update after the seek is %+v", first)
		}
		x.close()
	})
}

// TestRefusals: what is wrong is answered and changes nothing.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name    string
		command playback.Command
		want    error
		text    string
	}{
		{"open again", playback.Command{Verb: playback.Begin}, playback.ErrAlreadyOpen, "seek"},
		{"speed 0", playback.Command{Verb: playback.SetSpeed}, playback.ErrSpeed, "pause"},
		{"negative speed", playback.Command{Verb: playback.SetSpeed, At: -1}, playback.ErrSpeed, "0.001"},
		{"speed 1e9", playback.Command{Verb: playback.SetSpeed, At: 1e9}, playback.ErrSpeed, "Infinity"},
		{"seek before the range", playback.Command{Verb: playback.Seek, To: opening}, playback.ErrSeekOutside, "before"},
		{"seek behind the range", playback.Command{Verb: playback.Seek, To: opening + 4e9}, playback.ErrSeekOutside, "not before"},
		{"seek before 1970", playback.Command{Verb: playback.Seek, To: -1}, playback.ErrSeekOutside, "before"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tape, _ := made(5, 0)
				x := play(t, tape, playback.Open{Symbols: everything, From: opening + 1e9, To: opening + 4e9, Speed: 1}, nil)
				x.until("batch")
				x.command(tt.command, "refused")
				if !errors.Is(x.refusals[0], tt.want) || !bytes.Contains([]byte(x.refusals[0].Error()), []byte(tt.text)) {
					t.Errorf("refused with %v, want %v and %q", x.refusals[0], tt.want, tt.text)
				}
				x.until("end")
				x.close()
			})
		})
	}
}

func TestRangesThatAreNone(t *testing.T) {
	library, err := playback.NewLibrary(playback.DefaultConfig(), subjects, newTape(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		open playback.Open
		want error
	}{
		"from after to":     {playback.Open{From: 2, To: 1, Speed: 1}, playback.ErrRange},
		"from is to":        {playback.Open{From: 2, To: 2, Speed: 1}, playback.ErrRange},
		"negative":          {playback.Open{From: -2, Speed: 1}, playback.ErrRange},
		"live and to":       {playback.Open{To: 2, Live: true, Speed: 1}, playback.ErrRange},
		"speed 0":           {playback.Open{}, playback.ErrSpeed},
		"negative interval": {playback.Open{Speed: 1, Interval: -1}, playback.ErrConflation},
		"a day's interval":  {playback.Open{Speed: 1, Interval: 24 * time.Hour}, playback.ErrConflation},
	} {
		if _, _, _, err := library.Open(t.Context(), tt.open); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestUnknownSymbols are told apart; a playback of none is none.
func TestUnknownSymbols(t *testing.T) {
	tape, _ := made(6, 0)
	library, err := playback.NewLibrary(playback.DefaultConfig(), subjects, tape)
	if err != nil {
		t.Fatal(err)
	}
	p, known, unknown, err := library.Open(t.Context(), playback.Open{Symbols: []string{"NO", "AAA"}, Speed: 1})
	if p == nil || err != nil || !slices.Equal(known, []string{"AAA"}) || !slices.Equal(unknown, []string{"NO"}) {
		t.Errorf("%v, known %q, unknown %q, %v", p, known, unknown, err)
	}
	if p, _, unknown, err := library.Open(t.Context(), playback.Open{Symbols: []string{"NO"}, Speed: 1}); p != nil || err != nil || len(unknown) != 1 {
		t.Errorf("%v, unknown %q, %v", p, unknown, err)
	}
}

// TestHolesAreTold, those between kinds that are not played, too; what was recorded twice comes once.
func TestHolesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newTape(1)
		for i, e := range []struct {
			kind     tick.Kind
			sequence uint64
		}{
			{tick.KindQuote, 5}, {tick.KindTrade, 6}, {tick.KindQuote, 9}, {tick.KindQuote, 9}, {tick.KindQuote, 4}, {tick.KindTrade, 11}, {tick.KindQuote, 12},
		} {
			at := opening + tick.Time(i)
			tape.record("AAA", at, tick.Event{Kind: e.kind, Epoch: 1, Sequence: e.sequence, TsEvent: at})
		}
		x := play(t, tape, playback.Open{Symbols: []string{"AAA"}, Kinds: playback.KindsOf(tick.KindQuote)}, nil)
		x.until("end")
		x.close()
		var sequences []uint64
		for _, u := range x.updates {
			sequences = append(sequences, u.Record.Sequence)
		}
		if !slices.Equal(sequences, []uint64{5, 9, 12}) || x.missing != 3 {
			t.Errorf("updates %v and %d missing, want 5, 9, 12 and 3", sequences, x.missing)
		}
		for _, want := range []string{"gap AAA 6 8 2\n", "gap AAA 10 11 1\n"} {
			if !bytes.Contains(x.text.Bytes(), []byte(want)) {
				t.Errorf("no %q in\n%s", want, &x.text)
			}
		}
	})
}

// TestLateEvents come where they were found, and are counted.
func TestLateEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newTape(1)
		for i, second := range []int64{0, 1, 2, 3, 4, 0, 5} {
			symbol, at := "AAA", opening+tick.Time(second)*1e9
			if i == 5 {
				symbol = "ZZZ"
			}
			tape.record(symbol, opening+1e10+tick.Time(i), tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(i) + 1, TsEvent: at})
		}
		x := play(t, tape, playback.Open{Symbols: []string{"AAA", "ZZZ"}}, nil)
		x.until("end")
		x.command(playback.Command{Verb: playback.Pause}, "state")
		x.close()
		if x.answers[0].Late != 1 || len(x.updates) != 7 || !slices.IsSorted(x.clocks) {
			t.Errorf("%d late of %d, clocks %v", x.answers[0].Late, len(x.updates), x.clocks)
		}
	})
}

// TestEventsWithoutTimes stand where they were recorded beside those that have one, also in an old market that was published again.
func TestEventsWithoutTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newTape(1)
		const later = tick.Time(1000 * time.Hour)
		for i, has := range []bool{false, false, true, false, true, false} {
			at := opening + tick.Time(i)*tick.Time(time.Second)
			e := tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: uint64(i) + 1}
			if has {
				e.TsEvent = at
			}
			tape.record("AAA", at+later, e)
		}
		x := play(t, tape, playback.Open{Symbols: []string{"AAA"}}, nil)
		x.until("end")
		x.close()
		for i, clock := range x.clocks {
			if want := opening + tick.Time(i)*tick.Time(time.Second); clock != want {
				t.Errorf("event %d stands at %d, want %d", i, clock, want)
			}
		}
		if len(x.clocks) != 6 {
			t.Errorf("%d events of 6", len(x.clocks))
		}
	})
}

// TestNewEpochComesBehindTheOld one even if its publisher's clock is behind: a record that has begun anew does not go back.
func TestNewEpochComesBehindTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape := newTape(1)
		for i, e := range []tick.Event{{Epoch: 1, Sequence: 8, TsEvent: opening + 500}, {Epoch: 2, Sequence: 1, TsEvent: opening + 400}, {Epoch: 1, Sequence: 9, TsEvent: opening + 600}} {
			e.Kind = tick.KindQuote
			tape.record("AAA", opening+tick.Time(i), e)
		}
		x := play(t, tape, playback.Open{Symbols: []string{"AAA"}}, nil)
		x.until("end")
		x.close()
		if len(x.updates) != 2 || x.updates[0].Record.Epoch != 1 || x.updates[1].Record.Epoch != 2 || !x.updates[1].Announce {
			t.Errorf("%+v", x.updates)
		}
	})
}

// TestJoinsLive without a gap and without a repeat, again after a pause.
func TestJoinsLive(t *testing.T) {
	for _, interval := range []time.Duration{0, 50 * time.Millisecond} {
		for _, speed := range []pace.Speed{20, pace.Unpaced()} {
			synctest.Test(t, func(t *testing.T) {
				tape := newTape(1)
				start := tick.Time(time.Now().UnixNano())
				sequence := uint64(0)
				trade := func(at tick.Time) {
					sequence++
					tape.record("AAA", at, tick.Event{Kind: tick.KindTrade, Epoch: 1, Sequence: sequence, TsEvent: at})
				}
				for i := range 100 {
					trade(start - tick.Time(100-i)*tick.Time(100*time.Millisecond))
				}
				market := make(chan struct{})
				go func() {
					defer close(market)
					for range 300 {
						time.Sleep(10 * time.Millisecond)
						trade(tick.Time(time.Now().UnixNano()))
					}
				}()
				x := play(t, tape, playback.Open{Symbols: []string{"AAA"}, Live: true, Speed: speed, Interval: interval}, nil)
				x.until("live")
				took := time.Duration(time.Now().UnixNano() - int64(start))
				if speed.IsUnpaced() != (took < 10*time.Millisecond) { // what playbacks share may make it wait for a moment
					t.Errorf("speed %v is live after %v", speed, took)
				}
				x.until("batch")
				x.command(playback.Command{Verb: playback.Pause}, "state")
				time.Sleep(time.Second)
				x.command(playback.Command{Verb: playback.Resume}, "state")
				x.until("live")
				for {
					events, last := x.counted()
					if events != last {
						t.Fatalf("interval %v, speed %v: %d events up to sequence %d", interval, speed, events, last)
					} else if last == 400 {
						break
					}
					x.until("batch")
				}
				<-market
				if x.missing != 0 || len(x.joined) != 2 {
					t.Errorf("%d missing, joined at %v", x.missing, x.joined)
				}
				x.close()
			})
		}
	}
}

// TestForgottenPlaybackEnds, paused or at its end.
func TestForgottenPlaybackEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape, _ := made(7, 0)
		x := play(t, tape, playback.Open{Symbols: everything}, nil)
		x.until("end")
		began := time.Now()
		if err := <-x.done; !errors.Is(err, playback.ErrIdle) || time.Since(began) < 10*time.Minute || time.Since(began) > 11*time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestPlaybackThatNobodySteersEnds when all is played.
func TestPlaybackThatNobodySteersEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape, all := made(7, 0)
		x := play(t, tape, playback.Open{Symbols: everything}, nil)
		x.until("batch")
		close(x.commands)
		x.until("end")
		if err := <-x.done; err != nil || len(x.updates) != len(all) {
			t.Errorf("%v after %d of %d events", err, len(x.updates), len(all))
		}
	})
}

// TestClientThatDoesNotReadIsWaitedFor, and gets no burst when it comes back.
func TestClientThatDoesNotReadIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tape, all := made(8, 0)
		x := play(t, tape, playback.Open{Symbols: everything, Speed: 1}, nil)
		x.until("batch")
		time.Sleep(time.Hour)
		back := time.Now()
		x.until("end")
		x.close()
		if took := time.Since(back); len(x.updates) != len(all) || took < 6*time.Second {
			t.Errorf("%d of %d events came in %v", len(x.updates), len(all), took)
		}
	})
}
