package figure

import "encoding/json"

// Result is one system in one scenario, in one repeat. A nil figure was not measured; a run that failed has none.
type Result struct {
	Scenario string `json:"scenario"` // such as "fifty-thousand-streams"
	Case     string `json:"case"`     // what varies within the scenario, such as "10,000 streams"
	System   string `json:"system"`
	Repeat   int    `json:"repeat"` // from 1

	// Probing says that the load was one of a search for what the system can bear: nothing is promised of it, and it may fail.
	Probing bool `json:"probing,omitempty"`

	Streams     int     `json:"streams"`
	Connections int     `json:"connections"`
	Seconds     float64 `json:"seconds"` // length of the measured window

	Published uint64  `json:"published"`
	Batches   uint64  `json:"batches"`
	Delivered uint64  `json:"delivered"` // updates
	Conflated *uint64 `json:"conflated"` // events that were merged into updates; nil: the system does not count them

	CPUMicrosPerBatch  *float64 `json:"cpu_us_per_batch"`
	CPUMicrosPerUpdate *float64 `json:"cpu_us_per_update"`
	// CPUSecondsPerMillion is per million of (published x subscribers).
	CPUSecondsPerMillion *float64 `json:"cpu_s_per_million"`
	ServerCores          *float64 `json:"server_cpu_cores"`
	ClientCores          *float64 `json:"client_cpu_cores"`
	BusCores             *float64 `json:"bus_cpu_cores"`
	// ServerAndBusCores is what delivering takes in all: where NATS is the server, it is the bus too.
	ServerAndBusCores *float64 `json:"server_and_bus_cpu_cores"`
	FeedCores         *float64 `json:"feed_cpu_cores"`

	RSSMegabytes          *float64 `json:"rss_mb"`
	RSSKilobytesPerStream *float64 `json:"rss_kb_per_stream"` // what it grew by since before the first stream
	WireBytesPerUpdate    *float64 `json:"wire_bytes_per_update"`
	EventsPerSecond       *float64 `json:"events_per_second"` // ingest only

	// LatencyFrom says where latency begins: [FromDue] or [FromEvent].
	LatencyFrom string       `json:"latency_from,omitempty"`
	Latency     *Percentiles `json:"latency_us"`
	Staleness   *Percentiles `json:"staleness_us"`
	SlowAge     *Percentiles `json:"slow_age_us,omitempty"`
	Spread      *Percentiles `json:"spread_us,omitempty"`
	FeedLag     *Percentiles `json:"feed_lag_us,omitempty"`
	// GeneratorLag is how late the load generator was for timers of its own: as late it may be for what it receives.
	GeneratorLag *Percentiles `json:"generator_lag_us,omitempty"`
	// GeneratorCollections is how often the load generator collected garbage in the window.
	GeneratorCollections int `json:"generator_collections,omitempty"`

	StaleTold uint64 `json:"stale_told"` // messages that said that a value may no longer be true

	Notes  []Note   `json:"notes,omitempty"`
	Errors []string `json:"errors"`         // why the run has no figure; empty: it has
	Logs   string   `json:"logs,omitempty"` // folder of what the processes of a run without a figure printed

	// Histograms of what Latency and Staleness summarise.
	LatencyHistogram   Histogram `json:"-"`
	StalenessHistogram Histogram `json:"-"`
}

// Where latency begins.
const (
	FromDue   = "due"   // when the batch was due
	FromEvent = "event" // the intended time of the event
)

// Note says where figures are not the system's alone, or not of the load that was meant.
type Note struct {
	Notice string `json:"notice"` // a few words, for the row of a table
	Text   string `json:"text"`
}

// MarshalJSON writes no errors as an empty list.
func (r Result) MarshalJSON() ([]byte, error) {
	if r.Errors == nil {
		r.Errors = []string{}
	}
	type plain Result // without this method
	return json.Marshal(plain(r))
}

// Failed says that the run has no figure.
func (r *Result) Failed() bool { return len(r.Errors) > 0 }
