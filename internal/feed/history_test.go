package feed_test

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tickgate/internal/history"
	"tickgate/internal/historytest"
	"tickgate/pkg/subscription"
)

// TestIngesterAgainstHistory has the same happen to an ingester as its model, under a hub with clients of each policy, and the history checker judge what they were told.
func TestIngesterAgainstHistory(t *testing.T) { historytest.Judge(t, drive) }

// TestHistoryCatchesDefectsBehindIngester plants a mistake between the hub and its clients. It must be found, and soon.
func TestHistoryCatchesDefectsBehindIngester(t *testing.T) { historytest.CatchPlants(t, drive) }

// drive has things happen until the market is whole again, and returns what is wrong with what the clients were told.
func drive(t *rapid.T, defect func() historytest.Defect) (found []history.Violation) {
	r, m := newRig(t, nil), newModel()
	r.now, r.sleep = time.Now(), func(d time.Duration) { time.Sleep(d) }
	clients, halt := attachClients(t, r, defect)
	defer halt()
	r.in.Connected()
	actions := maps.Clone(m.actions(r))
	actions["subscribe"] = func(t *rapid.T) { subscribe(t, clients) }
	actions["unsubscribe"] = func(t *rapid.T) {
		if err := rapid.SampledFrom(clients).Draw(t, "client").Unsubscribe(t.Context(), someSymbol.Draw(t, "symbol")); err != nil {
			t.Fatal(err)
		}
	}
	check := actions[""]
	actions[""] = func(t *rapid.T) {
		synctest.Wait()
		check(t)
	}
	t.Repeat(actions)
	m.connect(t, r)
	for _, symbol := range []string{"A", "B", "C"} {
		m.sendOne(r, "p", symbol, quote(3, 13)) // newer than all before
	}
	r.pass(time.Second)
	for _, c := range clients {
		found = append(found, history.Check(m.published, c.Log(), history.Options{End: history.EndSettled, IntervalTolerance: 51 * time.Millisecond})...)
	}
	return found
}

// attachClients runs a hub over the rig's table, with two clients until halt.
func attachClients(t *rapid.T, r *rig, newDefect func() historytest.Defect) (clients []*historytest.Client, halt func()) {
	config := subscription.DefaultConfig()
	config.Workers = 1
	hub, err := subscription.NewHub(r.table, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = hub.Run(ctx)
	}()
	for range 2 {
		var defect historytest.Defect
		if newDefect != nil {
			defect = newDefect()
		}
		clients = append(clients, historytest.Attach(hub, hub.NewConn(), historytest.AtOnce, defect))
	}
	return clients, func() {
		stop()
		<-ended
	}
}

func subscribe(t *rapid.T, clients []*historytest.Client) {
	err := rapid.SampledFrom(clients).Draw(t, "client").Subscribe(t.Context(), historytest.Wish{
		Symbol: someSymbol.Draw(t, "symbol"),
		Conflation: rapid.SampledFrom([]subscription.Conflation{
			{Policy: subscription.PolicyLatest}, {Policy: subscription.PolicyNone}, {Policy: subscription.PolicyInterval, Interval: 100 * time.Millisecond},
		}).Draw(t, "conflation"),
		Kinds:   rapid.SampledFrom([]subscription.Kinds{0, subscription.Quotes, subscription.Trades}).Draw(t, "kinds"),
		Resumes: rapid.Bool().Draw(t, "resume"),
		Implied: rapid.Bool().Draw(t, "implied"),
	})
	if err != nil {
		t.Fatal(err)
	}
}
