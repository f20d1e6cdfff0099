package replay_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"tickgate/internal/bus"
	"tickgate/internal/natsd/natstest"
	"tickgate/pkg/tick"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// received is what a subscriber of everything got.
type received struct {
	symbol string
	event  tick.Event
}

// subscribe decodes every event of the bus into the channel that it returns, which holds them all.
func subscribe(t testing.TB, s *server.Server, capacity int) <-chan received {
	t.Helper()
	subjects, err := bus.NewSubjects(bus.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan received, capacity) // all that the test publishes: the callback never waits
	var decoder bus.Decoder
	c := natstest.Connect(t, s, bus.Handlers{})
	subscription, err := c.Subscribe(subjects.All(), func(m *nats.Msg) {
		if subjects.IsHeartbeat(m.Subject) {
			return
		}
		kind, symbol, err := subjects.ParseEvent(m.Subject)
		if err == nil {
			err = decoder.Decode(kind, m.Data)
		}
		if err != nil {
			t.Errorf("message on %s: %v", m.Subject, err)
		}
		for _, e := range decoder.Events {
			events <- received{symbol, e}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := subscription.SetPendingLimits(-1, -1); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return events
}
