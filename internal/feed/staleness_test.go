package feed_test

import (
	"testing"
	"time"

	"tickgate/internal/feed"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestSilentPublisherTurnsItsSymbolsStale(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.send("p", "B", quote(1, 1))
	r.send("q", "C", quote(2, 1))
	for range 5 { // q sends heartbeats, p nothing
		r.pass(500 * time.Millisecond)
		r.heartbeat("q", 2)
	}
	r.wantState("A", subscription.FeedSilent)
	r.wantState("B", subscription.FeedSilent)
	r.wantState("C", subscription.FeedLive)
	if a, b := r.table.Lookup("A").State(), r.table.Lookup("B").State(); a != b {
		t.Error("two symbols that turned stale at one moment do not share the state")
	}
	if s := r.stats(); s.Publishers != 2 || s.SilentPublishers != 1 || s.Heartbeats != 5 {
		t.Errorf("got %+v", s)
	}

	r.heartbeat("p", 1)
	r.wantState("A", subscription.FeedLive)
	r.wantState("B", subscription.FeedLive)
	if s := r.stats(); s.SilentPublishers != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestStaleWithinTwoSeconds(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.pass(1500 * time.Millisecond)
	r.wantState("A", subscription.FeedLive)
	r.pass(400 * time.Millisecond)
	r.wantState("A", subscription.FeedSilent)
}

func TestEventOfOneSymbolRevivesAllOfThePublisher(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.send("p", "B", quote(1, 1))
	r.pass(2 * time.Second)
	r.send("p", "B", quote(1, 2))
	r.wantState("A", subscription.FeedLive)
	r.wantState("B", subscription.FeedLive)
}

func TestRestartedPublisherLeavesDoubt(t *testing.T) {
	for _, test := range []struct {
		name    string
		restart func(*rig)
	}{
		{"told by a heartbeat", func(r *rig) { r.heartbeat("p", 2) }},
		{"told by an event of another symbol", func(r *rig) { r.send("p", "B", quote(2, 1)) }},
		{"after a silence", func(r *rig) { r.pass(3 * time.Second); r.heartbeat("p", 2) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := connected(t)
			r.send("p", "A", quote(1, 1))
			r.send("p", "B", quote(1, 1))
			test.restart(r)
			r.wantState("A", subscription.FeedSilent)
			r.heartbeat("p", 2) // the publisher is there, but says nothing of A
			r.wantState("A", subscription.FeedSilent)
			r.send("p", "A", quote(2, 1))
			r.wantState("A", subscription.FeedLive)
		})
	}
}

func TestTwoPublishersOfOneName(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.send("p", "B", quote(2, 1)) // makes A doubtful
	r.send("p", "A", quote(1, 2))
	r.heartbeat("p", 2)
	r.heartbeat("p", 1)
	r.wantState("A", subscription.FeedLive)
	r.wantState("B", subscription.FeedLive)
	r.send("p", "C", quote(1, 1)) // a new symbol of the older one
	r.wantState("C", subscription.FeedLive)
}

func TestSymbolFollowsItsPublisher(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.send("p", "B", quote(1, 1))
	r.send("q", "A", quote(2, 1))
	r.send("p", "A", quote(1, 2)) // older epoch: does not take it back
	for range 5 {
		r.pass(500 * time.Millisecond)
		r.heartbeat("q", 2)
	}
	r.wantState("A", subscription.FeedLive)
	r.wantState("B", subscription.FeedSilent)
}

func TestHaltedByStatus(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.send("p", "A", status(1, 2, tick.StatusHalted))
	r.wantState("A", subscription.Venue)
	since := r.table.Lookup("A").State()
	r.pass(100 * time.Millisecond)
	r.send("p", "A", quote(1, 3))
	if r.table.Lookup("A").State() != since {
		t.Error("an event during the halt sets the state anew")
	}
	r.pass(2 * time.Second) // a halt that nobody confirms may be over
	r.wantState("A", subscription.FeedSilent)
	r.heartbeat("p", 1)
	r.wantState("A", subscription.Venue)
	r.send("p", "A", status(1, 4, tick.StatusTrading))
	r.wantState("A", subscription.FeedLive)
}

func TestLostBus(t *testing.T) {
	r := connected(t)
	for _, symbol := range []string{"A", "B", "C"} {
		r.send("p", symbol, quote(1, 1))
	}
	r.in.Disconnected(r.now)
	if a, b := r.table.Lookup("A").State(), r.table.Lookup("B").State(); a != b {
		t.Error("symbols do not share the state")
	}
	r.send("p", "B", quote(1, 2)) // was in the queue
	r.send("p", "D", quote(1, 1)) // likewise
	r.heartbeat("p", 1)
	for _, symbol := range []string{"A", "B", "C", "D"} {
		r.wantState(symbol, subscription.BusLost)
	}
	if r.latest("B").Sequence != 2 {
		t.Error("what was in the queue is not applied")
	}
	r.pass(time.Hour)
	r.wantState("A", subscription.BusLost)

	r.in.Connected()
	r.in.WarmStart([]feed.Stored{r.stored("p", "A", quote(1, 1)), r.stored("p", "B", quote(1, 3))}, r.now)
	r.wantState("A", subscription.FeedSilent) // read, but the publisher may be gone
	r.heartbeat("p", 1)
	r.wantState("A", subscription.FeedLive)
	r.wantState("B", subscription.FeedLive)
	r.wantState("C", subscription.BusLost)
	r.send("p", "C", quote(1, 5))
	r.wantState("C", subscription.FeedLive)
	if record := r.latest("C"); record.Missing != 3 {
		t.Errorf("%d missing, want 3", record.Missing)
	}
}

func TestDroppedMessagesLeaveDoubt(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	r.send("p", "B", quote(1, 1))
	r.in.Doubt(r.now)
	r.wantState("A", subscription.BusLost)
	r.send("p", "B", quote(1, 2))
	r.wantState("B", subscription.FeedLive)
	r.heartbeat("p", 1)
	r.wantState("A", subscription.BusLost)
	r.in.WarmStart([]feed.Stored{r.stored("p", "A", quote(1, 4))}, r.now)
	r.wantState("A", subscription.FeedLive)
}

// TestValueThatComesWhileStaleIsStaleSinceItsReceipt: what was in the queue when the bus was lost, and what a warm start finds of a publisher that is gone, is newer than what
// clients have, but no sign of life. They are told that with it.
func TestValueThatComesWhileStaleIsStaleSinceItsReceipt(t *testing.T) {
	r := connected(t)
	r.send("p", "A", quote(1, 1))
	wantStaleSinceNow := func(why subscription.StateReason) {
		t.Helper()
		r.wantState("A", why)
		if since := r.table.Lookup("A").State().Since; since != tick.Time(r.now.UnixNano()) {
			t.Errorf("stale since %d, but a value came at %d", since, r.now.UnixNano())
		}
	}
	r.in.Disconnected(r.now)
	r.pass(10 * time.Millisecond)
	r.send("p", "A", quote(1, 2))
	wantStaleSinceNow(subscription.BusLost)
	r.in.Connected()
	r.in.WarmStart([]feed.Stored{r.stored("p", "A", quote(1, 3))}, r.now)
	r.pass(10 * time.Millisecond)
	r.in.WarmStart([]feed.Stored{r.stored("p", "A", quote(1, 4))}, r.now)
	wantStaleSinceNow(subscription.FeedSilent)
}
