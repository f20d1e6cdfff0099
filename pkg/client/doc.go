// Package client is the Go SDK of Tickgate: subscribe to symbols, and always have their current tickers, whatever happens to connections and gateways.
//
// # Use
//
//	ctx := context.Background()
//	c, err := client.Dial(ctx, "gateway-1:50051,gateway-2:50051") // one of them, and the next when that is lost
//	if err != nil {
//		log.Print(err) // says what was tried, and what to look at
//		return
//	}
//	defer c.Close()
//	granted, err := c.Subscribe(ctx, client.Every(250*time.Millisecond), "BTCUSDT.BINANCE_SPOT", "ETHUSDT.BINANCE_SPOT")
//	if err != nil {
//		log.Print(err) // names the symbols that were not taken; the others are subscribed
//	}
//	log.Print("at most one update of a symbol in ", granted)
//	for u := range c.Updates() {
//		fmt.Println(u.Symbol, u.Bid, u.Ask, u.State, u.Merged)
//	}
//
// An update carries the whole ticker, merged from what the gateway sends. The same tickers stand in [Client.Book] at any time. Prices and sizes are exact
// decimals.
//
// The client reconnects by itself, to the next of its addresses, and subscribes anew from where it was: what it missed is sent, or told with Update.Missing.
// While it is not connected its tickers are stale and say so.
//
// # Concurrency
//
// All methods may be called from any goroutine. One goroutine receives, one sends, one tells state changes, and with WithUpdates one calls the handler. Updates
// has one consumer at a time.
//
// # Slow readers
//
// The receiver never waits for the application. What the application has not taken yet conflates in the Book, one update per symbol, and Update.Merged
// counts what was merged; with the policy AllEvents updates wait, up to the number of WithEventBuffer, and conflate beyond it. So what the application takes is always the newest
// value there is. The client asks the gateway for freshness and acknowledges what the application is done with; for one that takes longer
// than a quarter of the bound the Book stands in, since it is there that values conflate. Of AllEvents those that have waited for three quarters of the bound are told as a gap, GapSlow.
//
// # Limits
//
// See the options. A gateway limits the symbols of a stream (by default 10,000); more need another Client.
package client
