package feed_test

import (
	"testing"
	"time"

	"tickgate/internal/feed"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestWarmStartOfUnknownSymbols(t *testing.T) {
	r := connected(t)
	confirmed := r.in.WarmStart([]feed.Stored{
		r.stored("p", "A", quote(1, 100)),
		r.stored("p", "A", trade(1, 90)),
		r.stored("p", "A", status(1, 5, tick.StatusTrading)),
		r.stored("p", "B", trade(1, 7)),
		r.stored("p", "C", quote(2, 3)), // p has restarted before C, and not sent A and B since
	}, r.now)
	if confirmed != 3 {
		t.Errorf("%d symbols confirmed, want 3", confirmed)
	}
	record := r.latest("A")
	if record.Sequence != 100 || record.BidPrice != 100 || record.LastPrice != 90 || record.Status != tick.StatusTrading || record.Missing != 0 {
		t.Errorf("A is %+v", record)
	}
	if position := r.table.Lookup("A").Position(); position != 1 {
		t.Errorf("A has %d records, want the merged one", position)
	}
	r.wantState("C", subscription.FeedSilent)
	r.heartbeat("p", 2)
	r.wantState("C", subscription.FeedLive)
	r.wantState("A", subscription.FeedSilent)

	r.send("p", "A", quote(1, 99), quote(1, 100), quote(1, 101)) // the live path overlaps
	if record := r.latest("A"); record.Sequence != 101 || record.Missing != 0 {
		t.Errorf("A has sequence %d and %d missing", record.Sequence, record.Missing)
	}
	if s := r.stats(); s.Missing != 0 || s.Gaps != 0 || s.Quotes != 1 || s.Trades != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestWarmStartOfAKnownSymbol(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 80))
	r.in.Disconnected(r.now)
	r.in.Connected()
	r.in.WarmStart([]feed.Stored{
		r.stored("p", "A", status(1, 5, tick.StatusTrading)),
		r.stored("p", "A", quote(1, 99), quote(1, 100)),
		r.stored("p", "A", trade(1, 90)),
	}, r.now)
	record := r.latest("A")
	if record.Sequence != 100 || record.LastPrice != 90 || record.Missing != 9+8 {
		t.Errorf("A is %+v", record)
	}
	if position := r.table.Lookup("A").Position(); position != 4 {
		t.Errorf("A has %d records, want one for each newer event", position)
	}
	if s := r.stats(); s.Missing != 17 || s.Gaps != 2 || s.Dropped != [feed.DropReasons]uint64{} {
		t.Errorf("got %+v", s)
	}
}

func TestWarmStartOverEpochs(t *testing.T) {
	r := connected(t)
	r.in.WarmStart([]feed.Stored{r.stored("p", "A", trade(1, 900)), r.stored("q", "A", quote(2, 1))}, r.now)
	if record := r.latest("A"); record.Epoch != 2 || record.Presence&tick.HasLast != 0 {
		t.Errorf("the trade of the older epoch is still there: %+v", record)
	}
	r.heartbeat("q", 2)
	r.wantState("A", subscription.FeedLive)
}

func TestWarmStartSkipsBadMessages(t *testing.T) {
	r := newRig(t, func(_ *feed.Config, c *subscription.TableConfig) { c.MaxSymbols, c.MaxPending = 1, 0 })
	r.in.Connected()
	good := r.stored("p", "A", quote(1, 1))
	confirmed := r.in.WarmStart([]feed.Stored{
		{Subject: "md.depth.A", Payload: good.Payload},
		{Subject: r.subjects.Event(tick.KindTrade, "A"), Payload: good.Payload},
		{Subject: r.subjects.Event(tick.KindQuote, "B"), Payload: []byte("x")},
		good,
	}, r.now)
	if confirmed != 1 || r.latest("A").Sequence != 1 {
		t.Errorf("%d symbols confirmed, want A", confirmed)
	}
	if r.in.WarmStart([]feed.Stored{r.stored("p", "C", quote(1, 1))}, r.now) != 0 {
		t.Error("a symbol too many is confirmed")
	}
	s := r.stats()
	for reason, want := range map[feed.DropReason]uint64{feed.DropWrongSubject: 1, feed.DropWrongKind: 1, feed.DropMalformed: 1, feed.DropTableFull: 1} {
		if s.Dropped[reason] != want {
			t.Errorf("%d dropped as %v, want %d", s.Dropped[reason], reason, want)
		}
	}
}

func TestWarmStartKeepsTheHalt(t *testing.T) {
	r := connected(t)
	r.in.WarmStart([]feed.Stored{r.stored("p", "A", status(1, 9, tick.StatusHalted)), r.stored("p", "A", quote(1, 3))}, r.now)
	r.wantState("A", subscription.FeedSilent)
	r.heartbeat("p", 1)
	r.wantState("A", subscription.Venue)
}

// TestSymbolBeginsWithWhatCameLiveMeanwhile: the stored quote was replaced while the stream was read, so only the trade after it was; the quote that replaced it is
// waiting. Nobody sees the symbol without a quote.
func TestSymbolBeginsWithWhatCameLiveMeanwhile(t *testing.T) {
	r := connected(t)
	r.in.BeginWarmStart([]feed.Stored{r.stored("p", "A", trade(1, 3))}, r.now)
	if position := r.table.Lookup("A").Position(); position != 0 {
		t.Errorf("A has %d records before the live messages were applied", position)
	}
	r.send("p", "A", trade(1, 3)) // the live path overlaps
	r.send("p", "A", quote(1, 5))
	r.in.EndWarmStart(r.now)
	record := r.latest("A")
	if record.Sequence != 5 || record.BidPrice != 5 || record.LastPrice != 3 || record.Missing != 0 {
		t.Errorf("A is %+v", record)
	}
	if position := r.table.Lookup("A").Position(); position != 1 {
		t.Errorf("A has %d records, want the merged one", position)
	}
	r.wantState("A", subscription.FeedLive)
	r.send("p", "A", quote(1, 7))
	if s := r.stats(); s.Missing != 1 || s.Gaps != 1 {
		t.Errorf("got %+v, want one missing after the beginning", s)
	}
}

// TestStateComesBeforeWarmValues: a newer value of a symbol that stays stale is never seen under an older state than that of the moment at which it was read.
func TestStateComesBeforeWarmValues(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.in.Disconnected(r.now)
	r.in.Connected()
	r.pass(time.Second)
	r.in.BeginWarmStart([]feed.Stored{r.stored("p", "A", quote(1, 2))}, r.now)
	r.wantState("A", subscription.FeedSilent)
	if state, record := r.table.Lookup("A").State(), r.latest("A"); state.Since < record.TsRecv {
		t.Errorf("A is stale since %v, before its value was read at %v", state.Since, record.TsRecv)
	}
}
