package scenario

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// realMarket is scenario 6: recorded quotes, faster and faster, to more and more subscribers.
func realMarket(folder string, speeds []int, steps []int, window time.Duration) (Scenario, error) {
	const name = "real-market"
	file := filepath.Join(folder, "market.csv")
	if err := writeMarket(file); err != nil {
		return Scenario{}, err
	}
	s := Scenario{
		Name: name, Title: "A real market",
		Description: fmt.Sprintf("The shipped minute of Binance quotes, about 520 events/s, in a row, and with it %d clones of each of its six symbols, each %s later than the one before, so 600 symbols. "+
			"Subscribers have a connection each and all six recorded symbols. Staleness is sampled every 10 ms: how long what is held has been out of date.", marketClones, marketShift),
	}
	contenders := []contender{
		{"tickgate", Tickgate, 0}, {"tickgate 100 ms", Tickgate, marketInterval}, {"nats", NATS, 0}, {"centrifuge 100 ms", Centrifuge, marketInterval}, {"naive", Naive, 0},
	}
	for _, speed := range speeds {
		for _, c := range contenders {
			s.Jobs = append(s.Jobs, &Load{
				Scenario: name, Case: marketCase(speed), System: c.system, Kind: c.kind, Interval: c.interval,
				Feed:    Feed{"replay", file, "--speed", strconv.Itoa(speed), "--clones", strconv.Itoa(marketClones), "--clone-shift", marketShift.String(), "--event-time", "intended"},
				Symbols: strings.Join(marketSymbols, ","), PerStream: len(marketSymbols), Steps: steps, Staleness: true,
				Settle: 800 * time.Millisecond, Window: window,
			})
		}
	}
	s.Checks = func(cells []report.Cell) []report.Check { return marketChecks(cells, speeds, steps) }
	return s, nil
}

// marketCase is the case of a speed, for any number of subscribers.
func marketCase(speed int) string { return fmt.Sprintf("%dx, {streams} subscribers", speed) }

func marketChecks(cells []report.Cell, speeds, steps []int) (checks []report.Check) {
	f := figures(cells)
	const manySubscribers = 100
	for _, speed := range speeds {
		for _, n := range steps {
			of := strings.ReplaceAll(marketCase(speed), "{streams}", strconv.Itoa(n))
			if n >= manySubscribers {
				for _, other := range []string{"nats", "naive"} {
					checks = append(checks, f.ratio(fmt.Sprintf("%s: CPU per million of %s above tickgate's", of, other), side{of, other}, side{of, "tickgate"}, cpuPerMillion, 1, 0))
				}
				checks = append(checks, f.ratio(of+": CPU per million of centrifuge above tickgate's at the same interval", side{of, "centrifuge 100 ms"}, side{of, "tickgate 100 ms"}, cpuPerMillion, 1, 0))
			}
			checks = append(checks,
				f.ratio(of+": staleness p99 of centrifuge above tickgate's at the same interval", side{of, "centrifuge 100 ms"}, side{of, "tickgate 100 ms"}, stalenessP99, 1, 0),
				f.atMost(of+": bytes on the wire per quote update <= 32 at 100 ms", of, "tickgate 100 ms", wireBytes, 32, "bytes"),
				f.atMost(of+": bytes on the wire per quote update <= 32 with LATEST", of, "tickgate", wireBytes, 32, "bytes"))
		}
	}
	return checks
}

// errSample says that the shipped sample is not as it should be.
var errSample = errors.New("scenario: the shipped sample")

// writeMarket writes the sample's quotes several times in a row, each pass a minute later, as one recording: a second pass as a new epoch would
// begin with snapshots.
func writeMarket(path string) (err error) {
	rows, err := sampleRows()
	if err != nil {
		return err
	}
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
