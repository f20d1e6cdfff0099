package subscription_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/pkg/subscription"
)

func TestPendingSymbolGetsItsFirstValue(t *testing.T) {
	for _, policy := range []subscription.Conflation{latest, none, every(10 * time.Millisecond)} {
		inBubble(t, func(t *testing.T, g *gateway) {
			s := g.attach(g.hub.NewConn())
			holding := s.request(subscription.Request{Symbol: s.acquire("A"), Conflation: policy})
			if holding.State.Market != subscription.Pending || holding.Position != 0 {
				t.Errorf("%v at %d, want pending", holding.State.Market, holding.Position)
			}
			g.tell(stale) // of others
			pass(time.Second)
			s.expect("subscribed")
			a := g.open("A")
			g.table.StatesChanged()
			pass(time.Second)
			s.expect()
			a.quote()
			pass(10 * time.Millisecond)
			s.expect("announce A live scale 2 epoch 1, A@1!")
			a.quote()
			pass(10 * time.Millisecond)
			s.expect("A@2")
		})
	}
}

// A gap before the first value a client gets of a pending symbol claimed to begin at sequence 1.
func TestGapOfAPendingSymbolBeginsNowhere(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attach(g.hub.NewConn())
		s.subscribe(every(time.Second), "A")
		a := g.open("A")
		a.next = 1000
		a.quote()
		a.lose(2)
		a.quote()
		pass(time.Second)
		s.expect("subscribed", "gap A 0-1002 missing 2 reason 1", "announce A live scale 2 epoch 1, A@1003+1!")
	})
}

func TestPendingSymbolLeavesTheTableWithTheLastWhoWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		one, two := g.attach(g.hub.NewConn()), g.attach(g.hub.NewConn())
		first := one.request(subscription.Request{Symbol: one.acquire("A")}).Symbol
		one.request(subscription.Request{Symbol: one.acquire("A")}) // again
		two.subscribe(latest, "A")
		one.session.Close()
		if g.table.Lookup("A") != first {
			t.Fatal("a symbol left the table while a session waits for it")
		}
		two.execute(func() { two.session.Unsubscribe(first) })
		if g.table.Lookup("A") != nil {
			t.Error("a symbol that nobody waits for is still in the table")
		}
		b := two.request(subscription.Request{Symbol: two.acquire("B")}).Symbol
		if b.ID() != first.ID() {
			t.Errorf("the id %d of the symbol that left is not used again, but %d", first.ID(), b.ID())
		}
		two.take()
		g.listed("B")
		pass(0)
		two.expect("announce B live scale 2 epoch 1, B@1!")
		two.session.Close()
		if g.table.Lookup("B") == nil {
			t.Error("a symbol that the feed has opened left the table")
		}
	})
}

func TestFeedOpensASymbolBetweenAcquireAndSubscribe(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		s := g.attach(g.hub.NewConn())
		symbol := s.acquire("A")
		a := g.listed("A")
		if a.symbol != symbol {
			t.Fatal("two entries for one symbol")
		}
		s.request(subscription.Request{Symbol: symbol})
		s.expect("subscribed", "A@1!")
		s.session.Close()
		if got := g.hub.Stats(); got.Pending != 0 || got.Symbols != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestTableLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		tableConfig.MaxSymbols, tableConfig.MaxPending = 4, 2
		g := run(t, tableConfig, config)
		defer g.halt()
		s := g.attach(g.hub.NewConn())
		x := s.acquire("X")
		s.acquire("Y")
		if _, err := g.table.Acquire("Z"); !errors.Is(err, subscription.ErrPendingFull) {
			t.Errorf("Acquire = %v, want ErrPendingFull", err)
		}
		g.open("A")
		g.open("B")
		if _, err := g.table.Open("C"); !errors.Is(err, subscription.ErrTableFull) {
			t.Errorf("Open = %v, want ErrTableFull", err)
		}
		g.open("X") // is there already, and no longer pending
		if _, err := g.table.Acquire("Z"); !errors.Is(err, subscription.ErrTableFull) {
			t.Errorf("Acquire = %v, want ErrTableFull", err)
		}
		g.table.Release(x)
		g.table.Release(x) // acquired after the feed had opened it
		if opened, pending := g.table.Count(); opened != 3 || pending != 1 {
			t.Errorf("%d opened and %d pending, want 3 and 1", opened, pending)
		}
	})
}

func TestList(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		for _, name := range []string{"B2", "A", "B1", "C", "B3"} {
			g.open(name)
		}
		g.attach(g.hub.NewConn()).acquire("B0") // pending
		for _, c := range []struct {
			prefix, after string
			limit         int
			want          string
		}{
			{"", "", 10, "[A B1 B2 B3 C]"},
			{"B", "", 10, "[B1 B2 B3]"},
			{"B", "B1", 1, "[B2]"},
			{"D", "", 10, "[]"},
		} {
			got := []string{}
			for _, s := range g.table.List(c.prefix, c.after, c.limit) {
				got = append(got, s.Name())
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("List(%q, %q, %d) = %v, want %s", c.prefix, c.after, c.limit, got, c.want)
			}
		}
	})
}

func TestConfigurationIsChecked(t *testing.T) {
	for _, change := range []func(*subscription.TableConfig, *subscription.Config){
		func(c *subscription.TableConfig, _ *subscription.Config) { c.MaxSymbols = 0 },
		func(c *subscription.TableConfig, _ *subscription.Config) { c.MaxSymbols = 1<<24 + 1 },
		func(c *subscription.TableConfig, _ *subscription.Config) { c.MaxPending = -1 },
		func(c *subscription.TableConfig, _ *subscription.Config) { c.MaxPending = c.MaxSymbols + 1 },
		func(c *subscription.TableConfig, _ *subscription.Config) { c.RingDepth = 63 },
		func(_ *subscription.TableConfig, c *subscription.Config) { c.Workers = 65 },
		func(_ *subscription.TableConfig, c *subscription.Config) { c.Workers = -1 },
		func(_ *subscription.TableConfig, c *subscription.Config) { c.MaxSubscriptions = 0 },
		func(_ *subscription.TableConfig, c *subscription.Config) { c.MinInterval = 2 * c.MaxInterval },
		func(_ *subscription.TableConfig, c *subscription.Config) { c.MinFreshness = 0 },
		func(_ *subscription.TableConfig, c *subscription.Config) { c.Housekeeping = time.Microsecond },
	} {
		tableConfig, config := defaults()
		change(&tableConfig, &config)
		table, tableErr := subscription.NewTable(tableConfig)
		if tableErr != nil {
			if !errors.Is(tableErr, subscription.ErrConfig) {
				t.Errorf("%v is no ErrConfig", tableErr)
			}
			continue
		}
		if _, err := subscription.NewHub(table, config); !errors.Is(err, subscription.ErrConfig) {
			t.Errorf("%+v %+v: %v, want an ErrConfig", tableConfig, config, err)
		}
	}
}
