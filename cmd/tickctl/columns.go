package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"tickgate/pkg/client"
)

// column is one column of the table.
type column struct {
	title   string
	width   int
	left    bool // aligned
	need    int  // shown from this width of the terminal on
	text    func(r *row, now time.Time) string
	move    func(r *row) *move // nil: it does not flash
	compare func(a, b *row, now time.Time) int
}

var columns = []column{
	{title: "symbol", width: 26, left: true, text: func(r *row, _ time.Time) string { return r.ticker.Symbol },
		compare: func(a, b *row, _ time.Time) int { return strings.Compare(a.ticker.Symbol, b.ticker.Symbol) }},
	{title: "bid", width: 15, text: price(func(t *client.Ticker) client.Decimal { return t.Bid }), move: func(r *row) *move { return &r.bidMove },
		compare: byDecimal(func(t *client.Ticker) client.Decimal { return t.Bid })},
	{title: "ask", width: 15, text: price(func(t *client.Ticker) client.Decimal { return t.Ask }), move: func(r *row) *move { return &r.askMove },
		compare: byDecimal(func(t *client.Ticker) client.Decimal { return t.Ask })},
	{title: "spread", width: 11, need: 110, text: price(func(t *client.Ticker) client.Decimal { return t.Spread() }),
		compare: byDecimal(func(t *client.Ticker) client.Decimal { return t.Spread() })},
	{title: "last", width: 15, need: 80, text: price(func(t *client.Ticker) client.Decimal { return t.Last }), move: func(r *row) *move { return &r.lastMove },
		compare: byDecimal(func(t *client.Ticker) client.Decimal { return t.Last })},
	{title: "volume", width: 16, need: 128, text: func(r *row, _ time.Time) string { return shortened(r.ticker.Volume, r.digits.volume).String() },
		compare: byDecimal(func(t *client.Ticker) client.Decimal { return t.Volume })},
	{title: "age", width: 7, need: 88, text: func(r *row, now time.Time) string { return age(r.ticker.Age(now)) },
		compare: func(a, b *row, now time.Time) int { return cmp.Compare(a.ticker.Age(now), b.ticker.Age(now)) }},
	{title: "state", width: 8, left: true, need: 66, text: func(r *row, _ time.Time) string { return r.ticker.State.String() },
		compare: func(a, b *row, _ time.Time) int { return cmp.Compare(a.ticker.State, b.ticker.State) }},
	{title: "upd/s", width: 7, need: 96, text: func(r *row, _ time.Time) string { return fmt.Sprintf("%.1f", r.rate) },
		compare: func(a, b *row, _ time.Time) int { return cmp.Compare(a.rate, b.rate) }},
	{title: "conflated", width: 11, need: 140, text: func(r *row, _ time.Time) string { return fmt.Sprint(r.ticker.Conflated) },
		compare: func(a, b *row, _ time.Time) int { return cmp.Compare(a.ticker.Conflated, b.ticker.Conflated) }},
}

func price(of func(*client.Ticker) client.Decimal) func(*row, time.Time) string {
	return func(r *row, _ time.Time) string { return shortened(of(&r.ticker), r.digits.price).String() }
}

// byDecimal orders by value; none comes first.
func byDecimal(of func(*client.Ticker) client.Decimal) func(a, b *row, now time.Time) int {
	return func(a, b *row, _ time.Time) int {
		x, y := of(&a.ticker).Float64(), of(&b.ticker).Float64()
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return -1
		case math.IsNaN(y):
			return 1
		}
		return cmp.Compare(x, y)
	}
}

// age is a duration in as few characters as tell it.
func age(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh", int(d.Hours()))
}
