package publish_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/pkg/tick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// message is one that a fakeBus took.
type message struct {
	subject string
	payload string
}

// fakeBus is a Sender that keeps messages. It refuses them while down.
type fakeBus struct {
	messages []message
	down     error
}

var errDown = errors.New("not connected")

func (b *fakeBus) Publish(subject string, data []byte) error {
	if b.down != nil {
		return b.down
	}
	b.messages = append(b.messages, message{subject, string(data)})
	return nil
}

// events decodes all messages.
func (b *fakeBus) events(t *testing.T) []tick.Event {
	t.Helper()
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	var all []tick.Event
	var decoder bus.Decoder
	for _, m := range b.messages {
		kind, _, err := subjects.ParseEvent(m.subject)
		if err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode(kind, []byte(m.payload)); err != nil {
			t.Fatal(err)
		}
		all = append(all, decoder.Events...)
	}
	return all
}

func newPublisher(t testing.TB, b publish.Sender, change func(*publish.Config)) *publish.Publisher {
	t.Helper()
	config := publish.DefaultConfig()
	if change != nil {
		change(&config)
	}
	p, err := publish.New(config, b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func quote(t testing.TB, bid, bidSize, ask, askSize string) tick.Event {
	t.Helper()
	b, bs, a, as := decimal(t, bid), decimal(t, bidSize), decimal(t, ask), decimal(t, askSize)
	return tick.Event{
		Kind:   tick.KindQuote,
		Scales: tick.Scales{Price: b.Scale, Size: bs.Scale},
		Quote: tick.Quote{
			BidPrice: tick.Some(b.Mantissa), BidSize: tick.Some(bs.Mantissa), AskPrice: tick.Some(a.Mantissa), AskSize: tick.Some(as.Mantissa),
		},
	}
}

func trade(t testing.TB, price, size string) tick.Event {
	t.Helper()
	p, s := decimal(t, price), decimal(t, size)
	return tick.Event{
		Kind:   tick.KindTrade,
		Scales: tick.Scales{Price: p.Scale, Size: s.Scale},
		Trade:  tick.Trade{Price: p.Mantissa, Size: s.Mantissa, Aggressor: tick.SideBuy},
	}
}

func decimal(t testing.TB, text string) tick.Decimal {
	t.Helper()
	d, err := tick.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func send(p *publish.Publisher, symbol string, events ...tick.Event) {
	for _, e := range events {
		p.Publish(symbol, &e)
	}
}
