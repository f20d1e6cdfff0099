package telemetry

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/latency"
)

// The native histogram's buckets: each is 2^(1/8) times as wide as the one below, 9 %.
const (
	nativeSchema     = 3
	bucketsPerDouble = 1 << nativeSchema
	// maxEmptyRun is how many empty buckets in a row are cheaper to write out than to begin a new span, as client_golang has it.
	maxEmptyRun = 2
)

const microsPerMilli = 1000

// classicBounds returns the upper bounds of the classic buckets in milliseconds; values equal to a bound are within it.
func classicBounds() []float64 {
	return []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000}
}

// LatencyDesc returns the description that LatencyMetrics needs: one family of milliseconds with the label stage.
func LatencyDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"stage"}, nil)
}

// LatencyMetrics returns one histogram for each stage, classic and native at once.
//
// The HdrHistogram's buckets are narrower than any of Prometheus' by far (0.1 %). One that lies across a bound counts where its middle
// is, in every scrape, so that no count ever falls.
func LatencyMetrics(desc *prometheus.Desc, snapshot *latency.Snapshot) []prometheus.Metric {
	var metrics []prometheus.Metric
	for _, stage := range latency.Stages() {
		metrics = append(metrics, &latencyMetric{
			desc:      desc,
			labels:    prometheus.MakeLabelPairs(desc, []string{stage.String()}),
			histogram: newHistogram(snapshot.Stage(stage)),
		})
	}
	return metrics
}

// latencyMetric is a histogram that was made elsewhere. It is not changed after it was made.
type latencyMetric struct {
	desc      *prometheus.Desc
	labels    []*dto.LabelPair
	histogram *dto.Histogram
}

// Desc implements prometheus.Metric.
func (m *latencyMetric) Desc() *prometheus.Desc { return m.desc }

// Write implements prometheus.Metric.
func (m *latencyMetric) Write(out *dto.Metric) error {
	out.Label = m.labels
	out.Histogram = m.histogram
	return nil
}

func newHistogram(d *latency.Distribution) *dto.Histogram {
	h := &dto.Histogram{
		SampleCount: proto.Uint64(d.Count()),
		SampleSum:   proto.Float64(d.SumMicros() / microsPerMilli),
		Schema:      proto.Int32(nativeSchema),
		// Above 0, it also tells an empty histogram to be a native one.
		ZeroThreshold: proto.Float64(prometheus.DefNativeHistogramZeroThreshold),
	}
	bounds := classicBounds()
	classic := make([]uint64, len(bounds)+1) // the last is above all bounds
	var native nativeBuckets
	var zeros uint64
	at := 0
	for b := range d.Buckets() {
		millis := float64(b.LowMicros+b.HighMicros) / 2 / microsPerMilli
		for at < len(bounds) && millis > bounds[at] {
			at++
		}
		classic[at] += b.Count
		if millis == 0 {
			zeros += b.Count
			continue
		}
		native.add(nativeIndex(millis), int64(b.Count))
	}
	h.Bucket = cumulate(bounds, classic)
	h.ZeroCount = proto.Uint64(zeros)
	h.PositiveSpan, h.PositiveDelta = native.finish()
	return h
}

func cumulate(bounds []float64, counts []uint64) []*dto.Bucket {
	buckets := make([]*dto.Bucket, len(bounds))
	var below uint64
	for i, bound := range bounds {
		below += counts[i]
		buckets[i] = &dto.Bucket{UpperBound: proto.Float64(bound), CumulativeCount: proto.Uint64(below)}
	}
	return buckets
}

// nativeIndex returns the bucket of a value above 0: bucket i ends at 2^(i/8), which is within it.
func nativeIndex(value float64) int {
	return int(math.Ceil(math.Log2(value) * bucketsPerDouble))
}

// nativeBuckets builds the sparse form: spans of neighbouring buckets, and the difference of each bucket's count from the one before.
type nativeBuckets struct {
	spans  []*dto.BucketSpan
	deltas []int64
	next   int   // index after the last bucket written
	count  int64 // of the bucket being filled, whose index is next-1
	before int64 // count of the bucket before it
}

// add counts values in a bucket; indexes come in ascending order.
func (n *nativeBuckets) add(index int, count int64) {
	if len(n.spans) > 0 && index == n.next-1 {
		n.count += count
		return
	}
	n.flush()
	switch gap := index - n.next; {
	case len(n.spans) == 0 || gap > maxEmptyRun:
		n.spans = append(n.spans, &dto.BucketSpan{Offset: proto.Int32(int32(gap)), Length: proto.Uint32(0)})
	default:
		for range gap {
			n.write(0)
		}
	}
	n.count, n.next = count, index+1
}

// flush writes the bucket being filled.
func (n *nativeBuckets) flush() {
	if len(n.spans) > 0 {
		n.write(n.count)
	}
}

func (n *nativeBuckets) write(count int64) {
	*n.spans[len(n.spans)-1].Length++
	n.deltas = append(n.deltas, count-n.before)
	n.before = count
}

// finish returns the sparse form.
func (n *nativeBuckets) finish() ([]*dto.BucketSpan, []int64) {
	n.flush()
	return n.spans, n.deltas
}
