package figure

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Range and precision of every histogram of a benchmark.
const (
	leastMicros    = 1
	greatestMicros = int64(1000 * time.Second / time.Microsecond)
	digits         = 3
)

// Histogram is a distribution of times in microseconds. The zero value is empty and ready.
type Histogram struct {
	hdr *hdrhistogram.Histogram // nil: nothing recorded yet
}

// Record adds a time n times. A negative one counts as zero: the clocks of two processes disagree by less than what is measured here.
func (h *Histogram) Record(d time.Duration, n int64) {
	if h.hdr == nil {
		h.hdr = hdrhistogram.New(leastMicros, greatestMicros, digits)
	}
	micros := min(max(d.Microseconds(), 0), greatestMicros)
	if err := h.hdr.RecordValues(micros, n); err != nil {
		panic(fmt.Sprintf("figure: %d us is in range and was refused: %v", micros, err))
	}
}

// Merge adds all of another histogram.
func (h *Histogram) Merge(other Histogram) {
	if other.hdr == nil {
		return
	}
	if h.hdr == nil {
		h.hdr = hdrhistogram.New(leastMicros, greatestMicros, digits)
	}
	h.hdr.Merge(other.hdr)
}

// Count returns how many times were recorded.
func (h *Histogram) Count() int64 {
	if h.hdr == nil {
		return 0
	}
	return h.hdr.TotalCount()
}

// Percentiles are those of a distribution, in microseconds.
type Percentiles struct {
	Mean float64 `json:"mean"`
	P50  int64   `json:"p50"`
	P90  int64   `json:"p90"`
	P99  int64   `json:"p99"`
	P999 int64   `json:"p99.9"`
	Max  int64   `json:"max"`
}

// Percentiles returns those of the histogram, and nil if it is empty: nothing measured is not zero.
func (h *Histogram) Percentiles() *Percentiles {
	if h.Count() == 0 {
		return nil
	}
	return &Percentiles{
		Mean: h.hdr.Mean(),
		P50:  h.hdr.ValueAtQuantile(50), P90: h.hdr.ValueAtQuantile(90), P99: h.hdr.ValueAtQuantile(99), P999: h.hdr.ValueAtQuantile(99.9),
		Max: h.hdr.Max(),
	}
}

// HDR returns the histogram in its library's type, for the percentile file; nil if empty.
func (h *Histogram) HDR() *hdrhistogram.Histogram { return h.hdr }

// MarshalText encodes the histogram as HdrHistogram's V2 format in base64.
func (h Histogram) MarshalText() ([]byte, error) {
	if h.hdr == nil {
		return nil, nil
	}
	return h.hdr.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// UnmarshalText reads what MarshalText wrote.
func (h *Histogram) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		h.hdr = nil
		return nil
	}
	hdr, err := hdrhistogram.Decode(text)
	if err != nil {
		return fmt.Errorf("figure: histogram: %w", err)
	}
	h.hdr = hdr
	return nil
}
