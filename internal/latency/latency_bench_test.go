package latency_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"tickgate/internal/latency"
)

// someNanos returns latencies around 500 us, drawn before the clock runs.
func someNanos() [1 << 12]int64 {
	var nanos [1 << 12]int64
	for i := range nanos {
		nanos[i] = int64(rand.ExpFloat64() * float64(500*time.Microsecond))
	}
	return nanos
}

// BenchmarkRecord times one value.
func BenchmarkRecord(b *testing.B) {
	nanos := someNanos()
	for name, r := range map[string]recording{"worker": latency.NewRecorder(), "stream": new(latency.StreamRecorder)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Record(latency.Gateway, nanos[i%len(nanos)])
			}
		})
	}
}

// BenchmarkTryMergeInto times moving 4,096 values of one stage, and recording them.
func BenchmarkTryMergeInto(b *testing.B) {
	nanos, recorder, totals := someNanos(), latency.NewRecorder(), latency.NewTotals()
	b.ReportAllocs()
	for b.Loop() {
		for _, n := range nanos {
			recorder.Record(latency.Gateway, n)
		}
		recorder.TryMergeInto(totals)
	}
}

// BenchmarkEncode times one histogram of a report.
func BenchmarkEncode(b *testing.B) {
	for name, r := range map[string]recording{"worker": latency.NewRecorder(), "stream": new(latency.StreamRecorder)} {
		for _, n := range someNanos() {
			r.Record(latency.Gateway, n)
		}
		d := snapshotOf(r).Stage(latency.Gateway)
		var encoder latency.Encoder
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := encoder.Encode(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode times one client's report of the usual size.
func BenchmarkDecode(b *testing.B) {
	recorder := new(latency.StreamRecorder)
	for _, n := range someNanos() {
		recorder.Record(latency.Gateway, n)
	}
	encoded, err := new(latency.Encoder).Encode(recorder.Snapshot().Stage(latency.Gateway))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := latency.Decode(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
