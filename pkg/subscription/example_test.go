package subscription_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// printer is a Sink that prints. Its transport takes every message at once.
type printer struct {
	session *subscription.Session
	batch   string
	printed chan string // has room for all that an example prints
}

func (p *printer) Begin(time.Time) { p.batch = "batch:" }

func (p *printer) Announce(s *subscription.Symbol, r *tick.Record, state *subscription.State) {
	p.batch += fmt.Sprintf(" [%s is %v]", s.Name(), state.Market)
}

func (p *printer) Append(u *subscription.Update) subscription.Room {
	price := tick.Decimal{Mantissa: u.Record.LastPrice, Scale: u.Record.Scales.Price}
	p.batch += fmt.Sprintf(" %s last %s", u.Symbol.Name(), price)
	return subscription.MoreRoom
}

func (p *printer) SendBatch(streamSequence uint64) { p.send(p.batch) }

func (p *printer) SendGap(g subscription.Gap) {
	p.send(fmt.Sprintf("gap: %s misses %d", g.Symbol.Name(), g.Missing))
}

func (p *printer) SendState(s *subscription.Symbol, state *subscription.State) {
	p.send(fmt.Sprintf("state: %s is %v", s.Name(), state.Market))
}

func (p *printer) Recycle()       {}
func (p *printer) Care(time.Time) {}

func (p *printer) send(text string) {
	p.session.Handed(len(text))
	p.printed <- text
	p.session.Left(len(text))
}

// A feed publishes one symbol; a client subscribes it before the feed has sent anything.
func Example() {
	table, err := subscription.NewTable(subscription.DefaultTableConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	hub, err := subscription.NewHub(table, subscription.DefaultConfig())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = hub.Run(ctx) })
	defer running.Wait()
	defer stop()

	// The transport: one Conn per connection, one Session and Sink per stream.
	session := hub.NewSession(hub.NewConn())
	sink := &printer{session: session, printed: make(chan string, 10)}
	session.Attach(sink)
	defer session.Close()

	symbol, err := table.Acquire("BRK.B")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := session.Execute(ctx, func() {
		holding, err := session.Subscribe(subscription.Request{Symbol: symbol})
		if err == nil {
			sink.send(fmt.Sprintf("answer: %s is %v", holding.Symbol.Name(), holding.State.Market))
		}
	}); err != nil {
		fmt.Println(err)
		return
	}

	// The feed: a record for each symbol, published after each event.
	opened, err := table.Open("BRK.B")
	if err != nil {
		fmt.Println(err)
		return
	}
	record := tick.NewRecord()
	trade := func(sequence uint64, price int64) {
		event := tick.Event{
			Kind: tick.KindTrade, Scales: tick.Scales{Price: 2}, Epoch: 1, Sequence: sequence, Trade: tick.Trade{Price: price, Size: 100},
		}
		if err := record.Apply(&event, tick.Time(time.Now().UnixNano())); err != nil {
			fmt.Println(err)
		}
		table.Publish(opened, &record)
	}
	table.SetState(opened, &subscription.State{Market: subscription.Live, Reason: subscription.FeedLive})
	trade(1, 50125)
	fmt.Println(<-sink.printed)
	fmt.Println(<-sink.printed)
	trade(2, 50130)
	fmt.Println(<-sink.printed)
	table.SetState(opened, &subscription.State{Market: subscription.Stale, Reason: subscription.FeedSilent})
	table.StatesChanged()
	fmt.Println(<-sink.printed)
	// Output:
	// answer: BRK.B is pending
	// batch: [BRK.B is live] BRK.B last 501.25
	// batch: BRK.B last 501.30
	// state: BRK.B is stale
}

// Wishes are clamped to what the configuration allows.
func ExampleHub_Grant() {
	table, _ := subscription.NewTable(subscription.DefaultTableConfig())
	hub, _ := subscription.NewHub(table, subscription.DefaultConfig())
	for _, wish := range []time.Duration{100 * time.Millisecond, time.Hour, 0} {
		granted := hub.Grant(subscription.Conflation{Policy: subscription.PolicyInterval, Interval: wish})
		fmt.Println(wish, "becomes LATEST:", granted.Policy == subscription.PolicyLatest, granted.Interval)
	}
	// Output:
	// 100ms becomes LATEST: false 100ms
	// 1h0m0s becomes LATEST: false 1m0s
	// 0s becomes LATEST: true 0s
}
