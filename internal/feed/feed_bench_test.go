package feed_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feed"
	"tickgate/internal/latency"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

const benchSymbols = 100

// benchMessages are messages of one event each, of symbols in turn, as a feed encodes them; the sequence is patched in for each round.
type benchMessages struct {
	subjects [benchSymbols]string
	events   [benchSymbols]tick.Event
	payload  []byte
}

func newBenchMessages(subjects bus.Subjects) *benchMessages {
	m := &benchMessages{}
	for i := range benchSymbols {
		m.subjects[i] = subjects.Event(tick.KindQuote, symbolName(i))
		m.events[i] = tick.Event{Kind: tick.KindQuote, Epoch: 1, Scales: tick.Scales{Price: 2, Size: 3}, Quote: tick.Quote{
			BidPrice: tick.Some(6_543_210), BidSize: tick.Some(55_000), AskPrice: tick.Some(6_543_211), AskSize: tick.Some(34_000)}}
	}
	return m
}

// next returns the n-th message. The payload is overwritten by the next call.
func (m *benchMessages) next(n int, now time.Time) (subject string, payload []byte) {
	i := n % benchSymbols
	e := &m.events[i]
	e.Sequence++
	e.TsEvent = tick.Time(now.UnixNano())
	e.Quote.BidSize.Mantissa += int64(n & 7)
	m.payload = bus.AppendEventBatch(m.payload[:0], "venue", m.events[i:i+1])
	return m.subjects[i], m.payload
}

// BenchmarkApply times decoding, ordering, merging and publishing one message of one event, clock and latency included; encoding, which the
// publisher does, is left out by making batches of messages while the timer stands.
func BenchmarkApply(b *testing.B) {
	const batch = 10_000
	config := feed.DefaultConfig()
	config.Latency = latency.NewTotals()
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		b.Fatal(err)
	}
	table, err := subscription.NewTable(subscription.DefaultTableConfig())
	if err != nil {
		b.Fatal(err)
	}
	in, err := feed.NewIngester(config, subjects, table)
	if err != nil {
		b.Fatal(err)
	}
	in.Connected()
	messages := newBenchMessages(subjects)
	type message struct {
		subject string
		payload []byte
	}
	made := make([]message, batch)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += batch {
		b.StopTimer()
		for i := range made {
			subject, payload := messages.next(n+i, time.Now())
			made[i].subject, made[i].payload = subject, append(made[i].payload[:0], payload...)
		}
		b.StartTimer()
		for i := range made[:min(batch, b.N-n)] {
			in.Apply(made[i].subject, made[i].payload, time.Now())
		}
		in.Post()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFeed times messages of one event from a publisher through an embedded server into the rings: publisher, server, nats.go and feed share the
// machine's cores. The publisher stays a bounded number of messages ahead, so that nothing is dropped.
func BenchmarkFeed(b *testing.B) {
	for _, way := range []string{"socket", "in process"} {
		b.Run(way, func(b *testing.B) {
			server := startServer(b, "127.0.0.1:0", "")
			connection := server.Connection()
			if way == "socket" {
				connection = bus.Connection{URL: server.URL()}
			}
			r := run(b, connection, nil)
			r.waitReady(b)
			publisher := connect(b, server.URL())
			messages := newBenchMessages(r.subjects)
			const ahead = 60_000
			b.ResetTimer()
			for n := range b.N {
				subject, payload := messages.next(n, time.Unix(0, int64(n)))
				if err := publisher.Publish(subject, payload); err != nil {
					b.Fatal(err)
				}
				for n%1024 == 0 && n-int(r.Stats().Quotes) > ahead { // signed: the feed may have counted this one already
					runtime.Gosched()
				}
			}
			if err := publisher.Flush(); err != nil {
				b.Fatal(err)
			}
			for r.Stats().Quotes < uint64(b.N) {
				runtime.Gosched()
			}
			b.StopTimer()
			if s := r.Stats(); s.BusDropped != 0 || s.Missing != 0 {
				b.Fatalf("dropped: %+v", s)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkDelivery compares the ways in which nats.go hands messages over, with decoding as the work. It is why the feed takes a channel: it is as fast as
// any, and its goroutine can wait for other things too.
func BenchmarkDelivery(b *testing.B) {
	for _, way := range []string{"callback", "channel", "next message"} {
		b.Run(way, func(b *testing.B) { benchmarkDelivery(b, way) })
	}
}

func benchmarkDelivery(b *testing.B, way string) {
	server := startServer(b, "127.0.0.1:0", "")
	reader, publisher := connect(b, server.URL()), connect(b, server.URL())
	if err := reader.FlushTimeout(5 * time.Second); err != nil {
		b.Fatal(err)
	}
	var decoder bus.Decoder
	var received atomic.Int64
	receive := func(m *nats.Msg) {
		if err := decoder.Decode(tick.KindQuote, m.Data); err != nil {
			b.Error(err)
		}
		received.Add(1)
	}
	if err := deliver(reader, way, b.N, receive); err != nil {
		b.Fatal(err)
	}
	if err := reader.Flush(); err != nil {
		b.Fatal(err)
	}
	subjects, _ := bus.NewSubjects(bus.DefaultPrefix)
	messages := newBenchMessages(subjects)
	const ahead = 60_000
	b.ResetTimer()
	for n := range b.N {
		subject, payload := messages.next(n, time.Unix(0, int64(n)))
		if err := publisher.Publish(subject, payload); err != nil {
			b.Fatal(err)
		}
		for n%1024 == 0 && int64(n)-received.Load() > ahead {
			runtime.Gosched()
		}
	}
	if err := publisher.Flush(); err != nil {
		b.Fatal(err)
	}
	for received.Load() < int64(b.N) {
		runtime.Gosched()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// deliver passes n messages to receive, all on one goroutine.
func deliver(connection *nats.Conn, way string, n int, receive func(*nats.Msg)) error {
	const wildcard, limit = "md.>", 1 << 17
	switch way {
	case "callback":
		s, err := connection.Subscribe(wildcard, receive)
		if err != nil {
			return err
		}
		return s.SetPendingLimits(limit, 1<<30)
	case "channel":
		messages := make(chan *nats.Msg, limit)
		go func() {
			for range n {
				receive(<-messages)
			}
		}()
		_, err := connection.ChanSubscribe(wildcard, messages)
		return err
	case "next message":
		s, err := connection.SubscribeSync(wildcard)
		if err != nil {
			return err
		}
		go func() {
			for range n {
				m, err := s.NextMsg(10 * time.Second)
				if err != nil {
					return
				}
				receive(m)
			}
		}()
		return s.SetPendingLimits(limit, 1<<30)
	}
	return fmt.Errorf("no way %q", way)
}
