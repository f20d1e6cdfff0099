package subscription_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/pkg/subscription"
)

func TestAnswerGoesBeforeTheUpdatesOfItsCommand(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.listed("A")
		b := g.listed("B")
		s := g.attach(g.hub.NewConn())
		s.subscribe(none, "A")
		b.quote()
		s.subscribe(latest, "B", "A")
		s.expect("subscribed", "A@1!", "subscribed", "B@2!, A@1!")
	})
}

func TestCommandWaitsUntilItsAnswerCanBeHandedOver(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attachSlow(g.hub.NewConn())
		s.execute(func() { s.hand(message{answer: "large"}, 100<<10) })
		done := make(chan error)
		go func() { done <- s.session.Execute(t.Context(), func() { s.answer("small") }) }()
		synctest.Wait()
		s.expect("large")
		s.leave(1)
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.expect("small")
		if s.recycled != 1 {
			t.Errorf("Recycle was called %d times, want once", s.recycled)
		}
	})
}

func TestExecuteEndsWithTheSession(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attachSlow(g.hub.NewConn())
		s.execute(func() { s.hand(message{answer: "large"}, 100<<10) })
		done := make(chan error)
		go func() { done <- s.session.Execute(t.Context(), func() { t.Error("the command ran") }) }()
		synctest.Wait()
		s.session.Close()
		if err := <-done; !errors.Is(err, subscription.ErrClosed) {
			t.Errorf("Execute = %v, want ErrClosed", err)
		}
		if err := s.session.Execute(t.Context(), func() { t.Error("the command ran") }); !errors.Is(err, subscription.ErrClosed) {
			t.Errorf("Execute after Close = %v, want ErrClosed", err)
		}
		s.session.Post(func() { t.Error("a post ran after Close") })
		s.leave(1)
		pass(time.Second)
	})
}

func TestExecuteEndsWithItsContextAndClosesTheSession(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attachSlow(g.hub.NewConn())
		s.execute(func() { s.hand(message{answer: "large"}, 100<<10) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.session.Execute(ctx, func() { t.Error("the command ran") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Execute = %v, want DeadlineExceeded", err)
		}
		select {
		case <-s.session.Gone():
		default:
			t.Error("the session is still there")
		}
	})
}

func TestCloseReleasesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		config.Workers = 3
		g := run(t, tableConfig, config)
		a := g.listed("A")
		g.listed("B")
		var streams []*stream
		for range 6 {
			s := g.attachSlow(g.hub.NewConn())
			s.subscribe(latest, "A", "X")
			s.subscribe(every(time.Second), "B", "Y")
			streams = append(streams, s)
		}
		a.quote()
		for _, s := range streams {
			s.take()
			s.session.Close()
			s.session.Close()
			s.leave(10) // also after Close
		}
		a.quote()
		g.tell(stale, a)
		pass(time.Second)
		for _, s := range streams {
			s.expect()
		}
		if got := g.hub.Stats(); got.Subscriptions != 0 || got.Pending != 0 || got.Symbols != 2 {
			t.Errorf("left: %+v", got)
		}
		g.halt()
		if groups, watched, sessions := subscription.Traces(g.hub); groups+watched+sessions != 0 {
			t.Errorf("%d groups, %d watched symbols and %d sessions are left", groups, watched, sessions)
		}
	})
}

// Close and Execute waited for ever for a hub that had ended.
func TestNobodyWaitsForAHubThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		config.Workers = 2
		g := run(t, tableConfig, config)
		s := g.attachSlow(g.hub.NewConn())
		s.execute(func() { s.hand(message{answer: "large"}, 100<<10) })
		done := make(chan error)
		go func() { done <- s.session.Execute(t.Context(), func() { t.Error("the command ran") }) }()
		synctest.Wait()
		g.halt()
		if err := <-done; !errors.Is(err, subscription.ErrClosed) {
			t.Errorf("Execute = %v, want ErrClosed", err)
		}
		s.session.Close()
		late := g.attach(g.hub.NewConn())
		if err := late.session.Execute(t.Context(), func() {}); !errors.Is(err, subscription.ErrClosed) {
			t.Errorf("Execute of a late session = %v, want ErrClosed", err)
		}
		late.session.Close()
		if err := g.hub.Broadcast(t.Context(), func(*subscription.Session) {}); err != nil {
			t.Errorf("Broadcast = %v", err)
		}
		g.hub.Each(func(*subscription.Session) { t.Error("a session is left") })
	})
}

func TestBroadcastReachesEverySessionThatCanSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		config.Workers = 3
		g := run(t, tableConfig, config)
		defer g.halt()
		streams := map[*subscription.Session]*stream{}
		for range 7 {
			s := g.attachSlow(g.hub.NewConn())
			streams[s.session] = s
		}
		stuck := g.attachSlow(g.hub.NewConn())
		streams[stuck.session] = stuck
		stuck.execute(func() { stuck.hand(message{answer: "large"}, 100<<10) })
		stuck.take()
		if err := g.hub.Broadcast(t.Context(), func(x *subscription.Session) { streams[x].answer("going away") }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stuck.expect()
		stuck.drain()
		for _, s := range streams {
			s.expect("going away")
		}
		each := make(chan *subscription.Session, len(streams))
		g.hub.Each(func(x *subscription.Session) { each <- x })
		synctest.Wait()
		if len(each) != len(streams) {
			t.Errorf("Each reached %d sessions, want %d", len(each), len(streams))
		}
	})
}

func TestBroadcastEndsWithItsContext(t *testing.T) {
	tableConfig, config := defaults()
	table, err := subscription.NewTable(tableConfig)
	if err != nil {
		t.Fatal(err)
	}
	hub, err := subscription.NewHub(table, config) // does not run
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := hub.Broadcast(ctx, func(*subscription.Session) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("Broadcast = %v, want Canceled", err)
	}
}

// A worker could call the sink before Attach had returned the session that the sink needs.
func TestSinkKnowsItsSessionFromItsFirstCall(t *testing.T) {
	tableConfig, config := defaults()
	config.Housekeeping = time.Millisecond
	g := run(t, tableConfig, config)
	defer g.halt()
	var streams []*stream
	for range 2000 { // the race detector would see it
		streams = append(streams, g.attach(g.hub.NewConn()))
	}
	for _, s := range streams {
		s.session.Close()
	}
}

func TestCareGoesByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		after := 0
		config.Housekeeping, config.AfterCare = 500*time.Millisecond, func(int) { after++ }
		g := run(t, tableConfig, config)
		s := g.attach(g.hub.NewConn())
		pass(5*time.Second + time.Millisecond)
		if s.cares != 10 || after != 10 {
			t.Errorf("Care was called %d times and AfterCare %d, want 10", s.cares, after)
		}
		g.halt()
	})
}

func TestMaxSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		config.MaxSubscriptions = 2
		g := run(t, tableConfig, config)
		defer g.halt()
		s := g.attach(g.hub.NewConn())
		s.subscribe(latest, "A", "B")
		c := s.acquire("C")
		s.execute(func() {
			if _, err := s.session.Subscribe(subscription.Request{Symbol: c}); !errors.Is(err, subscription.ErrSessionFull) {
				t.Errorf("Subscribe = %v, want ErrSessionFull", err)
			}
		})
		s.subscribe(none, "A") // changes what is there
		if got := g.hub.Stats(); got.Subscriptions != 2 || got.Pending != 2 {
			t.Errorf("%d subscriptions and %d pending symbols, want 2 and 2", got.Subscriptions, got.Pending)
		}
	})
}

func TestHoldings(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(none, "A")
		s.subscribe(every(time.Second), "X")
		lastSequences := func() map[string]uint64 {
			got := map[string]uint64{}
			s.execute(func() {
				for h := range s.session.Holdings {
					got[h.Symbol.Name()] = h.LastSequence
				}
			})
			return got
		}
		if got := lastSequences(); got["A"] != 1 || len(got) != 2 {
			t.Errorf("last sequences sent are %v, want A at 1 and X at 0", got)
		}
		a.quote()
		s.subscribe(latest, "A") // its snapshot has to wait
		if got := lastSequences(); got["A"] != 0 {
			t.Errorf("last sequence of A is %d before its snapshot, want 0", got["A"])
		}
	})
}
