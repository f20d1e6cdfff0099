package replay_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// published is an event that a bus took.
type published struct {
	symbol string
	tick.Event
}

// notes is a bus that notes the events of a replay.
type notes struct{ events []published }

func (b *notes) Publish(string, []byte) error { return nil }

func (b *notes) symbols() string {
	names := make([]string, len(b.events))
	for i, e := range b.events {
		names[i] = e.symbol
	}
	return strings.Join(names, " ")
}

// run replays files without pace and returns the events, the replay and how it ended; change may be nil.
func run(t testing.TB, change func(*replay.Config), files ...datafile.File) (*notes, *replay.Replay, error) {
	t.Helper()
	b := new(notes)
	r := b.replay(t, change, files...)
	return b, r, r.Run(t.Context())
}

// replay returns one of files without pace that has not begun; change may be nil.
func (b *notes) replay(t testing.TB, change func(*replay.Config), files ...datafile.File) *replay.Replay {
	t.Helper()
	publishing := publish.DefaultConfig()
	publishing.OnEvent = func(symbol string, e tick.Event) { b.events = append(b.events, published{symbol, e}) }
	publisher, err := publish.New(publishing, b)
	if err != nil {
		t.Fatal(err)
	}
	config := replay.DefaultConfig()
	config.Files, config.Speed = files, pace.Unpaced()
	if change != nil {
		change(&config)
	}
	r, err := replay.New(config, publisher)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// listings is a market of a few symbols, an hour apart from 2024-08-08T23:00Z on.
func listings(t testing.TB) datafile.File {
	t.Helper()
	rows := quotesHeader
	for _, row := range []string{
		"1723158000000000000,,V1,BTCUSDT", "1723161600000000000,,V2,BTCUSDT", "1723165200000000000,,V1,ETHUSDT", "1723168800000000000,,V1,BTC/USD", "1723172400000000000,,V2,BTCEUR",
	} {
		rows += row + ",1,1,2,1,1\n"
	}
	return gzipped(t, "q", rows)
}

func moment(t testing.TB, text string) replay.Moment {
	t.Helper()
	m, err := replay.ParseMoment(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSelection(t *testing.T) {
	for _, c := range []struct {
		symbols, venues, from, to string // lists are separated by spaces
		want                      string
	}{
		{want: "BTCUSDT.V1 BTCUSDT.V2 ETHUSDT.V1 BTC/USD.V1 BTCEUR.V2"},
		{symbols: "BTC*", want: "BTCUSDT.V1 BTCUSDT.V2 BTC/USD.V1 BTCEUR.V2"},
		{symbols: "BTCUSD?.* ETH*", want: "BTCUSDT.V1 BTCUSDT.V2 ETHUSDT.V1"},
		{symbols: "BTC[/E]*", want: "BTC/USD.V1 BTCEUR.V2"},
		{venues: "V2", want: "BTCUSDT.V2 BTCEUR.V2"},
		{symbols: "*USDT*", venues: "?1", want: "BTCUSDT.V1 ETHUSDT.V1"},
		{from: "2024-08-09T00:00:00Z", to: "2024-08-09T02:00:00Z", want: "BTCUSDT.V2 ETHUSDT.V1"},
		{from: "23:00:00.000000001", to: "2024-08-09 02:00:00", want: "BTCUSDT.V2 ETHUSDT.V1"},
		{to: "23:30", want: "BTCUSDT.V1"},
		{from: "2024-08-09", want: "BTCUSDT.V2 ETHUSDT.V1 BTC/USD.V1 BTCEUR.V2"},
	} {
		b, _, err := run(t, func(config *replay.Config) {
			config.Selection = replay.Selection{
				Symbols: strings.Fields(c.symbols), Venues: strings.Fields(c.venues), From: moment(t, c.from), To: moment(t, c.to),
			}
		}, listings(t))
		if got := b.symbols(); err != nil || got != c.want {
			t.Errorf("%+v: played %s, %v", c, got, err)
		}
	}
}

// TestNothingSelected says what was asked for and what there is.
func TestNothingSelected(t *testing.T) {
	for want, selection := range map[string]replay.Selection{
		"nothing is selected by symbols XRP*,DOGE*: the first event that was read is of 2024-08-08T23:00:00Z, the last one of 2024-08-09T03:00:00Z; they are of 5 symbols: BTC/USD.V1, BTCEUR.V2, ": {
			Symbols: []string{"XRP*", "DOGE*"},
		},
		"nothing is selected by venues NYSE, from 2024-08-09T00:00:00Z: ":                                               {Venues: []string{"NYSE"}, From: moment(t, "2024-08-09")},
		"nothing is selected by to 2024-08-08T12:00:00Z: the first event that was read is of 2024-08-08T23:00:00Z, the": {To: moment(t, "12:00")},
		"nothing is selected by from 2030-01-01T00:00:00Z: ":                                                            {From: moment(t, "2030-01-01")},
	} {
		b, _, err := run(t, func(config *replay.Config) { config.Selection = selection }, listings(t))
		if !errors.Is(err, replay.ErrNothing) || !strings.Contains(err.Error(), want) || len(b.events) > 0 {
			t.Errorf("%d events, %v, want %q", len(b.events), err, want)
		}
	}
	_, _, err := run(t, func(config *replay.Config) { config.Selection.Symbols = []string{"A"} }, gzipped(t, "empty", quotesHeader))
	if !errors.Is(err, replay.ErrNothing) || !strings.Contains(err.Error(), "there are no events") {
		t.Errorf("of nothing: %v", err)
	}
}

// TestSelectionOfClones: a clone is at the venue of its original.
func TestSelectionOfClones(t *testing.T) {
	recorded := quotesHeader + "1,,V1.C0001,A,1,1,2,1,1\n2,,V2.C0002,A,1,1,2,1,1\n"
	b, _, err := run(t, func(config *replay.Config) { config.Selection.Venues = []string{"V2"} }, gzipped(t, "q", recorded))
	if err != nil || b.symbols() != "A.V2.C0002" {
		t.Errorf("played %s, %v", b.symbols(), err)
	}
}

// TestContradictingTimes are told before anything is published, also where the recording's day decides.
func TestContradictingTimes(t *testing.T) {
	for from, to := range map[string]string{"2024-08-08T23:30:00Z": "23:15", "23:15": "2024-08-08"} {
		b, _, err := run(t, func(config *replay.Config) {
			config.Selection.From, config.Selection.To = moment(t, from), moment(t, to)
		}, listings(t))
		if !errors.Is(err, replay.ErrConfig) || !strings.Contains(err.Error(), "not before to") || len(b.events) > 0 {
			t.Errorf("from %s to %s: %v after %d events", from, to, err, len(b.events))
		}
	}
}

const recordedHeader = "ts_event,ts_recv,symbol,sequence,price,size,aggressor,epoch\n"

// TestHolesAreKept: what a recording misses is missing in its replay, too, and what is not news comes once.
func TestHolesAreKept(t *testing.T) {
	recording := gzipped(t, "trades", recordedHeader+
		",1,A,7,1,1,,5\n,2,B,1,1,1,,5\n,3,A,8,1,1,,5\n,4,A,11,1,1,,5\n,5,A,9,1,1,,5\n,6,A,11,1,1,,5\n,7,A,12,1,1,,5\n,8,A,3,1,1,,6\n,9,B,2,1,1,,5\n")
	b, r, err := run(t, func(config *replay.Config) { config.Passes = 2 }, recording)
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	for _, e := range b.events {
		if e.symbol == "A" {
			got = append(got, e.Sequence)
		}
	}
	if want := []uint64{1, 2, 5, 6, 9, 1, 2, 5, 6, 9}; !slices.Equal(got, want) {
		t.Errorf("sequences %d, want %d", got, want)
	}
	if report := r.Report(); report.Missing != 2*4 || report.Repeated != 2*2 {
		t.Errorf("report %+v", report)
	}

	b, r, err = run(t, func(config *replay.Config) { config.KeepGaps = false }, recording)
	if report := r.Report(); err != nil || len(b.events) != 9 || b.events[7].Sequence != 7 || report.Missing+report.Repeated != 0 {
		t.Errorf("numbered anew: %+v, report %+v, %v", b.events, report, err)
	}
}

// TestNumbersOfAVenueAreNoSequence: only what has an epoch was numbered by a publisher.
func TestNumbersOfAVenueAreNoSequence(t *testing.T) {
	layout, err := datafile.ParseLayout("ts_recv=t,price=p,size=s,sequence=id")
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := run(t, func(config *replay.Config) { config.Layouts, config.Symbol = []datafile.Layout{layout}, "A" },
		gzipped(t, "t", "t,p,s,id\n1,1,1,500\n2,1,1,900\n3,1,1,900\n"))
	if err != nil || len(b.events) != 3 || b.events[2].Sequence != 3 {
		t.Errorf("%+v, %v", b.events, err)
	}
}

// TestEarlierSegmentsAreNotOpened: of a recording, what ends before the first time that is selected.
func TestEarlierSegmentsAreNotOpened(t *testing.T) {
	const hour = 3_600_000_000_000
	segment := func(begin tick.Time, row string) datafile.File {
		f := gzipped(t, "trades", recordedHeader+row)
		f.Begin = begin
		return f
	}
	first := segment(10*hour, ",36000000000001,A,1,1,1,,5\n")
	first.Open = func() (io.ReadCloser, error) { return nil, errors.New("it was opened") }
	series := []datafile.File{first, segment(11*hour, ",39600000000000,A,2,1,1,,5\n"), segment(12*hour, ",43200000000000,A,3,1,1,,5\n")}
	for from, want := range map[string]int{"11:00": 2, "11:30": 1, "1970-01-01T12:00:00Z": 1} {
		b, _, err := run(t, func(config *replay.Config) {
			config.Series, config.Selection.From = [][]datafile.File{series}, moment(t, from)
		})
		if err != nil || len(b.events) != want {
			t.Errorf("from %s: %d events, %v", from, len(b.events), err)
		}
	}
	if _, _, err := run(t, func(config *replay.Config) {
		config.Series, config.Selection.From = [][]datafile.File{series}, moment(t, "10:59:59")
	}); err == nil {
		t.Error("from 10:59:59: the first segment is not opened")
	}
}
