package csvfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"tickgate/internal/feedsim/csvfile"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

const (
	quotesHeader = "recv_ts_ns,exch_ts_ms,venue,symbol,bid_px,bid_sz,ask_px,ask_sz,update_id\n"
	tradesHeader = "recv_ts_ns,exch_ts_ms,venue,symbol,trade_id,price,size,aggressor,type\n"
)

// text returns a file of that content.
func text(name, content string) datafile.File {
	return datafile.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func options(t testing.TB, symbol string, layouts ...datafile.Layout) datafile.Options {
	t.Helper()
	template, err := datafile.ParseTemplate(symbol)
	if err != nil {
		t.Fatal(err)
	}
	if layouts == nil {
		layouts = datafile.Presets()
	}
	return datafile.Options{Layouts: layouts, Symbol: template, Log: slog.New(slog.DiscardHandler)}
}

// read returns one line per event, and the error that ended the file unless that was its end.
func read(t testing.TB, f datafile.File, o datafile.Options) (events []string, report datafile.Report, err error) {
	t.Helper()
	reader, err := csvfile.Open(f, o, &report)
	if err != nil {
		return nil, report, err
	}
	defer func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}()
	for {
		item, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return events, report, nil
		}
		if err != nil {
			return events, report, err
		}
		events = append(events, fmt.Sprint(item.At, " ", item.Symbol, " ", show(&item.Event)))
	}
}

// show writes an event with the digits of its scales.
func show(e *tick.Event) string {
	amount := func(a tick.Amount, scale uint8) string {
		if !a.Present {
			return "-"
		}
		return tick.Decimal{Mantissa: a.Mantissa, Scale: scale}.String()
	}
	p, s := e.Scales.Price, e.Scales.Size
	if e.Kind == tick.KindTrade {
		return fmt.Sprintf("event %d trade %s x %s %d", e.TsEvent, amount(tick.Some(e.Trade.Price), p), amount(tick.Some(e.Trade.Size), s), e.Trade.Aggressor)
	}
	q := e.Quote
	return fmt.Sprintf("event %d quote %s x %s / %s x %s", e.TsEvent, amount(q.BidPrice, p), amount(q.BidSize, s), amount(q.AskPrice, p), amount(q.AskSize, s))
}

func TestReadPresets(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"quotes", quotesHeader +
			"1000,,BINANCE_SPOT,ETHUSDT,2683.80000000,3.02920000,2683.81000000,31.43950000,1\n" +
			"1001,5,BINANCE_COINM,BTCUSD_PERP,61800.1,5,61800.25,1234,2\n",
			[]string{
				"1000 ETHUSDT.BINANCE_SPOT event 0 quote 2683.80000000 x 3.02920000 / 2683.81000000 x 31.43950000",
				"1001 BTCUSD_PERP.BINANCE_COINM event 5000000 quote 61800.10 x 5 / 61800.25 x 1234",
			}},
		{"trades", tradesHeader + "1000,7,V,A,9,61837.63,0.020,sell,MARKET\n1000,,V,A,10,-1.5,0,,\n",
			[]string{"1000 A.V event 7000000 trade 61837.63 x 0.020 2", "1000 A.V event 0 trade -1.5 x 0 0"}},
		{"one-sided and empty quotes", quotesHeader + "1,,V,A,,,2.5,,1\n2,,V,A,1,3,,4.0,1\n3,,V,A,,,,,1\n",
			[]string{
				"1 A.V event 0 quote - x - / 2.5 x -", "2 A.V event 0 quote 1 x 3.0 / - x 4.0", "3 A.V event 0 quote - x - / - x -",
			}},
		{"crossed quote", quotesHeader + "1,,V,A,3,1,2,1,1\n", []string{"1 A.V event 0 quote 3 x 1 / 2 x 1"}},
		{"CR LF, byte order mark, empty lines, no line break at the end",
			"\xef\xbb\xbf" + strings.ReplaceAll(tradesHeader, "\n", "\r\n") + "\r\n1,,V,A,1,5,1,buy,\r\n\n\r\n2,,V,A,1,6,1,buy,",
			[]string{"1 A.V event 0 trade 5 x 1 1", "2 A.V event 0 trade 6 x 1 1"}},
		{"quoted fields", `"recv_ts_ns",exch_ts_ms,"venue",symbol,trade_id,price,size,aggressor,type` + "\n" +
			`"1","","V ""x""","A,B",1,"5.0",1,"buy",""` + "\n",
			[]string{`1 A,B.V "x" event 0 trade 5.0 x 1 1`}},
		{"header only", tradesHeader, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, report, err := read(t, text("f.csv", c.content), options(t, "{symbol}.{venue}"))
			if err != nil || report.Bad != 0 || report.Rows != uint64(len(c.want)) {
				t.Errorf("report %+v, error %v", report, err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestReadMapping(t *testing.T) {
	layout, err := datafile.ParseLayout("ts_recv=time:us, ts_event=venue:time:s,bid_price=b,ask_price=a")
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := read(t, text("f.csv", "x,a,b,venue:time,time\n7,2.0,1.5,3,4\n"), options(t, "X/{x}", layout))
	want := []string{"4000 X/7 event 3000000000 quote 1.5 x - / 2.0 x -"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}

func TestRowsOutOfOrderKeepTheirPlace(t *testing.T) {
	got, report, err := read(t, text("f.csv", tradesHeader+"10,,V,A,1,1,1,,\n7,,V,A,1,2,1,,\n9,,V,A,1,3,1,,\n11,,V,A,1,4,1,,\n"), options(t, "{symbol}"))
	want := []string{"10 A event 0 trade 1 x 1 0", "10 A event 0 trade 2 x 1 0", "10 A event 0 trade 3 x 1 0", "11 A event 0 trade 4 x 1 0"}
	if err != nil || !slices.Equal(got, want) || report.OutOfOrder != 2 || report.Bad != 0 {
		t.Errorf("got %q, report %+v, error %v, want %q and 2 out of order", got, report, err, want)
	}
}

func TestBadRowsAreCountedAndNamed(t *testing.T) {
	long := strings.Repeat("9", csvfile.MaxRowBytes+1)
	for _, c := range []struct{ row, reason string }{
		{"1,,V,A,1,5,1,buy", "8 columns, the header has 9"},
		{"1,,V,A,1,5,1,buy,,", "10 columns, the header has 9"},
		{",,V,A,1,5,1,buy,", `ts_recv "": empty`},
		{"-5,,V,A,1,5,1,buy,", `ts_recv "-5": not a whole number`},
		{"1.5e18,,V,A,1,5,1,buy,", `ts_recv "1.5e18": not a whole number`},
		{"9223372036854775808,,V,A,1,5,1,buy,", `ts_recv "9223372036854775808": not a whole`},
		{"99999999999999999999,,V,A,1,5,1,buy,", `ts_recv "99999999999999999999": not a whole`},
		{"1,9223372036855,V,A,1,5,1,buy,", `ts_event "9223372036855": not a whole`},
		{"1,,V,,1,5,1,buy,", "symbol"},
		{"1,,V," + strings.Repeat("A", 65) + ",1,5,1,buy,", "symbol"},
		{"1,,V,\x1b[2J,1,5,1,buy,", `\x1b[2J`},
		{"1,,V,A,1,,1,buy,", `price "": empty`},
		{"1,,V,A,1,NaN,1,buy,", `price "NaN"`},
		{"1,,V,A,1,1e5,1,buy,", `price "1e5"`},
		{"1,,V,A,1, 5,1,buy,", `price " 5"`},
		{"1,,V,A,1,0x5,1,buy,", `price "0x5"`},
		{"1,,V,A,1,1.0000000000000000001,1,buy,", `price "1.0000000000000000001"`},
		{"1,,V,A,1,5,-1,buy,", `size "-1": negative`},
		{"1,,V,A,1,5,1,maybe,", `aggressor "maybe"`},
		{`1,,V,"A,1,5,1,buy,`, "quoted field"},
		{`1,,V,"A"B,1,5,1,buy,`, "quoted field"},
		{`1,,V,A"B,1,5,1,buy,`, "quoted field"},
		{long, "longer than 64 KiB"},
		{long + long + long, "longer than 64 KiB"},
	} {
		content := tradesHeader + "1,,V,A,1,5,1,buy,\n" + c.row + "\n2,,V,A,1,6,1,buy,\n"
		got, report, err := read(t, text("f.csv", content), options(t, "{symbol}"))
		shown := tick.Printable(c.row, 50)
		if err != nil || len(got) != 2 || report.Rows != 2 || report.Bad != 1 {
			t.Errorf("%s: read %q, report %+v, error %v", shown, got, report, err)
			continue
		}
		if bad := report.First[0]; bad.File != "f.csv" || bad.Line != 3 || !strings.Contains(bad.Reason, c.reason) {
			t.Errorf("%s: %s, want f.csv:3 and %q", shown, bad, c.reason)
		}
	}
}

func TestFirstBadRowsAreLogged(t *testing.T) {
	var log bytes.Buffer
	o := options(t, "{symbol}")
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	content := tradesHeader + "1,,V,A,1,5,1,buy,\n" + strings.Repeat("x\n", 1000)
	_, report, err := read(t, text("dir/f.csv", content), o)
	if err != nil || report.Bad != 1000 || len(report.First) != 5 {
		t.Errorf("report %+v, error %v, want 1000 bad rows of which 5 are kept", report, err)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 5 || !strings.Contains(log.String(), "dir/f.csv:3: 1 columns") {
		t.Errorf("logged %d lines:\n%s", lines, log.String())
	}
}

func zipped(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGzipIsKnownByItsBytes(t *testing.T) {
	row := tradesHeader + "1,,V,A,1,5,1,buy,\n"
	second := "2,,V,A,1,5,1,buy,\n"
	for name, content := range map[string]string{
		"named.gz": row + second, "zipped.csv": zipped(t, row+second), "two members": zipped(t, row) + zipped(t, second),
	} {
		got, _, err := read(t, text(name, content), options(t, "{symbol}"))
		if err != nil || len(got) != 2 {
			t.Errorf("%s: read %q, error %v", name, got, err)
		}
	}
}

func TestFilesThatAreNotWhatWasSaid(t *testing.T) {
	rows := strings.Repeat("1,,V,A,1,5,1,buy,\n", 10_000)
	whole := zipped(t, tradesHeader+rows)
	damaged := []byte(whole)
	damaged[len(damaged)-6] ^= 1 // checksum
	quotes, err := datafile.Preset("binance-quotes")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, content string
		layouts       []datafile.Layout
		want          []string
	}{
		{"empty", "", nil, []string{"the file is empty"}},
		{"other columns", "time,bid,ask\n1,2,3\n", nil, []string{
			"binance-quotes expects recv_ts_ns,exch_ts_ms,bid_px,bid_sz,ask_px,ask_sz,symbol,venue and misses recv_ts_ns",
			"binance-trades expects", "found time,bid,ask"}},
		{"one column gone", strings.Replace(quotesHeader, "ask_sz", "ask_size", 1) + rows, []datafile.Layout{quotes}, []string{"misses ask_sz;", "found recv_ts_ns,"}},
		{"wrong preset", tradesHeader + rows, []datafile.Layout{quotes}, []string{"binance-quotes expects", "misses bid_px,bid_sz,ask_px,ask_sz;", "found recv_ts_ns,"}},
		{"no header", rows, nil, []string{"found 1,,V,A,1,5,1,buy,"}},
		{"a column twice", strings.Replace(tradesHeader, "type", "price", 1) + rows, nil, []string{"two columns price"}},
		{"blank header", "\n" + rows, nil, []string{"found an empty line"}},
		{"JSON", `{"a":1}` + "\n", nil, []string{"not CSV"}},
		{"binary", strings.Repeat("\x00\x01\xff", csvfile.MaxRowBytes), nil, []string{"not CSV", "longer than"}},
		{"short binary", "\x00\x01\x1b[2J", nil, []string{`found \x00\x01\x1b[2J`}},
		{"truncated gzip", whole[:len(whole)/2], nil, []string{"truncated: the compressed data ends after line "}},
		{"gzip without its end", whole[:len(whole)-8], nil, []string{"truncated: the compressed data ends after line 10001"}},
		{"gzip header only", whole[:5], nil, []string{"not a whole gzip file"}},
		{"damaged gzip", string(damaged), nil, []string{"cannot be read after line 10001", "checksum"}},
		{"all rows bad", tradesHeader + "a\nb\n", nil, []string{"none of its rows can be read; line 2: 1 columns, the header has 9"}},
	} {
		_, _, err := read(t, text("some.csv", c.content), options(t, "{symbol}.{venue}", c.layouts...))
		if !errors.Is(err, datafile.ErrFile) {
			t.Errorf("%s: error %v, want ErrFile", c.name, err)
			continue
		}
		line := err.Error()
		for _, want := range append(c.want, "some.csv") {
			if !strings.Contains(line, want) {
				t.Errorf("%s: %q does not say %q", c.name, line, want)
			}
		}
		if strings.ContainsAny(line, "\n\x1b\x00") || len(line) > 900 {
			t.Errorf("%s: %q is not one clear line", c.name, line)
		}
	}
}

func TestOpenNamesTheMissingFile(t *testing.T) {
	_, _, err := read(t, datafile.Path("no/such/file.csv"), options(t, "{symbol}"))
	if !errors.Is(err, datafile.ErrFile) || !strings.Contains(err.Error(), "no/such/file.csv") {
		t.Errorf("error %v", err)
	}
}

// TestNextDoesNotAllocate: a million rows a second leave no time for it.
func TestNextDoesNotAllocate(t *testing.T) {
	content := quotesHeader + strings.Repeat("1000,5,BINANCE_SPOT,ETHUSDT,2683.80000000,3.02920000,2683.81,31.43950000,1\n", 3000)
	var report datafile.Report
	reader, err := csvfile.Open(text("f.csv", content), options(t, "{symbol}.{venue}"), &report)
	if err != nil {
		t.Fatal(err)
	}
	next := func() {
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
	}
	next() // makes the symbol
	if n := testing.AllocsPerRun(2000, next); n != 0 {
		t.Errorf("%v allocations per row, want 0", n)
	}
}
