package parquetfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/parquetfile"
	"tickgate/pkg/tick"
)

// inMemory is a file's bytes as a file.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func file(content []byte) datafile.File {
	return datafile.File{Name: "f.parquet", Open: func() (io.ReadCloser, error) { return inMemory{bytes.NewReader(content)}, nil }}
}

func options(t testing.TB, mapping string) datafile.Options {
	t.Helper()
	o := datafile.Options{Layouts: datafile.Presets(), Log: slog.New(slog.DiscardHandler)}
	if mapping == "" {
		return o
	}
	layout, err := datafile.ParseLayout(mapping)
	if err != nil {
		t.Fatal(err)
	}
	template, err := datafile.ParseTemplate("{sym}")
	if err != nil {
		t.Fatal(err)
	}
	o.Layouts, o.Symbol = []datafile.Layout{layout}, template
	return o
}

func open(f datafile.File, o datafile.Options, report *datafile.Report) (*parquetfile.Reader, error) {
	content, err := f.Unpack()
	if err != nil {
		return nil, err
	}
	return parquetfile.New(content, o, report)
}

// read returns the rows of a file as lines of recorded CSV, and how its reading ended.
func read(f datafile.File, o datafile.Options) (lines []string, report datafile.Report, err error) {
	return readFrom(0, f, o)
}

// readFrom leaves out row groups before a time.
func readFrom(from tick.Time, f datafile.File, o datafile.Options) (lines []string, report datafile.Report, err error) {
	r, err := open(f, o, &report)
	if err != nil {
		return nil, report, err
	}
	r.SkipBefore(from)
	for {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return lines, report, r.Close()
		}
		if err != nil {
			return lines, report, errors.Join(err, r.Close())
		}
		lines = append(lines, strings.TrimSpace(string(csvfile.AppendRow(nil, item))))
	}
}

func write(t testing.TB, kind tick.Kind, items ...feedsim.Item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquetfile.NewWriter(&b, kind)
	for i := range items {
		if err := w.Write(&items[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEveryMantissaIsExact: whatever fits the bus comes back with its digits, over all scales, signs and absences.
func TestEveryMantissaIsExact(t *testing.T) {
	var items []feedsim.Item
	var want []string
	for scale := range uint8(tick.MaxScale + 1) {
		for i, mantissa := range []int64{0, 1, -1, 10, 1<<53 + 1, math.MaxInt64, -math.MaxInt64} {
			e := tick.Event{Kind: tick.KindQuote, Epoch: math.MaxUint64 - 10, Sequence: uint64(len(items) + 1), Scales: tick.Scales{Price: scale, Size: tick.MaxScale - scale}}
			e.Quote = tick.Quote{BidPrice: tick.Some(mantissa), AskPrice: tick.Some(-mantissa), AskSize: tick.Some(max(mantissa, 0))}
			if i%2 == 0 {
				e.Quote.BidSize, e.TsEvent = tick.Some(max(mantissa, 0)), tick.Time(i+1)
			}
			items = append(items, feedsim.Item{Symbol: "A,B", At: tick.Time(len(items) + 1), Event: e})
			want = append(want, strings.TrimSpace(string(csvfile.AppendRow(nil, &items[len(items)-1]))))
		}
	}
	got, report, err := read(file(write(t, tick.KindQuote, items...)), options(t, ""))
	if err != nil || report.Bad != 0 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("error %v, report %+v, got\n%s\nwant\n%s", err, report, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestStatusesAndTrades(t *testing.T) {
	status := feedsim.Item{Symbol: "A", At: 5, Event: tick.Event{Kind: tick.KindStatus, Sequence: 1, Epoch: 2, Status: tick.StatusHalted}}
	got, _, err := read(file(write(t, tick.KindStatus, status)), options(t, ""))
	if err != nil || len(got) != 1 || got[0] != ",5,A,1,HALTED,2" {
		t.Errorf("%q, %v", got, err)
	}
	trade := feedsim.Item{Symbol: "A", At: 5, Event: tick.Event{Kind: tick.KindTrade, Sequence: 1, Epoch: 2, Trade: tick.Trade{Price: -5, Size: 3}, Scales: tick.Scales{Price: 1}}}
	got, _, err = read(file(write(t, tick.KindTrade, trade)), options(t, ""))
	if err != nil || len(got) != 1 || got[0] != ",5,A,1,-0.5,3,,2" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestRowGroupsBeforeATimeAreSkipped: as many as have nothing from that time on, but never the last one, and whatever the file calls its time. What cannot be known is read.
func TestRowGroupsBeforeATimeAreSkipped(t *testing.T) {
	const minute, groups, inGroup = tick.Time(time.Minute), 4, 30
	var items []feedsim.Item
	var foreign bytes.Buffer
	w := parquet.NewGenericWriter[foreignRow](&foreign, parquet.MaxRowsPerRowGroup(inGroup))
	for i := range groups * inGroup {
		item := feedsim.Item{Symbol: "A", At: minute * tick.Time(i) / inGroup, Event: tick.Event{Kind: tick.KindQuote, Sequence: uint64(i + 1), Epoch: 1, Quote: tick.Quote{BidPrice: tick.Some(int64(i))}}}
		items = append(items, item)
		row := foreignRowOf(&item)
		if _, err := w.Write([]foreignRow{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const doubles = "ts_recv=time:us,bid_price=bid:8,bid_size=bid_size:8,ask_price=ask:8,ask_size=ask_size:8"
	const texts = "ts_recv=text:date,bid_price=bid:8,bid_size=bid_size:8,ask_price=ask:8,ask_size=ask_size:8"
	for name, c := range map[string]struct {
		content []byte
		mapping string
		from    tick.Time
		skipped int // groups
	}{
		"nothing":              {write(t, tick.KindQuote, items...), "", 0, 0},
		"within the first":     {write(t, tick.KindQuote, items...), "", minute / 2, 0},
		"the last of a group":  {write(t, tick.KindQuote, items...), "", minute * (inGroup - 1) / inGroup, 0},
		"after it":             {write(t, tick.KindQuote, items...), "", minute*(inGroup-1)/inGroup + 1, 1},
		"the beginning of one": {write(t, tick.KindQuote, items...), "", 2 * minute, 2},
		"all, but for the end": {write(t, tick.KindQuote, items...), "", 100 * minute, 3},
		"by mapping":           {foreign.Bytes(), doubles, 3*minute - minute/inGroup, 2},
		"times as text":        {foreign.Bytes(), texts, 3*minute - 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := read(file(c.content), options(t, c.mapping))
			if err != nil || len(all) != groups*inGroup {
				t.Fatalf("%d rows, error %v", len(all), err)
			}
			got, report, err := readFrom(c.from, file(c.content), options(t, c.mapping))
			if err != nil || report.Bad != 0 || !slices.Equal(got, all[c.skipped*inGroup:]) {
				t.Errorf("%d rows, want %d; error %v, %d bad", len(got), (groups-c.skipped)*inGroup, err, report.Bad)
			}
		})
	}
}

// TestRowGroups: a minute each, packed with zstd, sorted by ts_recv, with statistics of times that follow on each other, and none of decimals.
func TestRowGroups(t *testing.T) {
	var items []feedsim.Item
	for i := range 300 {
		e := tick.Event{Kind: tick.KindTrade, Sequence: uint64(i + 1), Epoch: 1, Trade: tick.Trade{Price: int64(i) - 150, Size: 1}}
		items = append(items, feedsim.Item{Symbol: "A", At: tick.Time(time.Duration(i+1) * time.Second), Event: e})
	}
	content := write(t, tick.KindTrade, items...)
	f, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ts_event", "ts_recv"} {
		column, _ := f.Schema().Lookup(name)
		if logical := column.Node.Type().LogicalType().Value.(*format.TimestampType); logical.IsAdjustedToUTC { // DuckDB cuts nanoseconds off such times: docs/adr/0015
			t.Errorf("%s has a time zone", name)
		}
	}
	groups := f.Metadata().RowGroups
	if len(groups) != 5 {
		t.Fatalf("%d row groups, want one for each of five minutes", len(groups))
	}
	last := int64(0)
	for i, g := range groups {
		if statistics := g.Columns[1].MetaData.Statistics; g.NumRows != 60 || plainInt64(statistics.MinValue) != last+int64(time.Second) || plainInt64(statistics.MaxValue) != last+int64(time.Minute) {
			t.Errorf("row group %d has %d rows and times %v, want 60 from %d on", i, g.NumRows, statistics, last+int64(time.Second))
		}
		last += int64(time.Minute)
		if len(g.SortingColumns) != 1 || g.SortingColumns[0].ColumnIdx != 1 {
			t.Errorf("sorted by %+v, want by ts_recv, column 1", g.SortingColumns)
		}
		for _, c := range g.Columns {
			if c.MetaData.Codec != format.Zstd {
				t.Errorf("%s is packed with %v", c.MetaData.PathInSchema, c.MetaData.Codec)
			}
			name, has := c.MetaData.PathInSchema[0], c.MetaData.Statistics.MinValue != nil
			if isDecimal := name == "price" || name == "size"; has == isDecimal && name != "ts_event" && name != "aggressor" {
				t.Errorf("statistics of %s: %v", name, has)
			}
		}
	}
}

func plainInt64(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }

// TestLongRowGroupIsFull: a minute with more than a million rows has two row groups.
func TestLongRowGroupIsFull(t *testing.T) {
	if os.Getenv("TICKGATE_LONG") == "" {
		t.Skip("TICKGATE_LONG is not set: this takes seconds")
	}
	var b bytes.Buffer
	w := parquetfile.NewWriter(&b, tick.KindStatus)
	const rows = 1_000_001
	for i := range tick.Time(rows) {
		item := feedsim.Item{Symbol: "A", At: i + 1, Event: tick.Event{Kind: tick.KindStatus, Sequence: uint64(i + 1), Epoch: 1}}
		if err := w.Write(&item); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if groups := f.Metadata().RowGroups; len(groups) != 2 || groups[0].NumRows != rows-1 || groups[1].NumRows != 1 {
		t.Errorf("row groups %+v", groups)
	}
}

// pandasQuote is what pandas writes: doubles, and times that are no more exact than somebody needed.
type pandasQuote struct {
	Index int64   `parquet:"__index_level_0__"`
	Time  int64   `parquet:"time,timestamp(microsecond)"`
	Text  string  `parquet:"text"`
	Milli int64   `parquet:"milli,timestamp(millisecond)"`
	Nano  int64   `parquet:"nano,timestamp(nanosecond)"`
	Plain int64   `parquet:"plain"`
	Sym   *string `parquet:"sym,optional,dict"`
	Bid   float64 `parquet:"bid"`
	Ask   float64 `parquet:"ask"`
	Size  float32 `parquet:"size"`
	Exact int64   `parquet:"exact,decimal(2:15)"`
	Words string  `parquet:"words"`
	Count int32   `parquet:"count"`
}

func pandasFile(t testing.TB, rows ...pandasQuote) datafile.File {
	t.Helper()
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return file(b.Bytes())
}

func pandasRow() pandasQuote {
	at := time.Date(2024, 8, 8, 23, 57, 0, 123_000_000, time.UTC)
	symbol := "BTCUSDT"
	return pandasQuote{
		Time: at.UnixMicro(), Milli: at.UnixMilli(), Nano: at.UnixNano(), Plain: at.Unix(), Text: "2024-08-08 23:57:00.123",
		Sym: &symbol, Bid: 0.031035000000000004, Ask: 61837.630000000005, Size: 1.5, Exact: 6183763, Words: "61837.630", Count: 7,
	}
}

func TestPandas(t *testing.T) {
	const at = "1723161420123000000"
	for mapping, want := range map[string]string{
		"ts_recv=time,bid_price=bid:8,ask_price=ask:8,bid_size=size:1":         "," + at + ",BTCUSDT,0,0.03103500,1.5,61837.63000000,,0",
		"ts_recv=time,ts_event=text,bid_price=exact,ask_price=words":           at + "," + at + ",BTCUSDT,0,61837.630,,61837.630,,0",
		"ts_recv=time,ts_event=milli,price=exact,size=count,sequence=count":    at + "," + at + ",BTCUSDT,7,61837.63,7,,0",
		"ts_recv=time,ts_event=nano:ms,price=exact:4,size=words":               at + "," + at + ",BTCUSDT,0,61837.6300,61837.630,,0",
		"ts_recv=plain:s,ts_event=text:date,price=words,size=count,epoch=time": at + ",1723161420000000000,BTCUSDT,0,61837.630,7,,1723161420123000",
	} {
		got, report, err := read(pandasFile(t, pandasRow()), options(t, mapping))
		if err != nil || report.Bad != 0 || len(got) != 1 || got[0] != want {
			t.Errorf("%s:\n%q, %+v, %v, want\n%q", mapping, got, report, err, want)
		}
	}
}

// TestRefusedColumns are told when the file is opened, with what to do.
func TestRefusedColumns(t *testing.T) {
	for mapping, want := range map[string]string{
		"ts_recv=time,bid_price=bid,ask_price=ask:8": "column bid holds doubles: say to how many digits they are rounded, such as bid:8",
		"ts_recv=bid,price=exact,size=count":         "column bid is DOUBLE, which is no time",
		"ts_recv=time,price=nothing,size=count":      "misses nothing",
	} {
		if _, _, err := read(pandasFile(t, pandasRow()), options(t, mapping)); !errors.Is(err, datafile.ErrFile) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", mapping, err, want)
		}
	}
}

// TestBadRowsAreSkipped: what pandas writes for nothing is absent, and what is no number costs its row only.
func TestBadRowsAreSkipped(t *testing.T) {
	good, nothing, infinite, nameless := pandasRow(), pandasRow(), pandasRow(), pandasRow()
	nothing.Ask, infinite.Bid, nameless.Sym = math.NaN(), math.Inf(1), nil
	got, report, err := read(pandasFile(t, infinite, good, nothing, nameless), options(t, "ts_recv=time,bid_price=bid:6,ask_price=ask:2"))
	if err != nil || report.Rows != 2 || report.Bad != 2 || len(got) != 2 || !strings.HasSuffix(got[1], ",0.031035,,,,0") {
		t.Errorf("%q, %+v, %v", got, report, err)
	}
	if first := report.First; len(first) != 2 || !strings.Contains(first[0].String(), `f.parquet:1: bid_price "+Inf"`) || first[1].Line != 4 {
		t.Errorf("bad rows %v", first)
	}
}

// TestTruncated: a file without its end is no file, wherever it was cut.
func TestTruncated(t *testing.T) {
	trade := feedsim.Item{Symbol: "A", At: 5, Event: tick.Event{Kind: tick.KindTrade, Sequence: 1, Epoch: 2, Trade: tick.Trade{Price: 5, Size: 3}}}
	whole := write(t, tick.KindTrade, trade)
	for length := 4; length < len(whole); length++ {
		if _, _, err := read(file(whole[:length]), options(t, "")); !errors.Is(err, datafile.ErrFile) {
			t.Fatalf("%d of %d bytes: %v, want ErrFile", length, len(whole), err)
		}
	}
}
