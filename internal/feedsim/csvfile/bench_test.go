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

// BenchmarkReader times reading the quotes of the sample, unpacked beforehand, row by row into events.
func BenchmarkReader(b *testing.B) {
	content := unpackedQuotes(b)
	b.SetBytes(int64(len(content)))
	benchmarkReader(b, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
}

// BenchmarkReaderGzip times the same from the compressed file.
func BenchmarkReaderGzip(b *testing.B) { benchmarkReader(b, sample.Quotes) }

func benchmarkReader(b *testing.B, open func() (io.ReadCloser, error)) {
	b.ReportAllocs()
	o := options(b, "{symbol}.{venue}")
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

func unpackedQuotes(b *testing.B) []byte {
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
