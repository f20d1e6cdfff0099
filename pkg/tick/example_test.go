package tick_test

import (
	"fmt"

	"tickgate/pkg/tick"
)

func Example() {
	record := tick.NewRecord()
	quote := tick.Event{
		Kind: tick.KindQuote, Epoch: 1, Sequence: 1, Scales: tick.Scales{Price: 2, Size: 3},
		Quote: tick.Quote{BidPrice: tick.Some(6183763), BidSize: tick.Some(3788), AskPrice: tick.Some(6183764), AskSize: tick.Some(1547)},
	}
	if err := record.Apply(&quote, 0); err != nil {
		fmt.Println(err)
	}
	quote.Sequence, quote.Quote.AskPrice = 2, tick.Amount{} // nobody offers any more
	if err := record.Apply(&quote, 0); err != nil {
		fmt.Println(err)
	}

	var words tick.Words // what a ring carries
	record.Pack(&words)
	var read tick.Record
	read.Unpack(&words)

	fmt.Println("bid", tick.Decimal{Mantissa: read.BidPrice, Scale: read.Scales.Price})
	fmt.Println("has ask:", read.Presence&tick.HasAskPrice != 0)
	changed := read.ChangedSince(2, 1)
	fmt.Println("bid changed:", changed&tick.ChangedBidPrice != 0, "ask changed:", changed&tick.ChangedAskPrice != 0)
	// Output:
	// bid 61837.63
	// has ask: false
	// bid changed: false ask changed: true
}

func ExampleToken() {
	token := tick.Token("A.*")
	symbol, err := tick.ParseToken(token)
	fmt.Println(token, symbol, err)
	_, err = tick.ParseToken("%41") // 'A' needs no escape, so no symbol has this token
	fmt.Println(err)
	// Output:
	// A%2E%2A A.* <nil>
	// tick: invalid token: "%41" stands for 'A', which is not escaped
}

func ExampleValidateSymbol() {
	fmt.Println(tick.ValidateSymbol("AAPL  250117C00150000"))
	fmt.Println(tick.ValidateSymbol("A\r\nPUB"))
	// Output:
	// <nil>
	// tick: invalid symbol: byte 2 is 0x0d, only printable ASCII is allowed
}

func ExampleDecimal_Rescale() {
	price, _ := tick.ParseDecimal("2683.80")
	finer, _ := price.Rescale(8)
	fmt.Println(price, finer)
	_, err := price.Rescale(0)
	fmt.Println(err)
	// Output:
	// 2683.80 268380000000
	// tick: decimal out of range: 2683.80 at scale 0 loses digits
}
