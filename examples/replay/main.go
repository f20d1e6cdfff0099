// Command replay plays back what a gateway has recorded into a strategy, and prints its signals. Played again, at any speed, it prints the same:
//
//	go run ./examples/replay 127.0.0.1:50051 10 BTCUSDT.BINANCE_SPOT ETHUSDT.BINANCE_SPOT
//
// replay.py is the same in Python.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
	"time"

	"tickgate/pkg/client"
)

// imbalance is when one side of the book is so many times the other.
const imbalance = 4

// signal is what the strategy makes of a ticker.
func signal(t *client.Ticker) string {
	switch bid, ask := t.BidSize, t.AskSize; {
	case !bid.Valid || !ask.Valid:
		return "none"
	case bid.Mantissa >= imbalance*ask.Mantissa:
		return "buy " + t.Ask.String()
	case ask.Mantissa >= imbalance*bid.Mantissa:
		return "sell " + t.Bid.String()
	}
	return "none"
}

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: replay HOST:PORT SPEED|max SYMBOL…")
	}
	speed, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		speed = math.Inf(1)
	}
	ctx := context.Background()
	c, err := client.Dial(ctx, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	r, err := c.Replay(ctx, client.ReplayOptions{Symbols: os.Args[3:], Speed: speed, Conflation: client.Every(100 * time.Millisecond)})
	if err != nil {
		log.Print(err)
		return
	}
	defer r.Close()
	last := make(map[string]string)
	for e := range r.Events() {
		switch e.Kind {
		case client.ReplayUpdate:
			if s := signal(&e.Update.Ticker); s != last[e.Update.Symbol] {
				last[e.Update.Symbol] = s
				fmt.Println(e.Clock.UnixNano(), e.Update.Symbol, s)
			}
		case client.ReplayEnd:
			return
		}
	}
	log.Print(r.Err())
}
