package gateway_test

import (
	"testing"
	"time"

	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestIntervalDeliversShareOfQuotes plays ten seconds at their pace.
func TestIntervalDeliversShareOfQuotes(t *testing.T) {
	t.Parallel() // it mostly waits
	deliverShareOfQuotes(t, cut(t, sampleFiles(), 10*time.Second))
}

// TestLongIntervalDeliversEightPercentOfQuotes plays the whole files at their pace, which takes 346 seconds. The last value of each symbol in each
// 100 ms are 8.1 % of their quotes.
func TestLongIntervalDeliversEightPercentOfQuotes(t *testing.T) {
	onlyLong(t)
	files := wholeFiles(t)
	t.Parallel()
	const least, most = 0.07, 0.09
	if share := deliverShareOfQuotes(t, files); share < least || share > most {
		t.Errorf("%.2f %% of the quotes were delivered, want about 8", 100*share)
	}
}

// deliverShareOfQuotes plays files at their pace to a client that wants quotes alone, every 100 ms, and compares how many of them are delivered with how many
// follow from the files. It returns the share.
//
// Tolerated are 30 % fewer, since a flush or a publisher that is held up on a busy machine merges two intervals, and 10 % more, since the intervals of the
// gateway do not begin when those of the files do.
func deliverShareOfQuotes(t *testing.T, files []datafile.File) float64 {
	want := read(t, files)
	symbols := want.symbols()
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	client := gatewaytest.OpenStream(t, g.Dial(t), &gatewaytest.Options{HeartbeatEvery: 20 * time.Second})
	client.Subscribe(gatewaytest.Interval(flushInterval), symbols, tickgatev1.Kind_KIND_QUOTE)
	market.Replay(files, 1)
	client.Await("the last quotes", gatewaytest.HoldsLast(market, symbols, tick.KindQuote))
	client.Close()

	options := history.Options{End: history.EndSettled, IntervalTolerance: flushTolerance(flushInterval)}
	for _, v := range history.Check(market.Log(), client.Log(), options) {
		t.Error(v)
	}
	delivered, quotes := countQuotes(t, want, client)
	expected := want.lastQuotesPer(flushInterval)
	t.Logf("%d of %d quotes delivered, %.2f %%; the files say %.0f, %.2f %%",
		delivered, quotes, percent(float64(delivered), quotes), expected, percent(expected, quotes))
	if float64(delivered) < 0.7*expected || float64(delivered) > 1.1*expected {
		t.Errorf("%d quotes delivered, want about %.0f", delivered, expected)
	}
	return float64(delivered) / float64(quotes)
}

// countQuotes returns how many quotes were delivered and how many there are, and demands that none is unaccounted for.
func countQuotes(t *testing.T, want recording, client *gatewaytest.Stream) (delivered, quotes uint64) {
	t.Helper()
	counts := history.Count(client.Log())
	client.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) {
		for symbol, c := range counts {
			delivered += c.Updates
			quotes += want[symbol].quotes
			if upTo := h.Sequence(symbol); c.Updates+c.Conflated+c.Missing != upTo {
				t.Errorf("%s: %+v, want the sum to be %d, the sequence of the last update", symbol, c, upTo)
			}
		}
	})
	return delivered, quotes
}

func percent(part float64, whole uint64) float64 { return 100 * part / float64(whole) }

// lastQuotesPer returns how many intervals have a quote, summed over the symbols: as many are delivered if the last one of each interval is. It is the mean over
// ten phases of the intervals.
func (r recording) lastQuotesPer(interval time.Duration) float64 {
	const phases = 10
	count := 0
	for phase := range int64(phases) {
		shift := phase * interval.Nanoseconds() / phases
		for _, l := range r {
			last := int64(-1)
			for _, at := range l.quoteTimes {
				if begun := (at + shift) / interval.Nanoseconds(); begun != last {
					last = begun
					count++
				}
			}
		}
	}
	return float64(count) / phases
}
