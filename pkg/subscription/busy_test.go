package subscription_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

func TestTransportThatNeverReturnsCostsNothingToOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		conn := g.hub.NewConn()
		dead, alive := g.attachSlow(conn), g.attach(conn)
		dead.subscribe(latest, "A")
		alive.subscribe(latest, "A")
		for range 100 {
			a.quote()
			pass(time.Millisecond)
		}
		if got := dead.take(); len(got) != 2 {
			t.Errorf("the dead client was sent %d messages, want an answer and a snapshot", len(got))
		}
		if got := alive.take(); len(got) != 102 {
			t.Errorf("its neighbour was sent %d messages, want 102", len(got))
		}
		if got := g.hub.Stats().BusySkips; got < 100 {
			t.Errorf("%d busy skips, want 100 or more", got)
		}
	})
}

func TestHeldIsWhatHoldsUpdatesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(every(100*time.Millisecond), "A")
		held := func() subscription.HeldCause {
			pass(time.Second)
			return s.held
		}
		if got := held(); got != 0 { // a due moment with a batch out but nothing to send counted as held
			t.Errorf("held by %d although nothing has changed", got)
		}
		a.quote()
		if got := held(); got != subscription.HeldByTransport {
			t.Errorf("held by %d, want the transport", got)
		}
		s.unsubscribe(a)
		if got := held(); got != 0 {
			t.Errorf("held by %d although nothing is subscribed", got)
		}
	})
}

func TestNothingIsHandedOverWhileTheTransportIsFull(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		var markets []*market
		s := g.attachSlow(g.hub.NewConn())
		for i := range 300 { // their gaps and states alone take 54 kB
			m := g.listed(fmt.Sprintf("S%d", i))
			markets = append(markets, m)
			s.subscribe(latest, m.symbol.Name())
			s.drain()
		}
		s.take()
		for i, m := range markets {
			m.lose(1)
			m.quote()
			g.table.SetState(m.symbol, &subscription.State{Market: subscription.Halted, Since: tick.Time(i)})
		}
		g.table.StatesChanged()
		s.drain()
		seen := map[string]int{}
		for _, m := range s.take() {
			switch {
			case m.gap != nil:
				seen["gaps"]++
			case m.state != nil:
				seen["states"]++
			default:
				seen["updates"] += len(m.updates)
			}
		}
		for _, what := range []string{"gaps", "states", "updates"} {
			if seen[what] != 300 {
				t.Errorf("%d %s, want 300", seen[what], what)
			}
		}
	})
}

func TestFullBatchesFollowOneAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attachSlow(g.hub.NewConn())
		s.room = 2
		for _, name := range []string{"A", "B", "C", "D", "E"} {
			g.listed(name)
		}
		s.subscribe(latest, "A", "B", "C", "D", "E")
		s.expect("subscribed", "A@1!, B@1!")
		s.drain()
		s.expect("C@1!, D@1!", "E@1!")
	})
}

// While a client without acknowledgements subscribed and unsubscribed the same symbols, what was ready grew by them each time.
func TestReadyIsBoundedBySubscriptions(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		a := g.listed("A")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(latest, "A")
		for range 100 {
			s.unsubscribe(a)
			s.subscribe(latest, "A")
		}
		if got := subscription.ReadyCount(s.session); got != 1 {
			t.Errorf("%d subscriptions are ready, want 1", got)
		}
	})
}

// A batch that left while the command before the next message was running put the session on the return stack; the last message to leave then woke
// nobody, and the updates waited for the next housekeeping.
func TestWakesUpWhenMessagesLeaveDuringACommand(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.listed("A")
		g.listed("B")
		s := g.attachSlow(g.hub.NewConn())
		s.subscribe(latest, "A")
		b := s.acquire("B")
		s.execute(func() {
			s.leave(2)
			_, _ = s.session.Subscribe(subscription.Request{Symbol: b})
			s.answer("subscribed")
		})
		s.expect("subscribed", "A@1!", "subscribed")
		s.leave(1)
		pass(0)
		s.expect("B@1!")
	})
}

// gateSink sends nothing anywhere: other goroutines say when its messages have left.
type gateSink struct {
	session *subscription.Session
	away    chan int // bytes of messages that are to leave; far more than are in flight at one time
	last    atomic.Uint64
}

func (k *gateSink) Begin(time.Time)                                                  {}
func (k *gateSink) Announce(*subscription.Symbol, *tick.Record, *subscription.State) {}
func (k *gateSink) Append(u *subscription.Update) subscription.Room {
	k.last.Store(u.Record.Sequence)
	return subscription.MoreRoom
}
func (k *gateSink) SendBatch(uint64)                                    { k.hand() }
func (k *gateSink) SendGap(subscription.Gap)                            { k.hand() }
func (k *gateSink) SendState(*subscription.Symbol, *subscription.State) { k.hand() }
func (k *gateSink) Recycle()                                            {}
func (k *gateSink) Care(time.Time)                                      {}
func (k *gateSink) hand()                                               { k.session.Handed(1); k.away <- 1 }

// A transport that returned a message while another one of the session was being handed over could leave the worker asleep with updates to send. Housekeeping is
// out of the way here, so that nothing else wakes it.
func TestNoWakeUpIsLost(t *testing.T) {
	tableConfig, config := defaults()
	config.Housekeeping = time.Hour
	g := run(t, tableConfig, config)
	defer g.halt()
	const transports, events = 3, 3_000

	market := g.listed("A")
	sink := &gateSink{session: g.hub.NewSession(g.hub.NewConn()), away: make(chan int, 1<<16)}
	sink.session.Attach(sink)
	var leaving sync.WaitGroup
	for range transports {
		leaving.Go(func() {
			for bytes := range sink.away {
				sink.session.Left(bytes)
			}
		})
	}
	symbol, err := g.table.Acquire("A")
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.session.Execute(t.Context(), func() {
		_, _ = sink.session.Subscribe(subscription.Request{Symbol: symbol})
	}); err != nil {
		t.Fatal(err)
	}
	for i := range events {
		sink.session.Post(sink.hand) // keeps messages in flight beside the batches
		if i%7 == 0 {
			g.tell([]*subscription.State{stale, live}[i%2], market)
		}
		market.quote()
		waitFor(t, func() bool { return sink.last.Load() == market.last() })
	}
	sink.session.Close()
	close(sink.away)
	leaving.Wait()
}

// waitFor yields until condition holds; a lost wake-up shows as a time-out.
func waitFor(t tester, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for !condition() {
		if ctx.Err() != nil {
			t.Fatal("it never came")
		}
		runtime.Gosched()
	}
}
