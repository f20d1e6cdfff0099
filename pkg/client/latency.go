package client

import (
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Stage is a part of the data's way.
type Stage uint8

// The stages. Where a stage lies between two machines, their clocks are compared; a negative difference counts as 0.
const (
	StageVenue       Stage = iota // the venue's time of an event to its receipt by the gateway
	StageGateway                  // to the sending of its batch; includes what it waits to be due
	StageNetwork                  // to the receipt by this client
	StageApplication              // to its taking by the application
	StageEndToEnd                 // from the gateway's receipt to the taking
	stages
)

// String returns the stage in lower case.
func (s Stage) String() string {
	return nameOf(s, "venue", "gateway", "network", "application", "end to end")
}

// Distribution is the latency of one stage.
type Distribution struct {
	Stage                    Stage
	Count                    uint64
	P50, P90, P99, P999, Max time.Duration
}

// Latency records how old values are at each stage, since the client was made.
type Latency struct {
	// mu guards the fields below.
	mu         sync.Mutex
	histograms [stages]*hdrhistogram.Histogram
	told       *hdrhistogram.Histogram // of the last stage: what this stream's gateway has been told
	untold     *hdrhistogram.Histogram // of the last stage: what no gateway has been told yet
}

// The histograms' range: microseconds up to a minute, with three digits.
const (
	mostMicros = 60_000_000
	digits     = 3
)

func newLatency() *Latency {
	l := &Latency{told: newHistogram(), untold: newHistogram()}
	for i := range l.histograms {
		l.histograms[i] = newHistogram()
	}
	return l
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, mostMicros, digits) }

func (l *Latency) recordLocked(stage Stage, nanos int64) {
	micros := min(max(nanos/1000, 0), mostMicros)
	_ = l.histograms[stage].RecordValue(micros) // the value is in range
	if stage == StageEndToEnd {
		_ = l.untold.RecordValue(micros)
	}
}

// Stages returns the distribution of each stage that has values.
func (l *Latency) Stages() []Distribution {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Distribution
	for stage, h := range l.histograms {
		if h.TotalCount() == 0 {
			continue
		}
		at := func(percent float64) time.Duration {
			return time.Duration(h.ValueAtQuantile(percent)) * time.Microsecond
		}
		all = append(all, Distribution{
			Stage: Stage(stage), Count: uint64(h.TotalCount()), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9),
			Max: time.Duration(h.Max()) * time.Microsecond,
		})
	}
	return all
}

// Histogram returns a copy of a stage's histogram, in microseconds.
func (l *Latency) Histogram(stage Stage) *hdrhistogram.Histogram {
	l.mu.Lock()
	defer l.mu.Unlock()
	return hdrhistogram.Import(l.histograms[min(stage, stages-1)].Export())
}

// Bucket is how many values a histogram has up to a height, and above the bucket before.
type Bucket struct {
	UpTo  time.Duration
	Count uint64
}

// Buckets returns a stage's histogram without the empty buckets, lowest first.
func (l *Latency) Buckets(stage Stage) (all []Bucket) {
	for _, bar := range l.Histogram(stage).Distribution() {
		if bar.Count > 0 {
			all = append(all, Bucket{UpTo: time.Duration(bar.To) * time.Microsecond, Count: uint64(bar.Count)})
		}
	}
	return all
}

// streamBegins says that what is reported from here on goes to another stream, where reports count from zero.
func (l *Latency) streamBegins() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told.Reset()
}

// report returns what a heartbeat reports of the last stage: everything that this stream was ever told and what is new, each value on one stream only, in HdrHistogram's V2 compressed
// encoding; nil: nothing yet.
func (l *Latency) report() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told.Merge(l.untold)
	l.untold.Reset()
	if l.told.TotalCount() == 0 {
		return nil, nil
	}
	encoded, err := l.told.EncodeV2() // in base64, which the API does without
	if err != nil {
		return nil, fmt.Errorf("client: encode the latency histogram: %w", err)
	}
	return base64.StdEncoding.AppendDecode(nil, encoded)
}
