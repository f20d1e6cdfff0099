package feed_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/latency"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// rig is an ingester with a table and a clock of its own.
type rig struct {
	t        rapid.TB
	table    *subscription.Table
	subjects bus.Subjects
	in       *feed.Ingester
	now      time.Time
	sleep    func(time.Duration) // for clocks that have to keep step
}

func newRig(t rapid.TB, change func(*feed.Config, *subscription.TableConfig)) *rig {
	t.Helper()
	config, tableConfig := feed.DefaultConfig(), subscription.DefaultTableConfig()
	r := &rig{t: t, now: time.Unix(1_700_000_000, 0), sleep: func(time.Duration) {}}
	config.Now = func() time.Time { return r.now }
	if change != nil {
		change(&config, &tableConfig)
	}
	var err error
	if r.table, err = subscription.NewTable(tableConfig); err != nil {
		t.Fatal(err)
	}
	if r.subjects, err = bus.NewSubjects(bus.DefaultPrefix); err != nil {
		t.Fatal(err)
	}
	if r.in, err = feed.NewIngester(config, r.subjects, r.table); err != nil {
		t.Fatal(err)
	}
	return r
}

// connected is a rig whose bus is there.
func connected(t rapid.TB) *rig {
	r := newRig(t, nil)
	r.in.Connected()
	return r
}

func quote(epoch, sequence uint64) tick.Event {
	return tick.Event{Kind: tick.KindQuote, Epoch: epoch, Sequence: sequence, Scales: tick.Scales{Price: 2},
		Quote: tick.Quote{BidPrice: tick.Some(int64(sequence)), AskPrice: tick.Some(int64(sequence) + 1)}}
}

func trade(epoch, sequence uint64) tick.Event {
	return tick.Event{Kind: tick.KindTrade, Epoch: epoch, Sequence: sequence, Scales: tick.Scales{Price: 2},
		Trade: tick.Trade{Price: int64(sequence), Size: 1, Stats: tick.Stats{Volume: tick.Some(int64(sequence))}}}
}

func status(epoch, sequence uint64, s tick.TradingStatus) tick.Event {
	return tick.Event{Kind: tick.KindStatus, Epoch: epoch, Sequence: sequence, Status: s}
}

func (r *rig) send(publisher, symbol string, events ...tick.Event) {
	r.in.Apply(r.subjects.Event(events[0].Kind, symbol), bus.AppendEventBatch(nil, publisher, events), r.now)
}

func (r *rig) heartbeat(publisher string, epoch uint64) {
	r.in.Apply(r.subjects.Heartbeat(publisher), bus.AppendHeartbeat(nil, publisher, epoch, tick.Time(r.now.UnixNano())), r.now)
}

func (r *rig) stored(publisher, symbol string, events ...tick.Event) feed.Stored {
	return feed.Stored{Subject: r.subjects.Event(events[0].Kind, symbol), Payload: bus.AppendEventBatch(nil, publisher, events)}
}

// pass lets time pass, looking for silence as often as a feed does.
func (r *rig) pass(d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); {
		step := min(200*time.Millisecond, end.Sub(r.now))
		r.sleep(step)
		r.now = r.now.Add(step)
		r.in.CheckSilence(r.now)
	}
}

func (r *rig) stats() feed.Stats {
	r.in.Post()
	return r.in.Stats()
}

func (r *rig) latest(symbol string) tick.Record {
	r.t.Helper()
	var record tick.Record
	s := r.table.Lookup(symbol)
	if s == nil || s.Latest(&record) == 0 {
		r.t.Fatalf("%s has no record", symbol)
	}
	return record
}

func (r *rig) wantState(symbol string, reason subscription.StateReason) {
	r.t.Helper()
	s := r.table.Lookup(symbol)
	if s == nil {
		r.t.Fatalf("%s is not in the table", symbol)
	}
	want := map[subscription.StateReason]subscription.MarketState{
		subscription.FeedLive: subscription.Live, subscription.Venue: subscription.Halted,
		subscription.FeedSilent: subscription.Stale, subscription.BusLost: subscription.Stale,
	}[reason]
	if state := s.State(); state.Reason != reason || state.Market != want {
		r.t.Fatalf("%s is %v for reason %d, want %v for reason %d", symbol, state.Market, state.Reason, want, reason)
	}
}

func TestOrderOfEvents(t *testing.T) {
	type counts struct{ applied, duplicate, outOfOrder, olderEpoch, gaps, missing uint64 }
	for _, test := range []struct {
		name         string
		events       []tick.Event
		want         counts
		wantSequence uint64
	}{
		{"in order", []tick.Event{quote(1, 1), quote(1, 2), trade(1, 3)}, counts{applied: 3}, 3},
		{"begins in the middle", []tick.Event{quote(1, 50), quote(1, 51)}, counts{applied: 2}, 51},
		{"a hole", []tick.Event{quote(1, 1), quote(1, 5)}, counts{applied: 2, gaps: 1, missing: 3}, 5},
		{"two holes", []tick.Event{quote(1, 1), quote(1, 3), trade(1, 6)}, counts{applied: 3, gaps: 2, missing: 3}, 6},
		{"duplicate", []tick.Event{quote(1, 1), quote(1, 2), quote(1, 2)}, counts{applied: 2, duplicate: 1}, 2},
		{"late", []tick.Event{quote(1, 1), quote(1, 3), quote(1, 2)}, counts{applied: 2, outOfOrder: 1, gaps: 1, missing: 1}, 3},
		{"new epoch", []tick.Event{quote(1, 90), quote(2, 1), quote(2, 2)}, counts{applied: 3}, 2},
		{"new epoch begins in the middle", []tick.Event{quote(1, 1), quote(2, 7)}, counts{applied: 2}, 7},
		{"older epoch", []tick.Event{quote(2, 1), quote(1, 99)}, counts{applied: 1, olderEpoch: 1}, 1},
		{"holes add up over epochs", []tick.Event{quote(1, 1), quote(1, 3), quote(2, 1), quote(2, 4)}, counts{applied: 4, gaps: 2, missing: 3}, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := connected(t)
			for _, e := range test.events {
				r.send("p", "A", e)
			}
			s := r.stats()
			got := counts{s.Quotes + s.Trades, s.Dropped[feed.DropDuplicate], s.Dropped[feed.DropOutOfOrder], s.Dropped[feed.DropOlderEpoch], s.Gaps, s.Missing}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			record := r.latest("A")
			if record.Sequence != test.wantSequence || record.Missing != test.want.missing {
				t.Errorf("record has sequence %d and %d missing, want %d and %d", record.Sequence, record.Missing, test.wantSequence, test.want.missing)
			}
			if position := r.table.Lookup("A").Position(); position != test.want.applied {
				t.Errorf("%d records are published, want %d", position, test.want.applied)
			}
		})
	}
}

func TestMessageIsAppliedEventByEvent(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1), quote(1, 2), quote(1, 5))
	r.send("p", "A", quote(1, 4), quote(1, 5), quote(1, 6)) // overlaps
	s := r.stats()
	if s.Messages != 2 || s.Quotes != 4 || s.Missing != 2 || s.Dropped[feed.DropDuplicate] != 1 || s.Dropped[feed.DropOutOfOrder] != 1 {
		t.Errorf("got %+v", s)
	}
	if position := r.table.Lookup("A").Position(); position != 4 {
		t.Errorf("%d records, want 4", position)
	}
}

func TestEventThatDoesNotFitCountsAsMissing(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	big := quote(1, 2)
	big.Scales.Price, big.Quote.BidPrice = 0, tick.Some(1<<62) // does not fit the two digits of the record
	r.send("p", "A", big)
	r.send("p", "A", quote(1, 3))
	if s := r.stats(); s.Dropped[feed.DropDecimalRange] != 1 || s.Missing != 1 || s.Gaps != 1 || s.Quotes != 2 {
		t.Errorf("got %+v", s)
	}
	if record := r.latest("A"); record.Sequence != 3 || record.Missing != 1 {
		t.Errorf("record has sequence %d and %d missing", record.Sequence, record.Missing)
	}
}

func TestBadMessagesAreCountedAndSkipped(t *testing.T) {
	good := bus.AppendEventBatch(nil, "p", []tick.Event{quote(1, 1)})
	tooMany := make([]tick.Event, bus.MaxEventsPerMessage+1)
	for i := range tooMany {
		tooMany[i] = quote(1, uint64(i)+1)
	}
	for _, test := range []struct {
		name, subject string
		payload       []byte
		want          feed.DropReason
	}{
		{"other prefix", "xx.quote.A", good, feed.DropWrongSubject},
		{"prefix only", "md.", good, feed.DropWrongSubject},
		{"no token", "md.quote", good, feed.DropWrongSubject},
		{"empty token", "md.quote.", good, feed.DropWrongSubject},
		{"two tokens", "md.quote.A.B", good, feed.DropWrongSubject},
		{"unknown kind", "md.depth.A", good, feed.DropWrongSubject},
		{"kind in capitals", "md.Quote.A", good, feed.DropWrongSubject},
		{"lower-case escape", "md.quote.%2f", good, feed.DropWrongSubject},
		{"needless escape", "md.quote.%41", good, feed.DropWrongSubject},
		{"symbol with a line break", "md.quote.A%0D%0APUB", good, feed.DropWrongSubject},
		{"symbol too long", "md.quote." + strings.Repeat("A", 65), good, feed.DropWrongSubject},
		{"kind mismatch", "md.trade.A", good, feed.DropWrongKind},
		{"empty payload", "md.quote.A", nil, feed.DropMalformed},
		{"cut short", "md.quote.A", good[:len(good)-1], feed.DropMalformed},
		{"text", "md.quote.A", []byte("hello"), feed.DropMalformed},
		{"no epoch", "md.quote.A", bus.AppendEventBatch(nil, "p", []tick.Event{quote(0, 1)}), feed.DropMalformed},
		{"no sequence", "md.quote.A", bus.AppendEventBatch(nil, "p", []tick.Event{quote(1, 0)}), feed.DropMalformed},
		{"no publisher", "md.quote.A", bus.AppendEventBatch(nil, "", []tick.Event{quote(1, 1)}), feed.DropMalformed},
		{"sequence goes back", "md.quote.A", bus.AppendEventBatch(nil, "p", []tick.Event{quote(1, 2), quote(1, 1)}), feed.DropMalformed},
		{"too many bytes", "md.quote.A", make([]byte, bus.MaxPayloadBytes+1), feed.DropOversized},
		{"too many events", "md.quote.A", bus.AppendEventBatch(nil, "p", tooMany), feed.DropOversized},
		{"heartbeat of nobody", "md.heartbeat.p", nil, feed.DropMalformed},
		{"heartbeat of another", "md.heartbeat.p", bus.AppendHeartbeat(nil, "q", 1, 1), feed.DropWrongSubject},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := connected(t)
			r.in.Apply(test.subject, test.payload, r.now)
			s := r.stats()
			var want [feed.DropReasons]uint64
			want[test.want] = 1
			if s.Dropped != want {
				t.Errorf("dropped %v, want one %v", s.Dropped, test.want)
			}
			if s.Symbols != 0 || s.Publishers != 0 || len(r.table.List("", "", 10)) != 0 {
				t.Errorf("it left something behind: %+v", s)
			}
			r.send("p", "A", quote(1, 1))
			if r.latest("A").Sequence != 1 {
				t.Error("a good message after it is not applied")
			}
		})
	}
}

func TestTableFull(t *testing.T) {
	r := newRig(t, func(_ *feed.Config, c *subscription.TableConfig) { c.MaxSymbols, c.MaxPending = 2, 1 })
	r.in.Connected()
	for i, symbol := range []string{"A", "B", "C", "C"} {
		r.send("p", symbol, quote(1, uint64(i)+1))
	}
	r.send("p", "A", quote(1, 9))
	if s := r.stats(); s.Symbols != 2 || s.Dropped[feed.DropTableFull] != 2 || s.Quotes != 3 {
		t.Errorf("got %+v", s)
	}
}

func TestPublishersBeyondTheLimitAreWatchedAsOne(t *testing.T) {
	r := newRig(t, func(c *feed.Config, _ *subscription.TableConfig) { c.MaxPublishers = 2 })
	r.in.Connected()
	for i := range 5 {
		r.send(fmt.Sprint("p", i), fmt.Sprint("S", i), quote(uint64(10-i), 1))
	}
	if s := r.stats(); s.Publishers != 3 || s.OverLimit != 3 || s.Quotes != 5 {
		t.Errorf("got %+v", s)
	}
	for i := range 5 {
		r.wantState(fmt.Sprint("S", i), subscription.FeedLive)
	}
	r.pass(time.Second)
	r.heartbeat("p4", 6)
	r.pass(time.Second)
	for i, want := range []subscription.StateReason{subscription.FeedSilent, subscription.FeedSilent, subscription.FeedLive, subscription.FeedLive, subscription.FeedLive} {
		r.wantState(fmt.Sprint("S", i), want)
	}
	r.pass(time.Second)
	r.wantState("S2", subscription.FeedSilent)
}

func TestIdlePublishersAreForgotten(t *testing.T) {
	r := newRig(t, func(c *feed.Config, _ *subscription.TableConfig) { c.MaxPublishers = 10 })
	r.in.Connected()
	for i := range 100 { // one process that changes its name with every restart
		r.send(fmt.Sprint("p", i), "A", quote(uint64(i)+1, 1))
		r.pass(2 * time.Second)
	}
	if s := r.stats(); s.Publishers != 1 || s.OverLimit != 0 {
		t.Errorf("%d publishers, %d messages over the limit", s.Publishers, s.OverLimit)
	}
}

func TestLatencyFromTheVenue(t *testing.T) {
	totals := latency.NewTotals()
	r := newRig(t, func(c *feed.Config, _ *subscription.TableConfig) { c.Latency = totals })
	r.in.Connected()
	withTime := func(sequence uint64, before time.Duration) tick.Event {
		e := quote(1, sequence)
		e.TsEvent = tick.Time(r.now.Add(-before).UnixNano())
		return e
	}
	r.send("p", "A", withTime(1, 5*time.Millisecond), quote(1, 2), withTime(3, 7*time.Millisecond))
	r.in.WarmStart([]feed.Stored{r.stored("p", "B", withTime(1, time.Hour))}, r.now) // says nothing of the way
	r.in.MergeLatency()
	if got := totals.Snapshot().Stage(latency.VenueToGateway).Count(); got != 2 {
		t.Errorf("%d latencies, want those of the two live events with a time", got)
	}
}

func TestAge(t *testing.T) {
	r := connected(t)
	if _, heard := r.in.Age(); heard {
		t.Error("something was heard")
	}
	r.send("p", "A", quote(1, 1))
	r.in.Post()
	r.now = r.now.Add(3 * time.Second)
	if age, heard := r.in.Age(); !heard || age != 3*time.Second {
		t.Errorf("age %v, %v; want 3s", age, heard)
	}
}

func TestApplyDoesNotAllocate(t *testing.T) {
	r := newRig(t, func(c *feed.Config, _ *subscription.TableConfig) { c.Latency = latency.NewTotals() })
	r.in.Connected()
	subject := r.subjects.Event(tick.KindQuote, "A")
	var payload []byte
	sequence := uint64(0)
	next := func() {
		sequence++
		e := quote(1, sequence)
		e.TsEvent = tick.Time(r.now.UnixNano())
		payload = bus.AppendEventBatch(payload[:0], "p", []tick.Event{e})
	}
	next()
	r.in.Apply(subject, payload, r.now)
	encoding := testing.AllocsPerRun(100, next)
	if all := testing.AllocsPerRun(100, func() { next(); r.in.Apply(subject, payload, r.now); r.in.Post() }); all != encoding {
		t.Errorf("%v allocations for each message", all-encoding)
	}
}
