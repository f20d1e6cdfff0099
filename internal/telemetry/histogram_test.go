package telemetry_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"tickgate/internal/latency"
	"tickgate/internal/telemetry"
)

const name = "tickgate_latency_milliseconds"

// nativeFactor asks client_golang for the schema that we write.
const nativeFactor = 1.1

// fixed is a collector that sends the metrics of one snapshot.
type fixed struct {
	desc     *prometheus.Desc
	snapshot *latency.Snapshot
}

func newFixed(snapshot *latency.Snapshot) fixed {
	return fixed{desc: telemetry.LatencyDesc(name, "Latency by stage."), snapshot: snapshot}
}

// Describe implements prometheus.Collector.
func (c fixed) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// Collect implements prometheus.Collector.
func (c fixed) Collect(out chan<- prometheus.Metric) {
	for _, metric := range telemetry.LatencyMetrics(c.desc, c.snapshot) {
		out <- metric
	}
}

// record returns a snapshot of values in microseconds, all of one stage.
func record(micros ...int64) *latency.Snapshot {
	recorder, totals := latency.NewRecorder(), latency.NewTotals()
	for _, v := range micros {
		recorder.Record(latency.Gateway, v*1_000)
	}
	recorder.MergeInto(totals)
	return totals.Snapshot()
}

// converted returns our histogram of a snapshot's one stage.
func converted(t interface{ Fatal(...any) }, snapshot *latency.Snapshot) *dto.Histogram {
	var m dto.Metric
	metrics := telemetry.LatencyMetrics(telemetry.LatencyDesc(name, "Latency by stage."), snapshot)
	if err := metrics[latency.Gateway-latency.VenueToGateway].Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram()
}

// observed returns what client_golang's own histogram makes of the same values, with the same classic bounds.
func observed(t interface{ Fatal(...any) }, like *dto.Histogram, micros ...int64) *dto.Histogram {
	var bounds []float64
	for _, b := range like.GetBucket() {
		bounds = append(bounds, b.GetUpperBound())
	}
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Buckets: bounds, NativeHistogramBucketFactor: nativeFactor})
	for _, v := range micros {
		h.Observe(float64(v) / 1_000)
	}
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram()
}

// TestExactValuesAgreeWithClientGolang: where the HdrHistogram tells every microsecond apart, ours is client_golang's histogram to the letter.
func TestExactValuesAgreeWithClientGolang(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOf(rapid.OneOf(
			rapid.Int64Range(0, 2_047), rapid.SampledFrom([]int64{0, 1, 100, 125, 200, 250, 500, 1_000, 2_000}),
		)).Draw(t, "micros")
		got := converted(t, record(micros...))
		want := observed(t, got, micros...)
		want.CreatedTimestamp = nil
		if math.Abs(got.GetSampleSum()-want.GetSampleSum()) > 1e-9*(1+want.GetSampleSum()) {
			t.Fatalf("sum %v, want %v", got.GetSampleSum(), want.GetSampleSum())
		}
		want.SampleSum = got.SampleSum // added up in another order
		if !proto.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
}

// TestAllValuesAgreeWithinPrecision: every count up to a bound lies between client_golang's counts up to a bound 0.1 % lower and one 0.1 % higher.
func TestAllValuesAgreeWithinPrecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.Int64Range(0, latency.MaxMicros), 1, 200).Draw(t, "micros")
		got := converted(t, record(micros...))
		upTo := func(millis float64) (count uint64) {
			for _, v := range micros {
				if float64(v)/1_000 <= millis {
					count++
				}
			}
			return count
		}
		check := func(kind string, bound float64, count uint64) {
			if count < upTo(bound*0.999) || count > upTo(bound*1.001) {
				t.Fatalf("%s: %d values up to %v ms, want %d to %d", kind, count, bound, upTo(bound*0.999), upTo(bound*1.001))
			}
		}
		for _, b := range got.GetBucket() {
			check("classic", b.GetUpperBound(), b.GetCumulativeCount())
		}
		below := got.GetZeroCount()
		for _, b := range nativeBuckets(got) {
			below += b.count
			check("native", b.upper, below)
		}
		if below != got.GetSampleCount() || below != uint64(len(micros)) {
			t.Fatalf("%d values in native buckets, %d said, want %d", below, got.GetSampleCount(), len(micros))
		}
	})
}

type nativeBucket struct {
	upper float64
	count uint64
}

// nativeBuckets reads the sparse form as Prometheus does.
func nativeBuckets(h *dto.Histogram) []nativeBucket {
	var buckets []nativeBucket
	index, count, next := 0, int64(0), 0
	for _, span := range h.GetPositiveSpan() {
		index += int(span.GetOffset())
		for range span.GetLength() {
			count += h.GetPositiveDelta()[next]
			buckets = append(buckets, nativeBucket{upper: math.Exp2(float64(index) / math.Exp2(float64(h.GetSchema()))), count: uint64(count)})
			index, next = index+1, next+1
		}
	}
	return buckets
}

// TestCountsNeverFall: a counter that falls would look like a restart to Prometheus.
func TestCountsNeverFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.SliceOfN(rapid.Int64Range(0, latency.MaxMicros), 2, 100).Draw(t, "micros")
		earlier := rapid.IntRange(1, len(micros)-1).Draw(t, "earlier")
		before, after := converted(t, record(micros[:earlier]...)), converted(t, record(micros...))
		for i, b := range before.GetBucket() {
			if after.GetBucket()[i].GetCumulativeCount() < b.GetCumulativeCount() {
				t.Fatalf("up to %v ms: %d fell to %d", b.GetUpperBound(), b.GetCumulativeCount(), after.GetBucket()[i].GetCumulativeCount())
			}
		}
		now := make(map[float64]uint64)
		for _, b := range nativeBuckets(after) {
			now[b.upper] = b.count
		}
		for _, b := range nativeBuckets(before) {
			if now[b.upper] < b.count {
				t.Fatalf("native to %v ms: %d fell to %d", b.upper, b.count, now[b.upper])
			}
		}
	})
}

func TestTextScrape(t *testing.T) {
	recorder, totals := latency.NewRecorder(), latency.NewTotals()
	for _, micros := range []int64{100, 101, 7_000, 60_000_000} {
		recorder.Record(latency.Gateway, micros*1_000)
	}
	recorder.Record(latency.VenueToGateway, -5)
	recorder.MergeInto(totals)
	collector := newFixed(totals.Snapshot())
	problems, err := testutil.CollectAndLint(collector)
	// The design asks for milliseconds; Prometheus prefers seconds.
	if err != nil || len(problems) > 1 || len(problems) == 1 && !strings.Contains(problems[0].Text, "base unit") {
		t.Errorf("lint: %v, error %v", problems, err)
	}
	body := scrape(t, collector, "")
	for _, line := range []string{
		"# TYPE tickgate_latency_milliseconds histogram",
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="0.1"} 1`,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="0.2"} 2`,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="5"} 2`,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="10"} 3`,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="10000"} 3`,
		`tickgate_latency_milliseconds_bucket{stage="gateway",le="+Inf"} 4`,
		`tickgate_latency_milliseconds_sum{stage="gateway"} 60007.201`,
		`tickgate_latency_milliseconds_count{stage="gateway"} 4`,
		`tickgate_latency_milliseconds_bucket{stage="venue_to_gateway",le="0.1"} 1`,
		`tickgate_latency_milliseconds_count{stage="venue_to_gateway"} 1`,
		`tickgate_latency_milliseconds_bucket{stage="end_to_end",le="+Inf"} 0`,
		`tickgate_latency_milliseconds_count{stage="end_to_end"} 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("%q is missing in\n%s", line, body)
		}
	}
	if got := testutil.CollectAndCount(collector, name); got != stageCount {
		t.Errorf("%d metrics, want one per stage", got)
	}
}

// stageCount is the number of latency.Stages.
const stageCount = 3

// TestProtobufScrape reads what Prometheus asks for where it wants native histograms.
func TestProtobufScrape(t *testing.T) {
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	body := scrape(t, newFixed(record(0, 100, 7_000)), string(format))
	var family dto.MetricFamily
	if err := expfmt.NewDecoder(strings.NewReader(body), format).Decode(&family); err != nil {
		t.Fatal(err)
	}
	for _, m := range family.GetMetric() {
		h := m.GetHistogram()
		if h.GetZeroThreshold() == 0 || h.GetSchema() != 3 || len(h.GetBucket()) != 16 {
			t.Errorf("%v is not native and classic at once", m)
		}
		if m.GetLabel()[0].GetValue() == latency.Gateway.String() && (h.GetZeroCount() != 1 || len(nativeBuckets(h)) != 2) {
			t.Errorf("zero bucket %d, native buckets %v", h.GetZeroCount(), nativeBuckets(h))
		}
	}
	if len(family.GetMetric()) != stageCount {
		t.Errorf("%d metrics", len(family.GetMetric()))
	}
}

// scrape goes through a pedantic registry, which checks the metrics, and the handler that serves /metrics.
func scrape(t *testing.T, collector prometheus.Collector, accept string) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(collector); err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	response := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(response, request)
	if response.Code != http.StatusOK {
		t.Fatalf("%d: %s", response.Code, response.Body)
	}
	return response.Body.String()
}
