package client_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"tickgate/pkg/client"
)

func Example() {
	gateway, stop := demoGateway()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	c, err := client.Dial(ctx, gateway)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	if _, err := c.Subscribe(ctx, client.Latest, "ACME"); err != nil {
		fmt.Println(err)
		return
	}
	for u := range c.Updates() {
		if u.Bid.Valid {
			fmt.Println(u.Symbol, u.Bid, u.Ask, "spread", u.Spread(), u.State)
			break
		}
	}
	// Output: ACME 12.34 12.36 spread 0.02 live
}

func ExampleDial() {
	ctx := context.Background()
	c, err := client.Dial(ctx, "gateway-1:50051,gateway-2:50051") // one of them, and the next when that is lost
	if err != nil {
		log.Print(err) // says what was tried, and what to look at
		return
	}
	defer c.Close()
	granted, err := c.Subscribe(ctx, client.Every(250*time.Millisecond), "BTCUSDT.BINANCE_SPOT", "ETHUSDT.BINANCE_SPOT")
	if err != nil {
		log.Print(err) // names the symbols that were not taken; the others are subscribed
	}
	log.Print("at most one update of a symbol in ", granted)
	for u := range c.Updates() {
		fmt.Println(u.Symbol, u.Bid, u.Ask, u.State, u.Merged)
	}
}

func ExampleWithStates() {
	c, err := client.Dial(context.Background(), "gateway-1:50051", client.WithStates(func(s client.StateChange) {
		log.Println(s.State, s.Address, s.Why, s.Retry) // connecting, connected, all stale, reconnecting; why; when it is tried again
	}))
	if err != nil {
		log.Print(err)
		return
	}
	c.Close()
}

func ExampleClient_Replay_strategy() {
	strategy := func(at time.Time, ticker *client.Ticker) { fmt.Println(at, ticker.Symbol, ticker.Bid) }
	ctx := context.Background()
	c, err := client.Dial(ctx, "gateway-1:50051")
	if err != nil {
		log.Print(err)
		return
	}
	defer c.Close()

	r, err := c.Replay(ctx, client.ReplayOptions{
		Symbols: []string{"BTCUSDT.BINANCE_SPOT"}, From: time.Now().Add(-time.Hour), Speed: client.Unpaced(), Conflation: client.Every(100 * time.Millisecond),
	})
	if err != nil {
		log.Print(err) // says what cannot be played, and why
		return
	}
	defer r.Close()
	for e := range r.Events() {
		switch e.Kind {
		case client.ReplayUpdate:
			strategy(e.Clock, &e.Update.Ticker)
		case client.ReplayEnd:
			return
		}
	}
	log.Print(r.Err()) // it ended before its end
}

func ExampleClient_Subscribe() {
	gateway, stop := demoGateway()
	defer stop()
	c, err := client.Dial(context.Background(), gateway)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	granted, err := c.Subscribe(context.Background(), client.Every(5*time.Minute), "ACME", "no symbol ")
	fmt.Println("granted:", granted)
	fmt.Println(err)
	// Output:
	// granted: 1m0s
	// client: 1 symbols were not taken: "no symbol " INVALID_SYMBOL (tick: invalid symbol: it begins or ends with a space)
}

func ExampleBook_Quote() {
	gateway, stop := demoGateway()
	defer stop()
	updated := make(chan struct{}, 100)
	c, err := client.Dial(context.Background(), gateway, client.WithUpdates(func(client.Update) { updated <- struct{}{} }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	if _, err := c.Subscribe(context.Background(), client.Latest, "ACME"); err != nil {
		fmt.Println(err)
		return
	}
	for {
		<-updated
		if ticker, ok := c.Book().Quote("ACME"); ok && ticker.Bid.Valid {
			fmt.Println(ticker.Bid, "for", ticker.BidSize, "as a float", ticker.Bid.Float64())
			return
		}
	}
	// Output: 12.34 for 500 as a float 12.34
}
