package peertest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tickgate/bench/load"
	"tickgate/bench/peers/peer"
	"tickgate/bench/peers/peertest"
	"tickgate/internal/bus"
	"tickgate/pkg/tick"
)

// silent implements load.Driver for streams without a connection, which receive one message each.
type silent struct{}

func newSilent(*load.Plan, *load.Dialer) (load.Driver, error) { return silent{}, nil }

func (silent) Open(_ context.Context, s *load.Stream) error {
	s.TakeFrame(0)
	if s.Number == 1 {
		s.Lost(errors.New("gone"))
	}
	return nil
}

func (silent) Close() {}

func serveNothing(ctx context.Context, _ peer.Config, listening func(string)) error {
	listening("nowhere:1")
	<-ctx.Done()
	return nil
}

func TestRunReportsWhatTheGeneratorFound(t *testing.T) {
	plan := load.Plan{Symbols: peertest.Symbols(2), Streams: 3, Connections: 1, PerStream: 2}
	window, verdict := peertest.RunWithoutFeed(t, serveNothing, newSilent, plan)
	if window.Streams != 3 || window.Seconds < peertest.WindowLength.Seconds() {
		t.Errorf("a window of %d streams and %g s", window.Streams, window.Seconds)
	}
	if verdict.Lost != 1 || verdict.Wrong != 0 {
		t.Errorf("%d streams lost and %d values wrong, of one that was cut: %v", verdict.Lost, verdict.Wrong, verdict.First)
	}
}

func TestFeedPlaysEverySymbolInTurn(t *testing.T) {
	const rate, symbols = 1_000, 3
	url, _ := peertest.StartNATS(t)
	connection, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	subscription, err := connection.SubscribeSync(bus.DefaultPrefix + ".quote.*")
	if err != nil {
		t.Fatal(err)
	}
	if err := connection.Flush(); err != nil {
		t.Fatal(err)
	}
	stop := peertest.StartFeed(t, url, peertest.Symbols(symbols), rate)
	defer stop()
	var decoder bus.Decoder
	var before tick.Time
	for n := range 4 * symbols {
		message, err := subscription.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode(tick.KindQuote, message.Data); err != nil {
			t.Fatal(err)
		}
		e := decoder.Events[0]
		if want := uint64(n/symbols + 1); e.Sequence != want {
			t.Errorf("%s: sequence %d, not %d", message.Subject, e.Sequence, want)
		}
		if n > 0 && e.TsEvent-before != tick.Time(time.Second/rate) {
			t.Errorf("%s: due %d ns after the one before", message.Subject, e.TsEvent-before)
		}
		before = e.TsEvent
	}
}
