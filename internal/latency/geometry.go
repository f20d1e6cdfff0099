package latency

import "math/bits"

// Every histogram here holds whole microseconds up to MaxMicros.
const (
	lowestMicros = 1
	// MaxMicros is the greatest value that is told apart: 60 s.
	MaxMicros = 60_000_000

	totalDigits  = 3 // of recorders, totals and what clients report
	streamDigits = 2
)

const (
	nanosPerMicro = 1_000
	maxNanos      = MaxMicros * nanosPerMicro
)

// micros rounds a difference of two clocks to microseconds. One below 0 or above MaxMicros is clamped.
func micros(nanos int64) (value int64, clamped uint64) {
	switch {
	case nanos < 0:
		return 0, 1
	case nanos > maxNanos:
		return MaxMicros, 1
	}
	return (nanos + nanosPerMicro/2) / nanosPerMicro, 0
}

// geometry is how HdrHistogram lays out its buckets for a number of significant digits: values below 2*half have a bucket each; from there on, each
// doubling of the value has half buckets, each twice as wide as those before.
type geometry struct{ halfBits int }

// geometryOf returns the least power of two that gives the digits their precision, as HdrHistogram does.
func geometryOf(digits int64) geometry {
	needed := uint64(2)
	for range digits {
		needed *= 10
	}
	return geometry{halfBits: bits.Len64(needed-1) - 1}
}

// doublings returns how often the width of a value's bucket was doubled.
func (g geometry) doublings(value int64) int { return max(0, bits.Len64(uint64(value))-g.halfBits-1) }

// highest returns the highest value in the bucket that begins at low.
func (g geometry) highest(low int64) int64 { return low + 1<<g.doublings(low) - 1 }

// index returns the place of a value's bucket in the array of all.
func (g geometry) index(value int64) int {
	d := g.doublings(value)
	return d<<g.halfBits + int(value>>d)
}
