package parquetfile_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/parquetfile"
	"tickgate/pkg/tick"
	"tickgate/sample"
)

// quotes returns the quotes of the sample as a recorder would number them.
func quotes(b *testing.B) []feedsim.Item {
	b.Helper()
	var report datafile.Report
	r, err := csvfile.Open(datafile.File{Name: sample.QuotesName, Open: sample.Quotes}, options(b, ""), &report)
	if err != nil {
		b.Fatal(err)
	}
	var items []feedsim.Item
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return items
		}
		if err != nil {
			b.Fatal(err)
		}
		numbered := *item
		numbered.Event.Sequence, numbered.Event.Epoch = uint64(len(items)+1), 1
		items = append(items, numbered)
	}
}

// BenchmarkReader times reading the sample's quotes, repeated to half a million rows, row by row into events.
func BenchmarkReader(b *testing.B) {
	const rows = 500_000
	once := quotes(b)
	var items []feedsim.Item
	for len(items) < rows {
		item := once[len(items)%len(once)]
		item.At += tick.Time(len(items)/len(once)) * tick.Time(time.Minute)
		items = append(items, item)
	}
	f := file(write(b, tick.KindQuote, items...))
	b.ReportAllocs()
	var report datafile.Report
	for b.Loop() {
		r, err := open(f, options(b, ""), &report)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(report.Rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkWriter times writing the sample's quotes.
func BenchmarkWriter(b *testing.B) {
	items := quotes(b)
	b.ReportAllocs()
	for b.Loop() {
		w := parquetfile.NewWriter(io.Discard, tick.KindQuote)
		for i := range items {
			if err := w.Write(&items[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(items))/b.Elapsed().Seconds(), "rows/s")
}
