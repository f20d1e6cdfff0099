package gateway_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/control"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	feedsimv1 "tickgate/proto/tickgate/feedsim/v1"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestDemoIsSteered: what `make run` plays is paused, sought in and sped up over its NATS, and clients see a market that jumps, but no gap, no new epoch and, while it is paused, nothing stale.
func TestDemoIsSteered(t *testing.T) {
	t.Parallel() // it mostly waits
	config := gatewaytest.Config(t)
	config.Demo = true
	config.Feed.StaleAfter = time.Second // two signs of life
	g := gatewaytest.Start(t, config)
	connection, err := bus.Connect(g.Bus(), t.Name(), slog.New(slog.DiscardHandler), bus.Handlers{})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ask := func(c *feedsimv1.Command) *feedsimv1.State {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
		defer cancel()
		answer, err := control.Request(ctx, connection, control.DefaultName, c)
		if err != nil || answer.GetRefusal() != nil {
			t.Fatalf("%v: %v, %v", c, answer, err)
		}
		return answer.GetState()
	}
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	client.Subscribe(gatewaytest.Latest(), demoSymbols)
	client.Await("quotes", holdsQuotes(demoSymbols))
	if rate := metric(t, adminOf(g), "tickgate_playback_rate"); rate != config.Playback.Rate {
		t.Errorf("beside a client of the demo playbacks read %v messages/s, want %v: nobody trades by it", rate, config.Playback.Rate)
	}

	paused := ask(&feedsimv1.Command{Command: &feedsimv1.Command_Pause{Pause: &feedsimv1.Pause{}}})
	const standstill = 1500 * time.Millisecond // longer than a silence may be
	timer := time.NewTimer(standstill)
	<-timer.C
	if state := ask(&feedsimv1.Command{Command: &feedsimv1.Command_Status{Status: &feedsimv1.Status{}}}); state.GetPublished() != paused.GetPublished() || state.GetLag() != paused.GetLag() {
		t.Errorf("paused with %v, later %v", paused, state)
	}
	backwards := -int64(time.Duration(paused.GetPosition()-1723161420000000000) * 9 / 10) // nearly to the beginning of the minute
	ask(&feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: &feedsimv1.Seek{Target: &feedsimv1.Seek_By{By: backwards}}}})
	ask(&feedsimv1.Command{Command: &feedsimv1.Command_Resume{Resume: &feedsimv1.Resume{}}})
	ask(&feedsimv1.Command{Command: &feedsimv1.Command_SetSpeed{SetSpeed: &feedsimv1.SetSpeed{Speed: 4}}})
	forwards := &feedsimv1.Seek{Target: &feedsimv1.Seek_TimeOfDay{TimeOfDay: int64(23*time.Hour + 57*time.Minute + 30*time.Second)}}
	sought := ask(&feedsimv1.Command{Command: &feedsimv1.Command_Seek{Seek: forwards}})
	if sought.GetSpeed() != 4 || sought.GetPosition() != 1723161450000000000 || sought.GetPass() != 1 {
		t.Errorf("at last %v", sought)
	}
	var before uint64
	client.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) { before = h[demoSymbols[0]].Updates })
	client.Await("more of the market", func(h gatewaytest.Holdings) bool { return h[demoSymbols[0]].Updates > before+20 })
	client.Look(func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) {
		for _, m := range others {
			if m.GetGap() != nil || m.GetState() != nil && m.GetState().GetState() != tickgatev1.MarketState_MARKET_STATE_LIVE {
				t.Errorf("clients were told %v", m)
			}
		}
	})
	client.Close()
	for _, v := range history.Check(history.NewPublisherLog(), client.Log(), history.Options{}) {
		t.Error(v)
	}
}
