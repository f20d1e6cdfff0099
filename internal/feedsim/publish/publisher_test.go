package publish_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/pkg/tick"
)

func TestSequenceRunsOverAllKindsOfASymbol(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, nil)
	send(p, "A", quote(t, "1.0", "1", "1.1", "1"), trade(t, "1.1", "1"))
	send(p, "B", trade(t, "5", "1"))
	send(p, "A", quote(t, "1.0", "1", "1.1", "2"), tick.Event{Kind: tick.KindStatus, Status: tick.StatusHalted})

	var got []string
	for i, e := range b.events(t) {
		got = append(got, fmt.Sprint(b.messages[i].subject, " ", e.Sequence))
		if e.Epoch != p.Epoch() {
			t.Errorf("event %d has epoch %d, want %d", i, e.Epoch, p.Epoch())
		}
	}
	want := []string{"md.quote.A 1", "md.trade.A 2", "md.trade.B 1", "md.quote.A 3", "md.status.A 4"}
	if !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

func TestScalesOnlyGrow(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, nil)
	send(p, "A", trade(t, "10.5", "3"), trade(t, "10.25", "0.5"), trade(t, "11", "1"))
	send(p, "B", trade(t, "7", "1"))
	send(p, "A", quote(t, "10.123456", "1", "10.200000", "2"), trade(t, "9", "1"))

	var got []string
	for _, e := range b.events(t) {
		s := e.Trade.Stats
		got = append(got, fmt.Sprint(e.Scales, e.Trade.Price, e.Trade.Size, s.Volume.Mantissa, s.High.Mantissa, s.Low.Mantissa, s.Turnover.Mantissa))
	}
	want := []string{
		"{1 0 1} 105 3 3 105 105 315",
		"{2 1 2} 1025 5 35 1050 1025 3662", // 31.5 + 5.125 = 36.625, half to even
		"{2 1 2} 1100 10 45 1100 1025 4762",
		"{0 0 0} 7 1 1 7 7 7",
		"{6 1 4} 0 0 0 0 0 0",
		"{6 1 4} 9000000 10 55 11000000 9000000 566250",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestBatchesAreOfOneSymbolKindAndScale(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, func(c *publish.Config) { c.BatchEvents = 3 })
	one := quote(t, "1.0", "1", "1.1", "1")
	send(p, "A", one, one, one, one)              // 3 + 1
	send(p, "A", trade(t, "1.0", "1"))            // other kind
	send(p, "A", quote(t, "1.00", "1", "2", "1")) // other kind; grows
	send(p, "B", one)                             // other symbol
	send(p, "B", quote(t, "1.000", "1", "2.000", "1"))
	p.Flush()
	p.Flush()

	var got []int
	var decoder bus.Decoder
	for _, m := range b.messages {
		kind := tick.ParseKind(strings.Split(m.subject, ".")[1])
		if err := decoder.Decode(kind, []byte(m.payload)); err != nil {
			t.Fatal(err)
		}
		got = append(got, len(decoder.Events))
	}
	if want := []int{3, 1, 1, 1, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("events per message %v, want %v", got, want)
	}
	if c := p.Counters(); c.Published != 8 || c.Messages != 6 || c.Symbols != 2 {
		t.Errorf("counters %+v, want 8 events in 6 messages of 2 symbols", c)
	}
}

// TestBatchesOfSeveralSymbolsGatherSideBySide: a market's events come in turn, and a batch that any other symbol ends would hold one event.
func TestBatchesOfSeveralSymbolsGatherSideBySide(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, func(c *publish.Config) { c.BatchEvents = 4 })
	const rounds = 6
	for range rounds {
		send(p, "A", quote(t, "1.0", "1", "1.1", "1"))
		send(p, "B", quote(t, "2.0", "1", "2.1", "1"))
	}
	if c := p.Counters(); c.Messages != 2 {
		t.Errorf("%d messages before Flush, want a full one of each symbol", c.Messages)
	}
	p.Flush()
	if c := p.Counters(); c.Messages != 4 || c.Published != 2*rounds {
		t.Errorf("counters %+v, want %d events in 4 messages", c, 2*rounds)
	}
	for i, e := range b.events(t) {
		if want := []uint64{1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 5, 6}[i]; e.Sequence != want {
			t.Errorf("event %d has sequence %d, want %d", i, e.Sequence, want)
		}
	}
}

// TestKeptEventsAreBounded: without pace nobody flushes, and a quiet symbol's events must not wait for ever.
func TestKeptEventsAreBounded(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, func(c *publish.Config) { c.BatchEvents = 10_000 })
	for range 20_000 {
		send(p, "A", quote(t, "1.0", "1", "1.1", "1"))
		send(p, "B", quote(t, "2.0", "1", "2.1", "1"))
	}
	if c := p.Counters(); c.Published < 20_000 {
		t.Errorf("%d of 40,000 events published before Flush", c.Published)
	}
}

// TestLostEventsLeaveAGap: a bus that is away costs numbers, not figures.
func TestLostEventsLeaveAGap(t *testing.T) {
	var b fakeBus
	var told []uint64
	p := newPublisher(t, &b, func(c *publish.Config) {
		c.OnEvent = func(_ string, e tick.Event) { told = append(told, e.Sequence) }
	})
	send(p, "A", trade(t, "1", "1"))
	b.down = errDown
	send(p, "A", trade(t, "1", "1"), trade(t, "1", "1"))
	b.down = nil
	send(p, "A", trade(t, "1", "1"))

	events := b.events(t)
	if len(events) != 2 || events[1].Sequence != 4 || events[1].Trade.Stats.Volume != tick.Some(4) {
		t.Errorf("published %+v, want sequences 1 and 4 and volume 4", events)
	}
	if c := p.Counters(); c.Published != 2 || c.Lost != 2 {
		t.Errorf("counters %+v, want 2 published and 2 lost", c)
	}
	if want := []uint64{1, 4}; !slices.Equal(told, want) {
		t.Errorf("OnEvent was told of %v, want %v", told, want)
	}
}

func TestEventThatFitsNoScaleIsRefused(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, nil)
	send(p, "A", trade(t, "9000000000000000000", "1"))
	send(p, "A", trade(t, "1.000000000000000001", "1")) // would push the first price out of int64
	send(p, "A", trade(t, "8000000000000000000", "1"))

	events := b.events(t)
	if len(events) != 2 || events[1].Sequence != 2 || events[1].Scales.Price != 0 {
		t.Errorf("published %+v, want two events at scale 0", events)
	}
	if c := p.Counters(); c.Refused != 1 {
		t.Errorf("counters %+v, want 1 refused", c)
	}
}

func TestNewEpochStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b fakeBus
		p := newPublisher(t, &b, nil)
		send(p, "A", trade(t, "1.00", "1.0"), trade(t, "5.00", "1.0"))
		first := p.Epoch()
		if first != uint64(time.Now().UnixNano()) {
			t.Errorf("epoch %d is not the time of the start", first)
		}
		p.NewEpoch() // the clock of the test stands still
		send(p, "A", trade(t, "2", "3"))

		last := b.events(t)[2]
		if last.Epoch <= first || last.Sequence != 1 {
			t.Errorf("epoch %d after %d, sequence %d: want a greater epoch and sequence 1", last.Epoch, first, last.Sequence)
		}
		want := tick.Stats{Volume: tick.Some(3), TradeCount: tick.Some(1), Turnover: tick.Some(6), Open: tick.Some(2), High: tick.Some(2), Low: tick.Some(2)}
		if last.Trade.Stats != want || last.Scales != (tick.Scales{}) {
			t.Errorf("figures %+v at %+v, want %+v at scale 0", last.Trade.Stats, last.Scales, want)
		}
	})
}

func TestFiguresThatOverflowAreLeftOut(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, nil)
	greatest := fmt.Sprint(int64(math.MaxInt64))
	send(p, "A", trade(t, "1", greatest), trade(t, "1", "1"), trade(t, "2", "1"))
	events := b.events(t)
	for i, present := range []bool{true, false, false} {
		s := events[i].Trade.Stats
		if s.Volume.Present != present || s.Turnover.Present != present {
			t.Errorf("trade %d: volume %+v, turnover %+v, want presence %v", i, s.Volume, s.Turnover, present)
		}
		if s.TradeCount != tick.Some(int64(i+1)) {
			t.Errorf("trade %d: count %+v", i, s.TradeCount)
		}
	}
}

func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b fakeBus
		p := newPublisher(t, &b, func(c *publish.Config) { c.Name = "feed 1" })
		send(p, "A", trade(t, "2", "3"))
		b.down = errDown
		send(p, "A", trade(t, "2", "3"))
		b.messages, b.down = nil, nil
		go p.Heartbeats(t.Context())
		time.Sleep(1750 * time.Millisecond)
		synctest.Wait()
		if len(b.messages) != 4 {
			t.Fatalf("%d heartbeats in 1.75 s, want 4: at once and every 500 ms", len(b.messages))
		}
		last := b.messages[3]
		h, err := bus.DecodeHeartbeat([]byte(last.payload))
		if err != nil || last.subject != "md.heartbeat.feed%201" || string(h.Publisher) != "feed 1" || h.Epoch != p.Epoch() || h.Events != 2 {
			t.Errorf("heartbeat %+v on %s, error %v; want two events counted, one of which the bus did not take", h, last.subject, err)
		}
		if sent := time.Unix(0, int64(h.TsSend)); time.Since(sent) != 250*time.Millisecond {
			t.Errorf("ts_send is %v ago, want 250 ms", time.Since(sent))
		}
	})
}

func TestConfigNamesTheField(t *testing.T) {
	for field, change := range map[string]func(*publish.Config){
		"publisher":      func(c *publish.Config) { c.Name = "" },
		"subject-prefix": func(c *publish.Config) { c.Prefix = "md.>" },
		"batch":          func(c *publish.Config) { c.BatchEvents = 0 },
		"heartbeat":      func(c *publish.Config) { c.HeartbeatEvery = 2 * time.Second },
		"Clock":          func(c *publish.Config) { c.Clock = nil },
	} {
		config := publish.DefaultConfig()
		change(&config)
		if _, err := publish.New(config, &fakeBus{}); !errors.Is(err, publish.ErrConfig) || !strings.Contains(err.Error(), field) {
			t.Errorf("New with a bad %s: %v", field, err)
		}
	}
}

// TestSkip leaves numbers out: of the symbol, also when a batch is in the making.
func TestSkip(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, func(c *publish.Config) { c.BatchEvents = 10 })
	send(p, "A", trade(t, "1", "1"), trade(t, "1", "1"))
	p.Skip("A", 3)
	p.Skip("B", 1)
	send(p, "A", trade(t, "1", "1"))
	send(p, "B", trade(t, "1", "1"))
	p.NewEpoch()
	send(p, "A", trade(t, "1", "1"))
	p.Flush()
	var got []uint64
	for _, e := range b.events(t) {
		got = append(got, e.Sequence)
	}
	if want := []uint64{1, 2, 6, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("sequences %d, want %d", got, want)
	}
}
