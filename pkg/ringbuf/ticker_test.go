package ringbuf_test

import (
	"math/rand/v2"
	"testing"

	"tickgate/pkg/ringbuf"
	"tickgate/pkg/tick"
)

// tickerRecords is the packed record of one busy symbol after each of count events, the same in every run.
//
// The mix is that of a recorded spot pair (37,797 events of a large crypto pair): a quarter are trades, and they come in runs; a quote moves
// one size, seldom the price; prices and sizes have scale 8. 64 events apart, 7.3 of the 19 words differed in the recording;
// TestTickerIsAsBusyAsARecordedOne holds this sequence to that.
func tickerRecords(t testing.TB, count int) []tick.Words {
	t.Helper()
	source := tickerSource{
		random: rand.New(rand.NewPCG(1, 2)), now: 1723161254024619568, bid: 6183763000000, bidSize: 378826000, askSize: 154698000,
	}
	record := tick.NewRecord()
	records := make([]tick.Words, count)
	for i := range records {
		event := source.next()
		if err := record.Apply(&event, event.TsEvent+1_000_000); err != nil {
			t.Fatal(err)
		}
		record.Pack(&records[i])
	}
	return records
}

type tickerSource struct {
	random                *rand.Rand
	sequence              uint64
	now                   tick.Time
	bid, bidSize, askSize int64
	last                  tick.Trade
	tradesLeft            int64 // of the present run
}

const (
	tickSize = 1_000_000 // 0.01 at scale 8
	lot      = 1_000     // 0.00001 at scale 8
)

func (s *tickerSource) next() tick.Event {
	s.sequence++
	s.now += tick.Time(s.random.Int64N(20_000_000))
	event := tick.Event{
		Epoch: 1, Sequence: s.sequence, TsEvent: s.now, Scales: tick.Scales{Price: 8, Size: 8, Turnover: 8},
	}
	if s.tradesLeft == 0 && s.random.IntN(16) == 0 {
		s.tradesLeft = 1 + s.random.Int64N(9)
	}
	if s.tradesLeft > 0 {
		s.tradesLeft--
		event.Kind, event.Trade = tick.KindTrade, s.nextTrade()
	} else {
		event.Kind, event.Quote = tick.KindQuote, s.nextQuote()
	}
	return event
}

func (s *tickerSource) nextQuote() tick.Quote {
	switch move := s.random.IntN(24); {
	case move == 0:
		s.bid += (s.random.Int64N(201) - 100) * tickSize
		s.bidSize, s.askSize = s.randomSize(24), s.randomSize(24)
	case move <= 12:
		s.bidSize = s.randomSize(24)
	default:
		s.askSize = s.randomSize(24)
	}
	return tick.Quote{
		BidPrice: tick.Some(s.bid), BidSize: tick.Some(s.bidSize), AskPrice: tick.Some(s.bid + tickSize), AskSize: tick.Some(s.askSize),
	}
}

func (s *tickerSource) nextTrade() tick.Trade {
	price, size := s.bid, s.randomSize(15)
	stats := &s.last.Stats
	if stats.TradeCount.Mantissa == 0 {
		stats.Open, stats.High, stats.Low = tick.Some(price), tick.Some(price), tick.Some(price)
	}
	stats.Volume = tick.Some(stats.Volume.Mantissa + size)
	stats.TradeCount = tick.Some(stats.TradeCount.Mantissa + 1)
	stats.Turnover = tick.Some(stats.Turnover.Mantissa + price/1_000_000*size/100)
	stats.High, stats.Low = tick.Some(max(stats.High.Mantissa, price)), tick.Some(min(stats.Low.Mantissa, price))
	s.last.Price, s.last.Size, s.last.Aggressor = price, size, tick.SideBuy
	return s.last
}

// randomSize is 1 to 2^bits lots, small most of the time; with 24 bits it sometimes needs a mantissa above 32 bits.
func (s *tickerSource) randomSize(bits int) int64 {
	return (1 + s.random.Int64N(1<<s.random.IntN(bits+1))) * lot
}

// differingWords is the mean number of words that differ between records that are distance events apart.
func differingWords(records []tick.Words, distance int) float64 {
	differ := 0
	for i := distance; i < len(records); i++ {
		for word := range records[i] {
			if records[i][word] != records[i-distance][word] {
				differ++
			}
		}
	}
	return float64(differ) / float64(len(records)-distance)
}

// The benchmark's input must not be easier on a ring of the benchmark's depth than the market was.
func TestTickerIsAsBusyAsARecordedOne(t *testing.T) {
	const recorded = 7.3
	if got := differingWords(tickerRecords(t, 20_000), benchDepth); got < recorded || got > recorded+1 {
		t.Errorf("%d events apart %.2f words differ, want %.1f or a little more", benchDepth, got, recorded)
	}
}

func TestRingCarriesTicker(t *testing.T) {
	ring := newRing(t, 64, tick.RecordWords)
	var words tick.Words
	for _, want := range tickerRecords(t, 1000) {
		position := ring.Publish(want[:])
		if got := ring.Read(position, words[:]); got.Status != ringbuf.Copied || words != want {
			t.Fatalf("record %d did not come back whole", position)
		}
	}
}
