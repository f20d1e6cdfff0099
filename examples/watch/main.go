// Command watch prints the quotes of the symbols that it is given, at most four times a second each:
//
//	go run ./examples/watch 127.0.0.1:50051 BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_SPOT
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"tickgate/pkg/client"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: watch HOST:PORT SYMBOL…")
	}
	ctx := context.Background()
	c, err := client.Dial(ctx, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Subscribe(ctx, client.Every(250*time.Millisecond), os.Args[2:]...); err != nil {
		log.Print(err) // the others are subscribed
	}
	for u := range c.Updates() {
		fmt.Printf("%-24s %-8s bid %s (%s) ask %s (%s) merged %d\n", u.Symbol, u.State, u.Bid, u.BidSize, u.Ask, u.AskSize, u.Merged)
	}
}
