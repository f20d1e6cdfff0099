package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Limits of what a client may report. Inside them a histogram has at most 23,552 buckets, so that its counts inflate to 212 KB at most.
const (
	MaxReportBytes  = 64 << 10
	maxReportDigits = 3
	maxReportMicros = 3_600_000_000     // clients like to track an hour; above MaxMicros is clamped
	maxReportCount  = 1_000_000_000_000 // 100,000 values a second for 115 days
)

// ErrReport says that a reported histogram is too large, broken, or outside the limits. Refuse the report; nothing was taken from it.
var ErrReport = errors.New("latency: reported histogram")

// Decode reads a histogram of microseconds that a client reports, in HdrHistogram's V2 compressed encoding. The bytes may be hostile: what they
// cost is bounded by the limits above.
//
// The library's decoder bounds the counts by the range and precision in the header, but takes any header: with 1 to 2^63 at 5 digits, a report
// of 40 KB was measured to make it allocate 157 MB. So the header is checked first.
func Decode(encoded []byte) (*Distribution, error) {
	if len(encoded) > MaxReportBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrReport, len(encoded), MaxReportBytes)
	}
	if err := checkHeader(encoded); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	// The library reads base64 only.
	reported, err := hdrhistogram.DecodePacked(base64.StdEncoding.AppendEncode(nil, encoded))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	if reported.TotalCount() > maxReportCount {
		return nil, fmt.Errorf("%w: %d values, at most %d", ErrReport, reported.TotalCount(), int64(maxReportCount))
	}
	return adopt(reported), nil
}

// checkHeader inflates no more than the header, and checks what the size of everything after it goes by.
func checkHeader(encoded []byte) error {
	if len(encoded) < envelopeBytes || binary.BigEndian.Uint32(encoded)&^cookieWordSizeMask != cookieCompressed {
		return errors.New("not in the V2 compressed encoding")
	}
	inflated, err := zlib.NewReader(bytes.NewReader(encoded[envelopeBytes:]))
	if err != nil {
		return err
	}
	var header [headerBytes]byte
	if _, err := io.ReadFull(inflated, header[:]); err != nil {
		return err
	}
	digits := int32(binary.BigEndian.Uint32(header[headerDigitsAt:]))
	lowest := int64(binary.BigEndian.Uint64(header[headerLowestAt:]))
	highest := int64(binary.BigEndian.Uint64(header[headerHighestAt:]))
	switch {
	case digits < 0 || digits > maxReportDigits:
		return fmt.Errorf("%d significant digits, expected 0 to %d", digits, maxReportDigits)
	case highest > maxReportMicros:
		return fmt.Errorf("highest trackable value %d us, at most %d", highest, int64(maxReportMicros))
	case lowest < 1 || lowest > highest/2:
		return fmt.Errorf("lowest discernible value %d us, expected 1 to half the highest, which is %d", lowest, highest)
	}
	return nil
}

// adopt brings a histogram of any precision into the one that totals have. The values of a bucket become its middle.
func adopt(reported *hdrhistogram.PackedHistogram) *Distribution {
	d := newDistribution(totalDigits)
	unitBits := bits.Len64(uint64(reported.LowestTrackableValue())) - 1
	geometry := geometryOf(reported.SignificantFigures())
	reported.ForEachBucket(func(low, count int64) bool {
		high := (geometry.highest(low>>unitBits)+1)<<unitBits - 1
		if low > MaxMicros {
			d.clamped += uint64(count)
		}
		d.add(Bucket{LowMicros: min(low, MaxMicros), HighMicros: min(high, MaxMicros)}, uint64(count))
		return true
	})
	return d
}
