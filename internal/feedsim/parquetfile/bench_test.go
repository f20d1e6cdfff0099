package parquetfile_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/parquetfile"
	"tickgate/pkg/tick"
	"tickgate/sample"
)

// quotes returns the quotes of the sample as a recorder would number them.
func quotes(b testing.TB) []feedsim.Item {
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

// foreignRow is a quote as pandas writes it.
type foreignRow struct {
	Time    int64   `parquet:"time,timestamp(microsecond)"`
	Text    string  `parquet:"text"`
	Symbol  string  `parquet:"sym,dict"`
	Bid     float64 `parquet:"bid"`
	BidSize float64 `parquet:"bid_size"`
	Ask     float64 `parquet:"ask"`
	AskSize float64 `parquet:"ask_size"`
}

// BenchmarkReader times reading the sample's quotes, repeated to half a million rows, row by row into events: what is recorded, and doubles by mapping.
func BenchmarkReader(b *testing.B) {
	const rows = 500_000
	once := quotes(b)
	var items []feedsim.Item
	var foreign []foreignRow
	for len(items) < rows {
		item := once[len(items)%len(once)]
		item.At += tick.Time(len(items)/len(once)) * tick.Time(time.Minute)
		items = append(items, item)
		foreign = append(foreign, foreignRowOf(&item))
	}
	b.Run("recorded", func(b *testing.B) { benchmarkReader(b, write(b, tick.KindQuote, items...), "") })
	var content bytes.Buffer
	if err := parquet.Write(&content, foreign); err != nil {
		b.Fatal(err)
	}
	const mapping = "ts_recv=time,bid_price=bid:8,bid_size=bid_size:8,ask_price=ask:8,ask_size=ask_size:8"
	b.Run("doubles", func(b *testing.B) { benchmarkReader(b, content.Bytes(), mapping) })
	b.Run("doubles and dates", func(b *testing.B) { benchmarkReader(b, content.Bytes(), mapping+",ts_event=text:date") })
}

func foreignRowOf(item *feedsim.Item) foreignRow {
	double := func(a tick.Amount, scale uint8) float64 { return float64(a.Mantissa) / math.Pow10(int(scale)) }
	q, s := &item.Event.Quote, item.Event.Scales
	at := time.Unix(0, int64(item.At)).UTC()
	return foreignRow{
		at.UnixMicro(), at.Format("2006-01-02 15:04:05.000000"), item.Symbol,
		double(q.BidPrice, s.Price), double(q.BidSize, s.Size), double(q.AskPrice, s.Price), double(q.AskSize, s.Size),
	}
}

func benchmarkReader(b *testing.B, content []byte, mapping string) {
	f := file(content)
	b.ReportAllocs()
	var report datafile.Report
	for b.Loop() {
		r, err := open(f, options(b, mapping), &report)
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
