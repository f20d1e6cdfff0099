package replay_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
	"tickgate/sample"
)

// market returns the quotes and trades of the sample, or the whole files where TICKGATE_DATA names their folder.
func market() []datafile.File {
	if directory := os.Getenv("TICKGATE_DATA"); directory != "" {
		return []datafile.File{
			datafile.Path(filepath.Join(directory, "quotes_binance_multi.csv.gz")),
			datafile.Path(filepath.Join(directory, "trades_binance_multi.csv.gz")),
		}
	}
	return []datafile.File{{Name: sample.QuotesName, Open: sample.Quotes}, {Name: sample.TradesName, Open: sample.Trades}}
}

// expected is what a file says of one symbol, computed without the code under test.
type expected struct {
	events           uint64
	quote            []string // bid, its size, ask, its size in the last row
	trade            []string // price and size in the last row
	volume, turnover *big.Rat
	open, high, low  *big.Rat
	trades           int64
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return r
}

// expect reads the files in the plainest way.
func expect(t *testing.T, files []datafile.File) map[string]*expected {
	t.Helper()
	symbols := make(map[string]*expected)
	for _, f := range files {
		for i, row := range rows(t, f) {
			if i == 0 {
				continue
			}
			symbol := row[3] + "." + row[2]
			e := symbols[symbol]
			if e == nil {
				e = &expected{volume: new(big.Rat), turnover: new(big.Rat)}
				symbols[symbol] = e
			}
			e.events++
			if strings.HasPrefix(filepath.Base(f.Name), "quotes") {
				e.quote = row[4:8]
			} else {
				e.addTrade(row[5:7])
			}
		}
	}
	return symbols
}

func (e *expected) addTrade(priceAndSize []string) {
	e.trade = priceAndSize
	price, size := rat(priceAndSize[0]), rat(priceAndSize[1])
	e.trades++
	e.volume.Add(e.volume, size)
	e.turnover.Add(e.turnover, new(big.Rat).Mul(price, size))
	if e.open == nil {
		e.open, e.high, e.low = price, price, price
	}
	if price.Cmp(e.high) > 0 {
		e.high = price
	}
	if price.Cmp(e.low) < 0 {
		e.low = price
	}
}

func rows(t *testing.T, f datafile.File) [][]string {
	t.Helper()
	content, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	unpacked, err := gzip.NewReader(content)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestReplayIsExact replays a real market through NATS at max and compares what arrives with the files: digits, sums, counts.
func TestReplayIsExact(t *testing.T) {
	files := market()
	want := expect(t, files)
	var total uint64
	for _, e := range want {
		total += e.events
	}
	server := natstest.Start(t, natsserver.Options{})
	events := subscribe(t, server, int(total)+1)
	config := replay.DefaultConfig()
	config.Files, config.Speed = files, pace.Unpaced()
	publisher, err := publish.New(publish.DefaultConfig(), natstest.Connect(t, server, bus.Handlers{}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := replay.New(config, publisher)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	progress, report := r.Progress(), r.Report()
	if progress.Published != total || progress.Lost != 0 || progress.Refused != 0 || report.Rows != total || report.Bad != 0 || report.OutOfOrder != 0 {
		t.Errorf("progress %+v, report %+v, want %d events", progress, report, total)
	}
	got := collect(t, events, total)
	for symbol, w := range want {
		compare(t, symbol, w, got[symbol])
	}
	if len(got) != len(want) {
		t.Errorf("%d symbols arrived, want %d", len(got), len(want))
	}
}

// newest is what a subscriber knows of one symbol at the end.
type newest struct {
	sequence     uint64
	quote, trade tick.Event
}

func collect(t *testing.T, events <-chan received, total uint64) map[string]*newest {
	t.Helper()
	got := make(map[string]*newest)
	deadline := time.After(patience)
	for range total {
		var r received
		select {
		case r = <-events:
		case <-deadline:
			t.Fatal("not all events arrive")
		}
		n := got[r.symbol]
		if n == nil {
			n = &newest{}
			got[r.symbol] = n
		}
		if r.event.Sequence != n.sequence+1 {
			t.Fatalf("%s: sequence %d after %d", r.symbol, r.event.Sequence, n.sequence)
		}
		n.sequence = r.event.Sequence
		if r.event.Kind == tick.KindQuote {
			n.quote = r.event
		} else {
			n.trade = r.event
		}
	}
	return got
}

func compare(t *testing.T, symbol string, want *expected, got *newest) {
	t.Helper()
	if got == nil || got.sequence != want.events {
		t.Errorf("%s: got %+v, want %d events", symbol, got, want.events)
		return
	}
	digits := func(mantissa int64, scale uint8) string {
		return tick.Decimal{Mantissa: mantissa, Scale: scale}.String()
	}
	q, p, s := got.quote.Quote, got.quote.Scales.Price, got.quote.Scales.Size
	quote := []string{digits(q.BidPrice.Mantissa, p), digits(q.BidSize.Mantissa, s), digits(q.AskPrice.Mantissa, p), digits(q.AskSize.Mantissa, s)}
	if !slices.Equal(quote, want.quote) {
		t.Errorf("%s: last quote %v, want %v", symbol, quote, want.quote)
	}
	e, scales := got.trade.Trade, got.trade.Scales
	if trade := []string{digits(e.Price, scales.Price), digits(e.Size, scales.Size)}; !slices.Equal(trade, want.trade) {
		t.Errorf("%s: last trade %v, want %v", symbol, trade, want.trade)
	}
	for name, figure := range map[string]struct {
		got   tick.Amount
		scale uint8
		want  *big.Rat
	}{
		"volume":      {e.Stats.Volume, scales.Size, want.volume},
		"trade count": {e.Stats.TradeCount, 0, big.NewRat(want.trades, 1)},
		"open":        {e.Stats.Open, scales.Price, want.open},
		"high":        {e.Stats.High, scales.Price, want.high},
		"low":         {e.Stats.Low, scales.Price, want.low},
	} {
		if !figure.got.Present || rat(digits(figure.got.Mantissa, figure.scale)).Cmp(figure.want) != 0 {
			t.Errorf("%s: %s %+v at scale %d, want %s", symbol, name, figure.got, figure.scale, figure.want.FloatString(8))
		}
	}
	rounding := new(big.Rat).Sub(rat(digits(e.Stats.Turnover.Mantissa, scales.Turnover)), want.turnover)
	half := new(big.Rat).Quo(big.NewRat(1, 2), rat("1"+strings.Repeat("0", int(scales.Turnover))))
	if scales.Turnover != min(scales.Price, 4) || rounding.Abs(rounding).Cmp(half) > 0 {
		t.Errorf("%s: turnover %+v at scale %d, want %s", symbol, e.Stats.Turnover, scales.Turnover, want.turnover.FloatString(8))
	}
}

// gzipped returns a file of that content.
func gzipped(t testing.TB, name, content string) datafile.File {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return datafile.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }}
}
