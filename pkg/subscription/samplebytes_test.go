package subscription_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/wire"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	"tickgate/sample"
)

// encoded is a stream that counts what its batches take.
type encoded struct {
	*stream
	wire    wire.Batch
	updates int
	bytes   int // encoded, with what gRPC and HTTP/2 put before each message
	given   int // sequences
}

// framingBytes is gRPC's prefix and the header of the DATA frame.
const framingBytes = 5 + 9

func (e *encoded) Begin(now time.Time) {
	e.stream.Begin(now)
	e.wire.Begin(nil, tick.Time(now.UnixNano()))
}

func (e *encoded) Append(u *subscription.Update) subscription.Room {
	e.wire.Update(u.Symbol.ID(), u.Sequence, u.Record, u.Changed, u.Conflated, u.Snapshot)
	e.updates++
	if u.Sequence != 0 {
		e.given++
	}
	return e.stream.Append(u)
}

func (e *encoded) SendBatch(streamSequence uint64) {
	e.bytes += len(e.wire.Finish(streamSequence)) + framingBytes
	e.stream.SendBatch(streamSequence)
}

// sampleMarket publishes the quotes of the sample as their times say, each as if it took feedDelay from the publisher.
func (g *gateway) sampleMarket(symbols map[string]*market) {
	const feedDelay = 300 * time.Microsecond
	config := publish.DefaultConfig()
	config.OnEvent = func(name string, e tick.Event) {
		m := symbols[name]
		e.TsEvent = tick.Time(time.Now().UnixNano()) - tick.Time(feedDelay)
		if err := m.record.Apply(&e, tick.Time(time.Now().UnixNano())); err != nil {
			g.t.Fatal(err)
		}
		g.table.Publish(m.symbol, &m.record)
	}
	publisher, err := publish.New(config, nowhere{})
	if err != nil {
		g.t.Fatal(err)
	}
	played := replay.DefaultConfig()
	played.Files = []datafile.File{{Name: sample.QuotesName, Open: sample.Quotes}}
	played.EventTime = feedsim.EventTimeIntended
	r, err := replay.New(played, publisher)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := r.Run(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

// nowhere is a bus that nobody reads.
type nowhere struct{}

func (nowhere) Publish(string, []byte) error { return nil }

// TestBytesOfTheSampleMarket plays the sample's minute of quotes to two clients with an interval of 100 ms, of which one works sequences out, and logs what an update takes.
func TestBytesOfTheSampleMarket(t *testing.T) {
	const most = 32.0
	inBubble(t, func(t *testing.T, g *gateway) {
		symbols := make(map[string]*market)
		var names []string
		for _, name := range []string{
			"BTCUSDT.BINANCE_SPOT", "ETHUSDT.BINANCE_SPOT", "BTCUSDT.BINANCE_USDM", "ETHUSDT.BINANCE_USDM", "BTCUSD_PERP.BINANCE_COINM", "ETHUSD_PERP.BINANCE_COINM",
		} {
			symbols[name], names = g.open(name), append(names, name)
		}
		given, implied := g.attachEncoded(), g.attachEncoded()
		given.subscribe(every(100*time.Millisecond), names...)
		for _, name := range names {
			implied.imply(every(100*time.Millisecond), 0, name)
		}
		g.sampleMarket(symbols)
		pass(time.Second)
		perUpdate := func(e *encoded) float64 { return float64(e.bytes) / float64(e.updates) }
		t.Logf("sequences given: %.2f bytes per update of %d updates", perUpdate(given), given.updates)
		t.Logf("sequences implied: %.2f bytes per update of %d updates, of which %d give theirs", perUpdate(implied), implied.updates, implied.given)
		if got := perUpdate(implied); got > most {
			t.Errorf("%.2f bytes per update, at most %v", got, most)
		}
		if implied.given > 2*len(names) {
			t.Errorf("%d of %d updates give their sequences, though nothing is missing", implied.given, implied.updates)
		}
	})
}

// attachEncoded adds a stream whose messages leave at once.
func (g *gateway) attachEncoded() *encoded {
	e := &encoded{stream: &stream{g: g, session: g.hub.NewSession(g.hub.NewConn()), atOnce: true, room: 1000}}
	e.session.Attach(e)
	synctest.Wait()
	return e
}
