package latency

import (
	"iter"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Distribution is the values of one stage. One that was returned to a caller is never changed again. It is stored sparsely: its size goes by the
// number of different values.
type Distribution struct {
	histogram *hdrhistogram.PackedHistogram
	geometry  geometry
	sumMicros float64 // exact to 2^53 microseconds, which is 285 years
	maxMicros int64
	clamped   uint64
}

func newDistribution(digits int) *Distribution {
	return &Distribution{histogram: hdrhistogram.NewPacked(lowestMicros, MaxMicros, digits), geometry: geometryOf(int64(digits))}
}

// Count returns the number of values.
func (d *Distribution) Count() uint64 { return uint64(d.histogram.TotalCount()) }

// SumMicros returns the sum of all values in microseconds.
func (d *Distribution) SumMicros() float64 { return d.sumMicros }

// Clamped returns how many values were below 0 and taken as 0, or above MaxMicros and taken as that.
func (d *Distribution) Clamped() uint64 { return d.clamped }

// Bucket is the values from LowMicros to HighMicros, both included, which are not told apart.
type Bucket struct {
	LowMicros, HighMicros int64
	Count                 uint64 // at least 1
}

// Buckets returns the buckets that have values, in ascending order.
func (d *Distribution) Buckets() iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		d.histogram.ForEachBucket(func(low, count int64) bool {
			return yield(Bucket{LowMicros: low, HighMicros: min(d.geometry.highest(low), MaxMicros), Count: uint64(count)})
		})
	}
}

// Since returns what has been added to an earlier state of the same distribution. A bucket that shrank counts as unchanged, so that a
// total of such differences never falls. A nil before is an empty one.
func (d *Distribution) Since(before *Distribution) *Distribution {
	if before == nil {
		return d
	}
	had := make(map[int64]uint64)
	for b := range before.Buckets() {
		had[b.LowMicros] = b.Count
	}
	added := newDistribution(totalDigits)
	for b := range d.Buckets() {
		if b.Count > had[b.LowMicros] {
			added.add(b, b.Count-had[b.LowMicros])
		}
	}
	added.clamped = d.clamped - min(d.clamped, before.clamped)
	return added
}

// add takes count values out of a bucket, each as the bucket's middle. It does nothing if more than 2^63 values were to come together.
func (d *Distribution) add(b Bucket, count uint64) {
	middle := b.LowMicros + (b.HighMicros-b.LowMicros)/2
	if d.histogram.RecordValues(middle, int64(count)) != nil {
		return
	}
	d.sumMicros += float64(middle) * float64(count)
	d.maxMicros = max(d.maxMicros, b.HighMicros)
}

// merge adds the values of another.
func (d *Distribution) merge(from *Distribution) {
	d.histogram.Merge(from.histogram)
	d.sumMicros += from.sumMicros
	d.maxMicros = max(d.maxMicros, from.maxMicros)
	d.clamped += from.clamped
}

func (d *Distribution) clone() *Distribution {
	c := *d
	c.histogram = d.histogram.Clone()
	return &c
}
