// Package telemetry gives what the stages count and measure to Prometheus.
//
// # Use
//
// A collector sends the metrics of a latency snapshot at each scrape:
//
//	for _, metric := range telemetry.LatencyMetrics(desc, totals.Snapshot()) {
//		out <- metric
//	}
//
// # Concurrency
//
// Metrics are not changed after they were made and may be written by any goroutine. Nothing here is called on a hot path: stages keep their own
// counters, which are read at scrape time.
//
// # Slow readers
//
// All counters are cumulative: a scraper that misses scrapes loses resolution in time, no counts.
//
// # Limits
//
// Labels come from closed sets only. A latency metric has 16 classic buckets and at most 210 native ones.
package telemetry
