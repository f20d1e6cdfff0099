package subscription

import (
	"fmt"
	"testing"
	"time"

	"tickgate/internal/wire"
	"tickgate/pkg/tick"
)

// wireSink encodes as a transport would, and throws the bytes away.
type wireSink struct {
	batch   wire.Batch
	memory  []byte
	started bool
	now     time.Time
	bytes   int
}

func (k *wireSink) Begin(now time.Time) { k.now, k.started = now, false }

func (k *wireSink) open() {
	if !k.started {
		k.started = true
		k.batch.Begin(k.memory, tick.Time(k.now.UnixNano()))
	}
}

func (k *wireSink) Announce(s *Symbol, r *tick.Record, state *State) {
	k.open()
	k.batch.Instrument(s.Name(), s.ID(), r, uint8(state.Market))
}

func (k *wireSink) Append(u *Update) Room {
	k.open()
	k.batch.Update(u.Symbol.ID(), u.Sequence, u.Record, u.Changed, u.Conflated, u.Snapshot)
	return MoreRoom
}

func (k *wireSink) SendBatch(sequence uint64) {
	k.bytes = len(k.batch.Finish(sequence))
	k.memory = k.batch.Memory()
}

func (k *wireSink) SendGap(Gap)               {}
func (k *wireSink) SendState(*Symbol, *State) {}
func (k *wireSink) Recycle()                  {}
func (k *wireSink) Care(time.Time)            {}

// tenSymbols returns a session that is subscribed to ten symbols with a quote each, and has been sent their snapshots.
func tenSymbols(tb testing.TB) (*Session, []*subscription) {
	tb.Helper()
	table, err := NewTable(DefaultTableConfig())
	if err != nil {
		tb.Fatal(err)
	}
	config := DefaultConfig()
	config.Workers = 1
	hub, err := NewHub(table, config)
	if err != nil {
		tb.Fatal(err)
	}
	sink := &wireSink{}
	session := hub.NewSession(hub.NewConn())
	session.Attach(sink)
	var subs []*subscription
	for i := range 10 {
		name := fmt.Sprintf("SYMBOL%d.VENUE", i)
		opened, err := table.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		table.SetState(opened, &State{Market: Live, Reason: FeedLive})
		record := tick.NewRecord()
		for n := range 3 {
			quote := tick.Quote{BidPrice: tick.Some(6183763), BidSize: tick.Some(int64(1234 + n)), AskPrice: tick.Some(6183764), AskSize: tick.Some(int64(31439 - n))}
			event := tick.Event{Kind: tick.KindQuote, Scales: tick.Scales{Price: 2, Size: 3}, Epoch: 1, Sequence: uint64(n + 1), TsEvent: tick.Time(n + 1), Quote: quote}
			if err := record.Apply(&event, tick.Time(time.Now().UnixNano())); err != nil {
				tb.Fatal(err)
			}
			table.Publish(opened, &record)
		}
		symbol, err := table.Acquire(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := session.Subscribe(Request{Symbol: symbol, Conflation: Conflation{Policy: PolicyLatest}}); err != nil {
			tb.Fatal(err)
		}
		subs = append(subs, session.subscriptions.get(symbol))
	}
	session.sendReady()
	session.batchOut = false
	return session, subs
}

// rewind makes every subscription one event old again, and ready.
func rewind(s *Session, subs []*subscription) {
	for _, sub := range subs {
		sub.lastPosition--
		sub.lastSequence--
		sub.ready = true
		s.ready = append(s.ready, sub)
	}
	s.batchOut = false
}

// The timed region is building and encoding one batch of ten quote updates: reading ten rings, deciding what changed, and appending the bytes.
// Publishing and sending are outside.
func BenchmarkBatchOfTen(b *testing.B) {
	session, subs := tenSymbols(b)
	benchmarkBatches(b, session, subs)
}

// BenchmarkBatchOfTenImplied is BenchmarkBatchOfTen for a client that works sequences out.
func BenchmarkBatchOfTenImplied(b *testing.B) {
	session, subs := tenSymbols(b)
	for _, sub := range subs {
		sub.numbering = numberNone
	}
	benchmarkBatches(b, session, subs)
}

func benchmarkBatches(b *testing.B, session *Session, subs []*subscription) {
	b.ReportAllocs()
	for b.Loop() {
		rewind(session, subs)
		session.sendReady()
	}
	b.ReportMetric(float64(session.sink.(*wireSink).bytes), "bytes/batch")
}

func TestBatchDoesNotAllocate(t *testing.T) {
	session, subs := tenSymbols(t)
	if n := testing.AllocsPerRun(1000, func() {
		rewind(session, subs)
		session.sendReady()
	}); n != 0 {
		t.Errorf("building a batch of ten allocates %v times, want 0", n)
	}
}
