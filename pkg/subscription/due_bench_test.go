package subscription

import (
	"testing"
	"time"

	"tickgate/pkg/tick"
)

// leavingSink is a wireSink whose transport takes every batch at once.
type leavingSink struct {
	wireSink
	session *Session
}

func (k *leavingSink) SendBatch(sequence uint64) {
	k.wireSink.SendBatch(sequence)
	k.session.Handed(k.bytes)
	k.session.Left(k.bytes)
}

// The timed region is one due moment of 1,000 sessions on one connection, each with one symbol that has changed: finding out that they are due, building and
// encoding a batch for each, and taking note that it has left. Publishing the symbol, once for all, is inside; writing to a socket is not.
func BenchmarkDueMomentOfThousand(b *testing.B) {
	const sessions, interval = 1000, 100 * time.Millisecond
	now := time.Unix(0, 0)
	config := DefaultConfig()
	config.Workers = 1
	config.Now = func() time.Time { return now }
	table, err := NewTable(DefaultTableConfig())
	if err != nil {
		b.Fatal(err)
	}
	hub, err := NewHub(table, config)
	if err != nil {
		b.Fatal(err)
	}
	symbol, err := table.Open("A")
	if err != nil {
		b.Fatal(err)
	}
	table.SetState(symbol, &State{Market: Live, Reason: FeedLive})
	record := tick.NewRecord()
	publish := func() {
		event := tick.Event{Kind: tick.KindQuote, Epoch: 1, Sequence: record.Sequence + 1}
		event.Quote.BidPrice = tick.Some(int64(record.Sequence))
		if err := record.Apply(&event, tick.Time(now.UnixNano())); err != nil {
			b.Fatal(err)
		}
		table.Publish(symbol, &record)
	}
	publish()
	conn := hub.NewConn()
	w := conn.worker
	for range sessions {
		s := hub.NewSession(conn)
		s.Attach(&leavingSink{session: s})
		if _, err := s.Subscribe(Request{Symbol: symbol, Conflation: Conflation{Policy: PolicyInterval, Interval: interval}}); err != nil {
			b.Fatal(err)
		}
	}
	w.serveRound()
	before := w.stats.batches.Load()
	rounds := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		publish()
		now = now.Add(interval)
		w.takeReturned()
		w.takeDue(now)
		w.serveRound()
		rounds++
	}
	if sent := w.stats.batches.Load() - before; sent != rounds*sessions {
		b.Errorf("%d batches were sent in %d rounds of %d sessions", sent, rounds, sessions)
	}
}
