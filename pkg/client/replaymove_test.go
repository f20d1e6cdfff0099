package client_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/natsd"
	"tickgate/pkg/client"
	"tickgate/pkg/tick"
)

// recordedFleet is two gateways at one NATS, which has recorded rounds of events, some of them at the very same time.
func recordedFleet(t *testing.T, rounds int) (gateways []*gatewaytest.Gateway, symbols []string) {
	t.Helper()
	config := natsd.DefaultConfig()
	config.Listen, config.StoreDir = "127.0.0.1:0", t.TempDir()
	server, err := natsd.Start(config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	for range 2 {
		c := gatewaytest.Config(t)
		c.Bus, c.CreateStream = server.Connection(), true
		c.Keep.MaxMessagesPerSubject = 0
		c.Stream.RetryAfter, c.Stream.DrainGrace = 10*time.Millisecond, time.Second
		gateways = append(gateways, gatewaytest.Start(t, c))
	}
	market := gatewaytest.NewPublisher(t, gateways[0].Bus())
	symbols = []string{"A", "B", "C"}
	opening := time.Now().Add(-time.Hour).Truncate(time.Second)
	events := 0
	for i := range rounds {
		at := tick.Time(opening.Add(time.Duration(i) * 20 * time.Millisecond).UnixNano())
		for _, symbol := range symbols {
			quote := quoteOf(int64(1000 + i))
			quote.TsEvent = at
			market.Publish(symbol, quote)
			events++
			if i%3 == 0 {
				market.Publish(symbol, tick.Event{Kind: tick.KindTrade, Scales: tick.Scales{Price: 2}, TsEvent: at, Trade: tick.Trade{Price: int64(1000 + i), Size: 1}})
				events++
			}
		}
	}
	market.AwaitStored(uint64(events))
	return gateways, symbols
}

// seenOf is what an application sees of an update.
func seenOf(u *client.Update) string {
	return fmt.Sprintln(u.Symbol, u.Sequence, u.EventTime, u.Bid, u.Ask, u.Last, u.Volume, u.Merged, u.Conflated, u.MissingNow, u.Missing, u.Changed&client.IsSnapshot)
}

// play returns what is seen of a playback until its end, and how often it was told that it had moved. disturb is called after each update with how many there were.
func play(t *testing.T, c *client.Client, o client.ReplayOptions, disturb func(r *client.Replay, updates int)) (seen []string, moved int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	r, err := c.Replay(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var played uint64
	for e := range r.Events() {
		switch e.Kind {
		case client.ReplayUpdate:
			seen = append(seen, seenOf(&e.Update))
			played += 1 + e.Update.Merged
			if disturb != nil {
				disturb(r, len(seen))
			}
		case client.ReplayMoved:
			moved++
		case client.ReplayRefused:
			t.Error(e.Err)
		case client.ReplayEnd:
			if e.Played != played {
				t.Errorf("the playback says that %d events were played, %d were", e.Played, played)
			}
			return seen, moved
		}
	}
	t.Fatalf("the playback ended after %d updates: %v", len(seen), r.Err())
	return nil, 0
}

// TestReplayGoesOnAtAnotherGateway when its own drains, or is cut off: nothing is missing, nothing comes twice, and what is merged is as it would have been.
func TestReplayGoesOnAtAnotherGateway(t *testing.T) {
	for _, conflation := range []client.Conflation{client.AllEvents, client.Every(50 * time.Millisecond)} {
		for name, leave := range map[string]func(*gatewaytest.Gateway){"drained": (*gatewaytest.Gateway).BeginDrain, "cut off": (*gatewaytest.Gateway).Abort} {
			t.Run(fmt.Sprint(conflation, " ", name), func(t *testing.T) {
				const rounds = 200 // 4 s of the market
				gateways, symbols := recordedFleet(t, rounds)
				c := connect(t, gateways[0], client.WithAddresses(gateways[1].Addresses().GRPC), client.WithBackoff(5*time.Millisecond, 50*time.Millisecond))
				o := client.ReplayOptions{Symbols: symbols, Speed: client.Unpaced(), Conflation: conflation}
				undisturbed, _ := play(t, c, o, nil)
				o.Speed = 8
				disturbed, moved := play(t, c, o, func(_ *client.Replay, updates int) {
					if updates == len(undisturbed)/3 {
						leave(gateways[0])
					}
				})
				if moved != 1 {
					t.Errorf("moved %d times, want once", moved)
				}
				if !slices.Equal(undisturbed, disturbed) {
					for i := range min(len(undisturbed), len(disturbed)) {
						if undisturbed[i] != disturbed[i] {
							t.Fatalf("update %d is\n%s, undisturbed\n%s", i, disturbed[i], undisturbed[i])
						}
					}
					t.Errorf("%d updates, undisturbed %d", len(disturbed), len(undisturbed))
				}
			})
		}
	}
}

// TestPausedReplayIsPausedAtAnotherGateway, and a command that was given in between is sent there.
func TestPausedReplayIsPausedAtAnotherGateway(t *testing.T) {
	gateways, symbols := recordedFleet(t, 100)
	c := connect(t, gateways[0], client.WithAddresses(gateways[1].Addresses().GRPC), client.WithBackoff(5*time.Millisecond, 50*time.Millisecond))
	o := client.ReplayOptions{Symbols: symbols, Speed: client.Unpaced()}
	undisturbed, _ := play(t, c, o, nil)
	o.Speed = 2
	r, err := c.Replay(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var seen []string
	await := func(kind client.ReplayKind, phase client.ReplayPhase) (updates int) {
		t.Helper()
		for e := range r.Events() {
			if e.Kind == client.ReplayUpdate {
				seen = append(seen, seenOf(&e.Update))
				updates++
			}
			if e.Kind == kind && e.Phase == phase {
				return updates
			}
		}
		t.Fatalf("the playback ended: %v", r.Err())
		return 0
	}
	await(client.ReplayUpdate, 0)
	if err := r.Pause(); err != nil {
		t.Fatal(err)
	}
	await(client.ReplayStatus, client.ReplayPaused)
	gateways[0].Abort()
	if updates := await(client.ReplayMoved, 0) + await(client.ReplayStatus, client.ReplayPaused); updates > 0 {
		t.Errorf("%d updates of a playback that is paused", updates)
	}
	if err := r.SetSpeed(client.Unpaced()); err != nil {
		t.Fatal(err)
	}
	if err := r.Resume(); err != nil {
		t.Fatal(err)
	}
	await(client.ReplayEnd, client.ReplayEnded)
	if !slices.Equal(undisturbed, seen) {
		t.Errorf("%d updates, undisturbed %d", len(seen), len(undisturbed))
	}
}
