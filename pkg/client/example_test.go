package client_test

import (
	"context"
	"fmt"
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
