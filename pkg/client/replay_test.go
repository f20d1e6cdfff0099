package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
	"tickgate/pkg/tick"
)

// recordedGateway has recorded ten quotes of ACME, one per second.
func recordedGateway(tb testing.TB) (address string, opening time.Time) {
	config := gatewaytest.Config(tb)
	config.Keep.MaxMessagesPerSubject = 0
	g := gatewaytest.Start(tb, config)
	market := gatewaytest.NewPublisher(tb, g.Bus())
	opening = time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range 10 {
		market.Publish("ACME", tick.Event{
			Kind: tick.KindQuote, Scales: tick.Scales{Price: 2}, TsEvent: tick.Time(opening.Add(time.Duration(i) * time.Second).UnixNano()),
			Quote: tick.Quote{BidPrice: tick.Some(1000 + int64(i)), BidSize: tick.Some(1)},
		})
	}
	market.AwaitStored(10)
	return g.Addresses().GRPC, opening
}

func ExampleClient_Replay() {
	tb := &exampleTB{}
	defer tb.end()
	gateway, opening := recordedGateway(tb) // it has recorded ten quotes of ACME, one per second
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, gateway)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	r, err := c.Replay(ctx, client.ReplayOptions{Symbols: []string{"ACME"}, From: opening.Add(7 * time.Second), Speed: client.Unpaced()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for e := range r.Events() {
		if e.Kind == client.ReplayEnd {
			fmt.Println(e.Played, "events")
			break
		}
		if e.Kind == client.ReplayUpdate {
			fmt.Println(e.Clock.Sub(opening), e.Update.Symbol, e.Update.Bid)
		}
	}
	// Output:
	// 7s ACME 10.07
	// 8s ACME 10.08
	// 9s ACME 10.09
	// 3 events
}

// until takes events until one of a kind.
func until(t *testing.T, r *client.Replay, kind client.ReplayKind) client.ReplayEvent {
	t.Helper()
	for e := range r.Events() {
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("the playback ended: %v", r.Err())
	return client.ReplayEvent{}
}

// TestReplayIsSteered: paused, made faster, sent back, and told what is wrong.
func TestReplayIsSteered(t *testing.T) {
	gateway, opening := recordedGateway(t)
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	c, err := client.Dial(ctx, gateway)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Replay(ctx, client.ReplayOptions{Symbols: []string{"ACME", "NO.SUCH", "no symbol "}, From: opening})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Rejected()) != 2 {
		t.Errorf("rejected %v", r.Rejected())
	}
	if e := until(t, r, client.ReplayUpdate); e.Update.Bid.String() != "10.00" || e.Update.Changed&client.IsSnapshot == 0 || !e.Update.EventTime.Equal(opening) || e.Update.State != client.Live {
		t.Errorf("the first event is %+v", e)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(r.Pause())
	if e := until(t, r, client.ReplayStatus); e.Phase != client.ReplayPaused {
		t.Errorf("paused: %+v", e)
	}
	do(r.SetSpeed(-1))
	var refused *client.ReplayRefusedError
	if e := until(t, r, client.ReplayRefused); !errors.As(e.Err, &refused) || refused.Reason != "SPEED" {
		t.Errorf("speed -1: %v", e.Err)
	}
	do(r.Seek(opening.Add(-time.Second)))
	if e := until(t, r, client.ReplayRefused); !errors.As(e.Err, &refused) || refused.Reason != "SEEK_OUTSIDE" {
		t.Errorf("seek outside: %v", e.Err)
	}
	do(r.Seek(opening.Add(5 * time.Second)))
	do(r.SetSpeed(client.Unpaced()))
	do(r.Resume())
	if e := until(t, r, client.ReplayUpdate); e.Update.Bid.String() != "10.05" || !r.Clock().Equal(opening.Add(5*time.Second)) {
		t.Errorf("after the seek: %+v", e)
	}
	if e := until(t, r, client.ReplayEnd); e.Played != 5 || e.Phase != client.ReplayEnded {
		t.Errorf("at the end: %+v", e)
	}
}

// TestReplayThatIsNone says why.
func TestReplayThatIsNone(t *testing.T) {
	gateway, opening := recordedGateway(t)
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	c, err := client.Dial(ctx, gateway)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var none *client.RejectedError
	if _, err := c.Replay(ctx, client.ReplayOptions{Symbols: []string{"NO.SUCH"}}); !errors.As(err, &none) {
		t.Errorf("no symbol that is known: %v", err)
	}
	var refused *client.ReplayRefusedError
	if _, err := c.Replay(ctx, client.ReplayOptions{Symbols: []string{"ACME"}, From: opening, To: opening}); !errors.As(err, &refused) || refused.Reason != "RANGE" {
		t.Errorf("no range: %v", err)
	}
}

// TestReplayEndsWithItsContext.
func TestReplayEndsWithItsContext(t *testing.T) {
	gateway, _ := recordedGateway(t)
	c, err := client.Dial(t.Context(), gateway)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := c.Replay(ctx, client.ReplayOptions{Symbols: []string{"ACME"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	until(t, r, client.ReplayUpdate)
	cancel()
	for range r.Events() {
		continue
	}
	if r.Err() == nil {
		t.Error("a playback whose context was cancelled has no error")
	}
}
