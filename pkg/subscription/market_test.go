package subscription_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"tickgate/internal/history"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// tester is what a test, a benchmark and a rapid.T have in common.
type tester interface {
	Helper()
	Context() context.Context
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// gateway is a running hub without a bus and a transport. It belongs to the test goroutine.
type gateway struct {
	t     tester
	table *subscription.Table
	hub   *subscription.Hub
	stop  context.CancelFunc
	ended chan struct{} // closed when Run has returned

	published *history.PublisherLog // nil: nobody judges
}

func defaults() (subscription.TableConfig, subscription.Config) {
	config := subscription.DefaultConfig()
	config.Workers = 1
	return subscription.DefaultTableConfig(), config
}

// run starts a hub; halt ends it. Within a synctest bubble the hub is part of it.
func run(t tester, tableConfig subscription.TableConfig, config subscription.Config) *gateway {
	t.Helper()
	table, err := subscription.NewTable(tableConfig)
	if err != nil {
		t.Fatal(err)
	}
	hub, err := subscription.NewHub(table, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	g := &gateway{t: t, table: table, hub: hub, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(g.ended)
		_ = hub.Run(ctx)
	}()
	return g
}

func (g *gateway) halt() {
	g.stop()
	<-g.ended
}

// inBubble runs test with a hub of one worker and the default limits on a fake clock.
func inBubble(t *testing.T, test func(t *testing.T, g *gateway)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tableConfig, config := defaults()
		g := run(t, tableConfig, config)
		defer g.halt()
		test(t, g)
	})
}

// pass lets the fake clock go on and the workers do what is due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// published is one event as the market made it.
type published struct {
	record tick.Record
	kind   tick.Kind
	missed uint64 // events before it that the feed has lost
}

// market publishes one symbol and remembers everything. It belongs to the test goroutine.
type market struct {
	g      *gateway
	symbol *subscription.Symbol
	record tick.Record
	scales tick.Scales
	epoch  uint64
	next   uint64
	missed uint64 // since the last event
	log    []published
}

// open has the feed open a symbol, which is live from then on, but has no value yet.
func (g *gateway) open(name string) *market {
	g.t.Helper()
	symbol, err := g.table.Open(name)
	if err != nil {
		g.t.Fatal(err)
	}
	g.table.SetState(symbol, live)
	return &market{g: g, symbol: symbol, record: tick.NewRecord(), scales: tick.Scales{Price: 2}, epoch: 1, next: 1}
}

// listed opens a symbol and publishes its first quote.
func (g *gateway) listed(name string) *market {
	g.t.Helper()
	m := g.open(name)
	m.quote()
	return m
}

var (
	live   = &subscription.State{Market: subscription.Live, Reason: subscription.FeedLive}
	stale  = &subscription.State{Market: subscription.Stale, Reason: subscription.FeedSilent}
	halted = &subscription.State{Market: subscription.Halted, Reason: subscription.Venue}
)

func (m *market) quote() {
	m.publish(tick.Event{Kind: tick.KindQuote, Quote: tick.Quote{BidPrice: tick.Some(int64(m.next)), AskPrice: tick.Some(int64(m.next) + 1)}})
}

func (m *market) quotes(count int) {
	for range count {
		m.quote()
	}
}

func (m *market) trade() {
	m.publish(tick.Event{Kind: tick.KindTrade, Trade: tick.Trade{Price: int64(m.next), Size: 1}})
}

func (m *market) publish(e tick.Event) {
	m.g.t.Helper()
	e.Scales, e.Epoch, e.Sequence = m.scales, m.epoch, m.next
	m.next++
	if err := m.record.Apply(&e, tick.Time(time.Now().UnixNano())); err != nil {
		m.g.t.Fatal(err)
	}
	m.record.Missing += m.missed
	m.log = append(m.log, published{record: m.record, kind: e.Kind, missed: m.missed})
	m.missed = 0
	if m.g.published != nil {
		m.g.published.Published(m.symbol.Name(), e)
	}
	if m.symbol.State().Market == subscription.Stale { // as a feed does, before anybody sees the record
		m.g.table.SetState(m.symbol, live)
	}
	m.g.table.Publish(m.symbol, &m.record)
}

// lose has the feed lose events; the next one that is published shows it.
func (m *market) lose(events uint64) {
	m.missed += events
	m.next += events
}

// restart begins a new epoch with the next event.
func (m *market) restart() { m.epoch, m.next, m.missed = m.epoch+1, 1, 0 }

// rescale has prices come with one more digit.
func (m *market) rescale() { m.scales.Price++ }

// last returns the newest sequence.
func (m *market) last() uint64 { return m.record.Sequence }

// tell sets the state of several symbols as a feed does.
func (g *gateway) tell(state *subscription.State, markets ...*market) {
	for _, m := range markets {
		g.table.SetState(m.symbol, state)
	}
	g.table.StatesChanged()
}
