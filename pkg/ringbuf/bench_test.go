package ringbuf_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

const (
	benchDepth   = 64
	benchRecords = 1 << 12 // 622 KB: the source of the records stays in the second-level cache
)

// BenchmarkPublish times publishing one packed record of a busy ticker. Making and packing the records is outside the timed region; a step
// through the precomputed sequence is inside. "polled" has one more goroutine that calls Latest without a pause.
//
// A lone writer is served faster by an uncontended mutex. What the ring buys is not throughput: no reader can hold the writer up.
func BenchmarkPublish(b *testing.B) {
	records := tickerRecords(b, benchRecords)
	b.Run("ring", func(b *testing.B) {
		ring := newRing(b, benchDepth, tick.RecordWords)
		timePublish(b, records, func(words *tick.Words) { ring.Publish(words[:]) })
	})
	b.Run("ring-polled", func(b *testing.B) {
		ring := newRing(b, benchDepth, tick.RecordWords)
		poll(b, func(words *tick.Words) { ring.Latest(words[:]) })
		timePublish(b, records, func(words *tick.Words) { ring.Publish(words[:]) })
	})
	b.Run("baseline-mutex", func(b *testing.B) {
		timePublish(b, records, newMutexRing(benchDepth).publish)
	})
	b.Run("baseline-mutex-polled", func(b *testing.B) {
		ring := newMutexRing(benchDepth)
		poll(b, func(words *tick.Words) { ring.latest(words) })
		timePublish(b, records, ring.publish)
	})
	b.Run("baseline-channel", func(b *testing.B) {
		channel := make(chan tick.Words, benchDepth)
		timePublish(b, records, func(words *tick.Words) { publishToChannel(channel, words) })
	})
}

func timePublish(b *testing.B, records []tick.Words, publish func(*tick.Words)) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		publish(&records[i%benchRecords])
	}
}

// poll calls latest in a goroutine until the benchmark is over.
func poll(b *testing.B, latest func(*tick.Words)) {
	var stop atomic.Bool
	var poller sync.WaitGroup
	poller.Go(func() {
		var words tick.Words
		for !stop.Load() {
			latest(&words)
		}
	})
	b.Cleanup(func() {
		stop.Store(true)
		poller.Wait()
	})
}

// BenchmarkLatest times copying the newest record out while nobody writes. A channel has no such operation.
func BenchmarkLatest(b *testing.B) {
	records := tickerRecords(b, benchRecords)
	b.Run("ring", func(b *testing.B) {
		ring := newRing(b, benchDepth, tick.RecordWords)
		ring.Publish(records[0][:])
		var words tick.Words
		b.ReportAllocs()
		for b.Loop() {
			ring.Latest(words[:])
		}
	})
	b.Run("baseline-mutex", func(b *testing.B) {
		ring := newMutexRing(benchDepth)
		ring.publish(&records[0])
		var words tick.Words
		b.ReportAllocs()
		for b.Loop() {
			ring.latest(&words)
		}
	})
}

// BenchmarkRead times copying one record out by its position, oldest to newest, while nobody writes. The channel cannot be read twice, so
// its figure includes putting the record back.
func BenchmarkRead(b *testing.B) {
	records := tickerRecords(b, benchRecords)[:benchDepth-1]
	b.Run("ring", func(b *testing.B) {
		ring := newRing(b, benchDepth, tick.RecordWords)
		for i := range records {
			ring.Publish(records[i][:])
		}
		var words tick.Words
		b.ReportAllocs()
		for i := uint64(0); b.Loop(); i++ {
			if ring.Read(1+i%(benchDepth-1), words[:]).Status != ringbuf.Copied {
				b.Fatal("lapped without a writer")
			}
		}
	})
	b.Run("baseline-mutex", func(b *testing.B) {
		ring := newMutexRing(benchDepth)
		for i := range records {
			ring.publish(&records[i])
		}
		var words tick.Words
		b.ReportAllocs()
		for i := uint64(0); b.Loop(); i++ {
			if !ring.read(1+i%(benchDepth-1), &words) {
				b.Fatal("lapped without a writer")
			}
		}
	})
	b.Run("baseline-channel", func(b *testing.B) {
		channel := make(chan tick.Words, benchDepth)
		for i := range records {
			channel <- records[i]
		}
		b.ReportAllocs()
		for b.Loop() {
			channel <- <-channel
		}
	})
}
