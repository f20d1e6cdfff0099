package load

import (
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/natsd"
	"tickgate/pkg/tick"
)

func startNATS(t *testing.T) (url string) {
	t.Helper()
	c := natsd.DefaultConfig()
	c.Listen, c.StoreDir = "127.0.0.1:0", ""
	server, err := natsd.Start(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server.URL()
}

// publishQuotes publishes quotes of symbol A with these sequences, all of which NATS has when it returns.
func publishQuotes(t *testing.T, url string, sequences ...uint64) {
	t.Helper()
	connection, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	for _, sequence := range sequences {
		event := tick.Event{Kind: tick.KindQuote, Sequence: sequence, Epoch: 1, TsEvent: 1, Quote: tick.Quote{BidPrice: tick.Some(int64(sequence))}}
		if err := connection.Publish("md.quote.A", bus.AppendEventBatch(nil, "test", []tick.Event{event})); err != nil {
			t.Fatal(err)
		}
	}
	if err := connection.Flush(); err != nil {
		t.Fatal(err)
	}
}

func listenForA(t *testing.T) (*truth, string) {
	t.Helper()
	url := startNATS(t)
	truth, err := listen(&Plan{NATS: url, Symbols: []string{"A"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(truth.close)
	return truth, url
}

// TestFinalValuesAreComparedWithAllOfTheFeed: a generator that is behind its own subscription first takes what the feed published.
func TestFinalValuesAreComparedWithAllOfTheFeed(t *testing.T) {
	const events = 20_000
	truth, url := listenForA(t)
	var sequences []uint64
	for sequence := range uint64(events) {
		sequences = append(sequences, sequence+1)
	}
	publishQuotes(t, url, sequences...)
	go truth.read(t.Context()) // behind by everything
	if err := truth.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sequence, value := truth.symbols[0].newest(); sequence != events || value.bidPrice != events {
		t.Errorf("compared with event %d, %+v, and the feed's last is %d", sequence, value, events)
	}
}

// TestAFeedThatIsBrokenEndsTheWait: what the reader has met is in the verdict, and nobody waits for more.
func TestAFeedThatIsBrokenEndsTheWait(t *testing.T) {
	truth, url := listenForA(t)
	publishQuotes(t, url, 1, 3)
	go truth.read(t.Context())
	if err := truth.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-truth.ended
	if truth.err == nil {
		t.Error("a gap in the generator's own subscription was not noticed")
	}
}
