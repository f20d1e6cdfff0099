package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tickgate/internal/feed"
	"tickgate/internal/latency"
	"tickgate/internal/playback"
	"tickgate/internal/stream"
	"tickgate/pkg/subscription"
)

// Sources are the stages whose counters are read at each scrape.
type Sources struct {
	Feed      interface{ Stats() feed.Stats }
	Hub       interface{ Stats() subscription.Stats }
	Streams   interface{ Stats() stream.Stats }
	Playbacks interface{ Stats() playback.Stats }
	Latency   interface{ Snapshot() *latency.Snapshot }
}

// Collector is the gateway's prometheus.Collector.
type Collector struct {
	sources Sources
	latency *prometheus.Desc
	metrics []metric
}

// metric is one family: its description, and how its values are read from what the stages said at a scrape.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*scrape, func(value float64, labels ...string))
}

// scrape is what the stages said.
type scrape struct {
	feed      feed.Stats
	hub       subscription.Stats
	streams   stream.Stats
	playbacks playback.Stats
}

// NewCollector returns a collector over the stages.
func NewCollector(sources Sources) *Collector {
	c := &Collector{
		sources: sources,
		latency: LatencyDesc("tickgate_latency_milliseconds", "Latency of each stage: venue_to_gateway, gateway, end_to_end (as clients report it)."),
	}
	c.metrics = append(c.metrics, feedMetrics()...)
	c.metrics = append(c.metrics, hubMetrics()...)
	c.metrics = append(c.metrics, streamMetrics()...)
	c.metrics = append(c.metrics, playbackMetrics()...)
	return c
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		out <- m.desc
	}
	out <- c.latency
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	s := &scrape{feed: c.sources.Feed.Stats(), hub: c.sources.Hub.Stats(), streams: c.sources.Streams.Stats(), playbacks: c.sources.Playbacks.Stats()}
	for _, m := range c.metrics {
		m.read(s, func(value float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
		})
	}
	for _, m := range LatencyMetrics(c.latency, c.sources.Latency.Snapshot()) {
		out <- m
	}
}

// counter and gauge make families without labels.
func counter(name, help string, value func(*scrape) float64) metric {
	return single(name, help, prometheus.CounterValue, value)
}

func gauge(name, help string, value func(*scrape) float64) metric {
	return single(name, help, prometheus.GaugeValue, value)
}

func single(name, help string, kind prometheus.ValueType, value func(*scrape) float64) metric {
	return metric{
		desc: prometheus.NewDesc(name, help, nil, nil),
		kind: kind,
		read: func(s *scrape, emit func(float64, ...string)) { emit(value(s)) },
	}
}

// counters makes a family with one label, whose values come from a closed set.
func counters(name, help, label string, read func(*scrape, func(value float64, labels ...string))) metric {
	return metric{desc: prometheus.NewDesc(name, help, []string{label}, nil), kind: prometheus.CounterValue, read: read}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(d time.Duration) float64 { return d.Seconds() }
