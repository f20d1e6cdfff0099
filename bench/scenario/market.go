package scenario

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickgate/bench/report"
	"tickgate/sample"
)

// Shape of scenario 6.
const (
	marketClones   = 99 // of each of the six recorded symbols: 600 in all
	marketShift    = 50 * time.Millisecond
	marketInterval = 100 * time.Millisecond
	marketPasses   = 8 // of the recorded minute in one file: enough for the fastest replay
	sampleSpan     = time.Minute
)

// marketSymbols are those of the sample.
var marketSymbols = []string{
	"BTCUSDT.BINANCE_USDM", "ETHUSDT.BINANCE_USDM", "BTCUSDT.BINANCE_SPOT", "ETHUSDT.BINANCE_SPOT", "BTCUSD_PERP.BINANCE_COINM", "ETHUSD_PERP.BINANCE_COINM",
}

// contender is a system with the interval at which it runs.
type contender struct {
	system   string
	kind     Kind
	interval time.Duration
}

// marketStep is a number of subscribers and for how long they are measured.
type marketStep struct {
	streams int
	window  func(speed int) time.Duration
}

// Times of a replay until its first window and from one to the next, for all systems the same: who has opened its streams sooner waits.
const (
	marketStart = 1500 * time.Millisecond // of the clock
	marketRamp  = 1 * time.Second         // of the recording, after the last clone has joined in
	marketOpen  = 500 * time.Millisecond  // of the clock: more streams are opened
	marketQuiet = 1300 * time.Millisecond // of the recording: and wait for an event of each of their symbols
)

// realMarket is scenario 6: recorded quotes, faster and faster, to more and more subscribers.
func realMarket(folder string, speeds []int, steps []marketStep) (Scenario, error) {
	const name = "real-market"
	file := filepath.Join(folder, "market.csv")
	rows, err := sampleRows()
	if err != nil {
		return Scenario{}, err
	}
	if err := writeMarket(file, rows); err != nil {
		return Scenario{}, err
	}
	place, err := placesOf(rows, marketSymbols[0])
	if err != nil {
		return Scenario{}, err
	}
	s := Scenario{
		Name: name, Title: "A real market",
		Description: fmt.Sprintf("The shipped minute of Binance quotes, about 520 events/s, in a row, and with it %d clones of each of its six symbols, each %s later than the one before, so 600 symbols. "+
			"Subscribers have a connection each and all six recorded symbols. Staleness is sampled every 10 ms: how long what is held has been out of date. Every system's window begins with the same event of the "+
			"recording; at one speed, those of different numbers of subscribers are different parts of it. Latency is that of one event in as many as the speed.", marketClones, marketShift),
	}
	contenders := []contender{
		{"tickgate", Tickgate, 0}, {"tickgate 100 ms", Tickgate, marketInterval}, {"nats", NATS, 0}, {"centrifuge 100 ms", Centrifuge, marketInterval}, {"naive", Naive, 0},
	}
	for _, speed := range speeds {
		for _, c := range contenders {
			s.Jobs = append(s.Jobs, &Load{
				Scenario: name, Case: marketCase(speed), System: c.system, Kind: c.kind, Interval: c.interval,
				Feed:    Feed{"replay", file, "--speed", strconv.Itoa(speed), "--clones", strconv.Itoa(marketClones), "--clone-shift", marketShift.String(), "--event-time", "intended"},
				Symbols: strings.Join(marketSymbols, ","), PerStream: len(marketSymbols), Steps: windowsOf(steps, speed, place), Staleness: true, Follow: speed,
				Settle: marketOpen + (marketQuiet+marketBegin(speed)/time.Duration(len(steps)))/time.Duration(speed), // for the estimate: the place in the recording says when
			})
		}
	}
	s.Checks = func(cells []report.Cell) []report.Check { return marketChecks(cells, speeds, steps) }
	return s, nil
}

// windowsOf lays the windows of a speed out over the recording. Place returns the event of the first symbol that is the next at a time of it.
func windowsOf(steps []marketStep, speed int, place func(time.Duration) uint64) (windows []Step) {
	at := marketBegin(speed)
	for _, step := range steps {
		window := min(step.window(speed), sampleSpan/time.Duration(speed)) // all of the minute is enough
		windows = append(windows, Step{Streams: step.streams, From: place(at), Window: window})
		at += (window+marketOpen)*time.Duration(speed) + marketQuiet
	}
	return windows
}

// marketBegin is where the first window begins in the recording: the generators are ready, and all clones have joined in.
func marketBegin(speed int) time.Duration {
	return max(marketClones*marketShift+marketRamp, marketStart*time.Duration(speed))
}

// placesOf returns a function from a time of the recording to the sequence of the symbol's first event at or after it.
func placesOf(rows [][]string, symbol string) (place func(time.Duration) uint64, err error) {
	var times []time.Duration
	var first int64
	for i, row := range rows[1:] {
		received, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%w: receive time %q: %w", errSample, row[0], err)
		}
		if i == 0 {
			first = received
		}
		if row[3]+"."+row[2] == symbol {
			times = append(times, time.Duration(received-first))
		}
	}
	return func(at time.Duration) uint64 {
		before, _ := slices.BinarySearch(times, at%sampleSpan)
		return uint64(int(at/sampleSpan)*len(times)+before) + 1
	}, nil
}

// marketCase is the case of a speed, for any number of subscribers.
func marketCase(speed int) string { return fmt.Sprintf("%dx, {streams} subscribers", speed) }

func marketChecks(cells []report.Cell, speeds []int, steps []marketStep) (checks []report.Check) {
	f := figures(cells)
	for _, speed := range speeds {
		for _, step := range steps {
			checks = append(checks, f.marketCheck(strings.ReplaceAll(marketCase(speed), "{streams}", strconv.Itoa(step.streams)), step.streams)...)
		}
	}
	return checks
}

func (f figures) marketCheck(of string, subscribers int) (checks []report.Check) {
	const manySubscribers = 100
	const ours, ours100, centrifuge100 = "tickgate", "tickgate 100 ms", "centrifuge 100 ms"
	checks = append(checks, f.samePublished(of))
	if subscribers >= manySubscribers {
		for _, other := range []string{"nats", "naive"} {
			checks = append(checks, f.ratio(fmt.Sprintf("%s: CPU per million of %s above tickgate's", of, other), side{of, other}, side{of, ours}, cpuPerMillion, 1, 0))
		}
		checks = append(checks, f.ratio(of+": CPU per million of centrifuge above tickgate's at the same interval", side{of, centrifuge100}, side{of, ours100}, cpuPerMillion, 1, 0))
	}
	return append(checks,
		f.ratio(of+": staleness p50 of centrifuge above tickgate's at the same interval", side{of, centrifuge100}, side{of, ours100}, stalenessP50, 1, 0),
		f.ratio(of+": staleness p99 of centrifuge above tickgate's at the same interval", side{of, centrifuge100}, side{of, ours100}, stalenessP99, 1, 0),
		f.atMost(of+": bytes on the wire per quote update <= 32 at 100 ms", of, ours100, wireBytes, 32, "bytes"),
		f.atMost(of+": bytes on the wire per quote update <= 32 with LATEST", of, ours, wireBytes, 32, "bytes"))
}

// errSample says that the shipped sample is not as it should be.
var errSample = errors.New("scenario: the shipped sample")

// writeMarket writes the sample's quotes several times in a row, each pass a minute later, as one recording: a second pass as a new epoch would
// begin with snapshots.
func writeMarket(path string, rows [][]string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := csv.NewWriter(file)
	if err := out.Write(rows[0]); err != nil {
		return err
	}
	for pass := range marketPasses {
		for _, row := range rows[1:] {
			received, err := strconv.ParseInt(row[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%w: receive time %q: %w", errSample, row[0], err)
			}
			shifted := append([]string{strconv.FormatInt(received+int64(pass)*int64(sampleSpan), 10)}, row[1:]...)
			if err := out.Write(shifted); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// sampleRows returns the rows of the sample's quotes, the header first.
func sampleRows() ([][]string, error) {
	compressed, err := sample.Quotes()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSample, err)
	}
	plain, err := gzip.NewReader(compressed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSample, err)
	}
	rows, err := csv.NewReader(plain).ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, fmt.Errorf("%w: %d rows: %w", errSample, len(rows), err)
	}
	return rows, nil
}
