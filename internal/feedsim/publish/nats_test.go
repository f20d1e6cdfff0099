package publish_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/natsd/natstest"
	"tickgate/internal/testport"
	"tickgate/pkg/tick"
)

const patience = 20 * time.Second

// TestPublishingGoesOnWhileNATSIsAway kills the server under the publisher and starts another on its port.
func TestPublishingGoesOnWhileNATSIsAway(t *testing.T) {
	_, portText, err := net.SplitHostPort(testport.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatal(err)
	}
	first := natstest.Start(t, server.Options{Port: port})
	disconnected, reconnected := make(chan struct{}, 1), make(chan struct{}, 2)
	connection := natstest.Connect(t, first, bus.Handlers{
		Disconnected: func(error) { signal(disconnected) },
		Reconnected:  func() { signal(reconnected) },
	})
	await(t, reconnected, "the first connection")
	p := newPublisher(t, connection, nil)
	send(p, "A", trade(t, "1", "1"), trade(t, "1", "1"))
	if err := connection.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}

	natstest.Stop(first)
	await(t, disconnected, "the end of the connection")
	send(p, "A", trade(t, "1", "1"), trade(t, "1", "1"), trade(t, "1", "1"))
	if c := p.Counters(); c.Published != 2 || c.Lost != 3 {
		t.Errorf("counters %+v while NATS is away, want 2 published and 3 lost", c)
	}

	second := natstest.Start(t, server.Options{Port: port})
	await(t, reconnected, "the second connection")
	messages := make(chan *nats.Msg, 1)
	subscriber := natstest.Connect(t, second, bus.Handlers{})
	if _, err := subscriber.ChanSubscribe("md.trade.A", messages); err != nil {
		t.Fatal(err)
	}
	if err := subscriber.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	send(p, "A", trade(t, "1", "1"))
	select {
	case m := <-messages:
		var d bus.Decoder
		if err := d.Decode(tick.KindTrade, m.Data); err != nil || d.Events[0].Sequence != 6 || d.Events[0].Trade.Stats.Volume != tick.Some(6) {
			t.Errorf("received %+v, error %v, want sequence 6 and volume 6", d.Events, err)
		}
	case <-time.After(patience):
		t.Fatal("nothing arrives after the reconnect")
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal("waited too long for", what)
	}
}

// BenchmarkPublish times Publish of quotes of 100 symbols, one event per message, into a server of this process with nobody subscribed.
func BenchmarkPublish(b *testing.B) {
	s := natstest.Start(b, server.Options{})
	benchmarkPublish(b, natstest.Connect(b, s, bus.Handlers{}))
}

// BenchmarkPublishWithoutBus times numbering, figures and encoding only.
func BenchmarkPublishWithoutBus(b *testing.B) { benchmarkPublish(b, nowhere{}) }

type nowhere struct{}

func (nowhere) Publish(string, []byte) error { return nil }

func benchmarkPublish(b *testing.B, sender publish.Sender) {
	p := newPublisher(b, sender, nil)
	quote, trade := quote(b, "2683.80", "3.029", "2683.81", "31.439"), trade(b, "2683.81", "0.020")
	symbols := make([]string, 100)
	for i := range symbols {
		symbols[i] = "BTCUSDT.VENUE_" + strconv.Itoa(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e := quote
		if i%5 == 0 {
			e = trade
		}
		p.Publish(symbols[i%len(symbols)], &e)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	if c := p.Counters(); c.Lost != 0 {
		b.Errorf("counters %+v", c)
	}
}
