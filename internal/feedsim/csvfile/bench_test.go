package csvfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/sample"
)

// mappings of the sample's quotes: exact, and as if they had been doubles.
var mappings = map[string]string{
	"exact":   "ts_recv=recv_ts_ns,ts_event=exch_ts_ms:ms,bid_price=bid_px,bid_size=bid_sz,ask_price=ask_px,ask_size=ask_sz",
	"rounded": "ts_recv=recv_ts_ns,ts_event=exch_ts_ms:ms,bid_price=bid_px:8,bid_size=bid_sz:8,ask_price=ask_px:8,ask_size=ask_sz:8",
}

// BenchmarkReader times reading the quotes of the sample by mapping, unpacked beforehand, row by row into events.
func BenchmarkReader(b *testing.B) {
	content := unpackedQuotes(b)
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	for name, mapping := range mappings {
		b.Run(name, func(b *testing.B) {
			layout, err := datafile.ParseLayout(mapping)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(content)))
			benchmarkReader(b, open, options(b, "{symbol}.{venue}", layout))
		})
	}
}

// BenchmarkReaderGzip times the same by the preset from the compressed file.
func BenchmarkReaderGzip(b *testing.B) {
	benchmarkReader(b, sample.Quotes, options(b, "{symbol}.{venue}"))
}

func benchmarkReader(b *testing.B, open func() (io.ReadCloser, error), o datafile.Options) {
	b.ReportAllocs()
	var report datafile.Report
	for b.Loop() {
		reader, err := csvfile.Open(datafile.File{Name: "quotes", Open: open}, o, &report)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = reader.Next()
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(report.Rows)/b.Elapsed().Seconds(), "rows/s")
}

func unpackedQuotes(b testing.TB) []byte {
	b.Helper()
	packed, err := sample.Quotes()
	if err != nil {
		b.Fatal(err)
	}
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		b.Fatal(err)
	}
	return content
}
