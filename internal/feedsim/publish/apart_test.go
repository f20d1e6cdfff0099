package publish_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/pkg/tick"
)

// TestNumberedAndSentApart: a hole, a repeat and a late one.
func TestNumberedAndSentApart(t *testing.T) {
	var b fakeBus
	p := newPublisher(t, &b, func(c *publish.Config) { c.BatchEvents = 10 })
	events := []tick.Event{trade(t, "1", "1"), trade(t, "2", "1"), trade(t, "3", "1")}
	for i := range events {
		if !p.Number("A", &events[i]) {
			t.Fatalf("event %d is refused", i)
		}
	}
	p.Send("A", &events[2])
	p.Send("A", &events[2])
	p.Send("A", &events[0])
	p.NewEpoch()
	again := trade(t, "4", "1")
	p.Publish("A", &again)
	p.Send("A", &events[2])
	p.Flush()

	var sequences []uint64
	var volumes []int64
	for _, e := range b.events(t) {
		sequences, volumes = append(sequences, e.Sequence), append(volumes, e.Trade.Stats.Volume.Mantissa)
	}
	if !slices.Equal(sequences, []uint64{3, 3, 1, 1, 3}) || !slices.Equal(volumes, []int64{3, 3, 1, 1, 3}) {
		t.Errorf("sequences %v, volumes %v", sequences, volumes)
	}
	if len(b.messages) != 5 { // a message holds one epoch, and its sequences grow
		t.Errorf("%d messages, want one of each", len(b.messages))
	}
}

// TestTakeOverGoesOn under another name, with the same epoch and sequences.
func TestTakeOverGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b fakeBus
		p := newPublisher(t, &b, func(c *publish.Config) { c.BatchEvents = 10 })
		first, second := trade(t, "1", "1"), trade(t, "2", "1")
		p.Publish("A", &first)
		p.TakeOver("standby")
		p.Publish("A", &second)
		p.Flush()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p.Heartbeats(ctx)
		if p.Name() != "standby" || second.Sequence != 2 || second.Epoch != first.Epoch {
			t.Errorf("%q goes on with sequence %d of epoch %d after %d", p.Name(), second.Sequence, second.Epoch, first.Epoch)
		}
		if !strings.Contains(b.messages[0].payload, "feedsim") || !strings.Contains(b.messages[1].payload, "standby") || b.messages[2].subject != "md.heartbeat.standby" {
			t.Errorf("messages %q", b.messages)
		}
	})
}

// TestHeartbeatsCountUnderEachName: a gateway that had nothing else of it would take what another publisher has sent in the meantime for lost.
func TestHeartbeatsCountUnderEachName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b fakeBus
		p := newPublisher(t, &b, nil)
		var counts []uint64
		for _, name := range []string{"feedsim", "standby", "feedsim", "standby"} {
			if name != p.Name() {
				p.TakeOver(name)
			}
			send(p, "A", trade(t, "1", "1"), trade(t, "1", "1"), trade(t, "1", "1"))
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			p.Heartbeats(ctx)
			cancel()
			h, err := bus.DecodeHeartbeat([]byte(b.messages[len(b.messages)-1].payload))
			if err != nil || string(h.Publisher) != name {
				t.Fatalf("heartbeat %+v, %v, want one of %s", h, err, name)
			}
			counts = append(counts, h.Events)
		}
		if want := []uint64{3, 3, 6, 6}; !slices.Equal(counts, want) {
			t.Errorf("counted %d, want %d", counts, want)
		}
	})
}

func TestMutedPublisherShowsNoSignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b fakeBus
		p := newPublisher(t, &b, nil)
		p.Mute()
		time.AfterFunc(1100*time.Millisecond, p.Unmute)
		ctx, cancel := context.WithTimeout(t.Context(), 1600*time.Millisecond)
		defer cancel()
		p.Heartbeats(ctx)
		if len(b.messages) != 1 { // at 1.5 s
			t.Errorf("%d signs of life, want 1", len(b.messages))
		}
	})
}
