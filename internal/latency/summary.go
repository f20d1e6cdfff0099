package latency

// Summary is a distribution in a few numbers, in microseconds. All are 0 where there are no values.
type Summary struct {
	Count               uint64
	P50, P90, P99, P999 uint64 // highest value of the percentile's bucket, at most Max
	Max                 uint64 // exact; of a reported distribution, as exact as its buckets
	Clamped             uint64
}

// Summary returns the distribution's numbers.
func (d *Distribution) Summary() Summary {
	percentiles := d.histogram.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9})
	value := func(i int) uint64 { return uint64(min(percentiles[i], d.maxMicros)) }
	return Summary{
		Count: d.Count(),
		P50:   value(0), P90: value(1), P99: value(2), P999: value(3),
		Max:     uint64(d.maxMicros),
		Clamped: d.clamped,
	}
}
