package stream_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

const (
	invalidSymbol = tickgatev1.RejectReason_REJECT_REASON_INVALID_SYMBOL
	requestLimit  = tickgatev1.RejectReason_REJECT_REASON_REQUEST_LIMIT
	streamLimit   = tickgatev1.RejectReason_REJECT_REASON_STREAM_LIMIT
	tableFull     = tickgatev1.RejectReason_REJECT_REASON_TABLE_FULL
	notSubscribed = tickgatev1.RejectReason_REJECT_REASON_NOT_SUBSCRIBED
	notKnown      = tickgatev1.RejectReason_REJECT_REASON_NOT_KNOWN
)

// TestBadSymbols: what is no symbol is rejected; what only looks dangerous is a symbol like any other, and never reaches the bus.
func TestBadSymbols(t *testing.T) {
	g := newGate(t, nil)
	c := g.open()
	for i, tt := range []struct {
		name, symbol string
		want         tickgatev1.RejectReason // unspecified: accepted, as PENDING
	}{
		{"empty", "", invalidSymbol},
		{"64 bytes", strings.Repeat("x", 64), 0},
		{"65 bytes", strings.Repeat("x", 65), invalidSymbol},
		{"200 KB", strings.Repeat("x", 200_000), invalidSymbol},
		{"bus wildcard for all", ">", 0},
		{"bus wildcard for one", "*", 0},
		{"wildcard in a token", "A.*", 0},
		{"JetStream's API", "$JS.API.>", 0},
		{"a command of the bus", "A\r\nPUB md.quote.A 0\r\n", invalidSymbol},
		{"NUL", "A\x00B", invalidSymbol},
		{"escape codes", "\x1b[2J\x1b[31mA", invalidSymbol},
		{"DEL", "A\x7f", invalidSymbol},
		{"full width", "ＢＴＣ", invalidSymbol},
		{"zero width", "BTC\u200b", invalidSymbol},
		{"right to left", "\u202eCTB", invalidSymbol},
		{"leading space", " A", invalidSymbol},
		{"trailing space", "A ", invalidSymbol},
		{"space within", "AAPL  250117C00150000", 0},
		{"percent", "%41", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := uint64(i + 1)
			c.subscribe(id, tt.symbol)
			result := c.answer().GetSubscribeResult()
			if result.GetRequestId() != id || len(result.GetAccepted())+len(result.GetRejected()) != 1 {
				t.Fatalf("got %v, want one answer to one symbol", result)
			}
			if tt.want == 0 {
				checkPending(t, result, tt.symbol)
			} else {
				checkRejected(t, result.GetRejected()[0], tt.symbol, tt.want)
			}
			c.send(unsubscribe(id, tt.symbol))
			if got := len(c.answer().GetUnsubscribeResult().GetRejected()) == 1; got != (tt.want != 0) {
				t.Errorf("rejected by unsubscribe: %v", got)
			}
			c.lives()
		})
	}
	if pending := g.hub.Stats().Pending; pending != 0 {
		t.Errorf("%d pending symbols are left in the table", pending)
	}
}

func checkPending(t *testing.T, result *tickgatev1.SubscribeResult, symbol string) {
	t.Helper()
	if len(result.GetAccepted()) != 1 || result.GetAccepted()[0].GetSymbol() != symbol ||
		result.GetAccepted()[0].GetState() != tickgatev1.MarketState_MARKET_STATE_PENDING {
		t.Fatalf("got %v, want %q accepted as PENDING", result, symbol)
	}
}

func checkRejected(t *testing.T, r *tickgatev1.Rejection, symbol string, reason tickgatev1.RejectReason) {
	t.Helper()
	if r.GetReason() != reason || r.GetSymbol() != tick.Printable(symbol, 256) {
		t.Fatalf("got %v, want %q rejected as %v", r, symbol, reason)
	}
	for _, b := range []byte(r.GetSymbol() + r.GetDetail()) {
		if b < 0x20 || b > 0x7e {
			t.Fatalf("the answer %q has bytes that are not printable", r)
		}
	}
}

func numbered(prefix string, count int) []string {
	symbols := make([]string, count)
	for i := range symbols {
		symbols[i] = fmt.Sprintf("%s%05d", prefix, i)
	}
	return symbols
}

func TestOneSymbolTooManyInARequest(t *testing.T) {
	g := newGate(t, nil)
	c := g.open()
	symbols := numbered("S", 1_001)
	c.subscribe(1, symbols...)
	result := c.answer().GetSubscribeResult()
	if len(result.GetAccepted()) != 1_000 || len(result.GetRejected()) != 1 {
		t.Fatalf("%d accepted, %d rejected, want 1000 and 1", len(result.GetAccepted()), len(result.GetRejected()))
	}
	checkRejected(t, result.GetRejected()[0], symbols[1_000], requestLimit)
	c.lives()
}

func TestSameSymbolAThousandTimesIsAnsweredOnce(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	m.quote(1)
	c := g.open()
	symbols := make([]string, 1_000)
	for i := range symbols {
		symbols[i] = "A"
	}
	c.subscribe(1, symbols...)
	if result := c.answer().GetSubscribeResult(); len(result.GetAccepted()) != 1 || len(result.GetRejected()) != 0 {
		t.Fatalf("got %v, want one accepted", result)
	}
	if u := c.receive().GetBatch().GetUpdates(); len(u) != 1 {
		t.Fatalf("got %d updates, want one snapshot", len(u))
	}
	c.send(unsubscribe(2, symbols...))
	if result := c.answer().GetUnsubscribeResult(); result.GetRemovedCount() != 1 || len(result.GetRejected()) != 0 {
		t.Fatalf("got %v, want one removed", result)
	}
	c.lives()
}

func TestMoreSymbolsThanAStreamMayHave(t *testing.T) {
	g := newGate(t, func(o *options) { o.table.RingDepth = 4 })
	symbols := numbered("S", 10_001)
	for _, symbol := range symbols {
		g.market(symbol)
	}
	c := g.open()
	for i := range 10 {
		c.subscribe(uint64(i), symbols[1_000*i:1_000*(i+1)]...)
		if accepted := len(c.answer().GetSubscribeResult().GetAccepted()); accepted != 1_000 {
			t.Fatalf("%d of 1000 accepted", accepted)
		}
	}
	c.subscribe(10, symbols[10_000], symbols[0])
	result := c.answer().GetSubscribeResult()
	if len(result.GetAccepted()) != 1 || len(result.GetRejected()) != 1 {
		t.Fatalf("got %v, want the new one rejected and the old one accepted again", result)
	}
	checkRejected(t, result.GetRejected()[0], symbols[10_000], streamLimit)
	checkListedInPages(t, c, symbols[:10_000])
	c.send(unsubscribeAll(11))
	if removed := c.answer().GetUnsubscribeResult().GetRemovedCount(); removed != 10_000 {
		t.Errorf("%d removed", removed)
	}
}

// checkListedInPages asks for the list and wants the symbols in order, at most 1,000 in each message.
func checkListedInPages(t *testing.T, c *client, want []string) {
	t.Helper()
	c.send(list(99))
	var listed []string
	for more := true; more; {
		page := c.answer().GetSubscriptionList()
		if page.GetRequestId() != 99 || len(page.GetSubscriptions()) > 1_000 || page.GetMore() && len(page.GetSubscriptions()) == 0 {
			t.Fatalf("a page of %d for request %d", len(page.GetSubscriptions()), page.GetRequestId())
		}
		for _, s := range page.GetSubscriptions() {
			listed = append(listed, s.GetInstrument().GetSymbol())
		}
		more = page.GetMore()
	}
	if len(listed) != len(want) {
		t.Fatalf("%d listed, want %d", len(listed), len(want))
	}
	for i := range want {
		if listed[i] != want[i] {
			t.Fatalf("entry %d is %q, want %q", i, listed[i], want[i])
		}
	}
}

func TestTableFull(t *testing.T) {
	g := newGate(t, func(o *options) { o.table.MaxPending = 2 })
	c := g.open()
	c.subscribe(1, "A", "B", "C")
	result := c.answer().GetSubscribeResult()
	if len(result.GetAccepted()) != 2 || len(result.GetRejected()) != 1 {
		t.Fatalf("got %v, want two accepted", result)
	}
	checkRejected(t, result.GetRejected()[0], "C", tableFull)
	c.send(unsubscribe(2, "A"))
	c.answer()
	c.subscribe(3, "C")
	checkPending(t, c.answer().GetSubscribeResult(), "C")
}

// TestAnswerIsNotMuchLargerThanTheRequest: a client that names as much nonsense as a message takes is answered within four times its size.
func TestAnswerIsNotMuchLargerThanTheRequest(t *testing.T) {
	for name, symbols := range map[string]func() []string{
		"not ASCII": func() (s []string) {
			for r := rune(0x80); r < 0x7ff; r++ {
				for other := rune(0x80); other < 0xa0; other++ {
					s = append(s, string(r)+string(other))
				}
			}
			return s[:40_000]
		},
		"control bytes": func() (s []string) {
			for i := range 28_000 {
				s = append(s, string([]byte{byte(i & 31), byte(i >> 5 & 31), byte(i >> 10 & 31)}))
			}
			return s
		},
		"too many":  func() []string { return numbered("", 35_000) },
		"very long": func() []string { return []string{strings.Repeat("\x01", 100_000), strings.Repeat("\x02", 100_000)} },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, func(o *options) { o.subscriptions = subscription.DefaultConfig() })
			c := g.open()
			request := subscribe(1, &tickgatev1.Subscribe{Symbols: symbols()})
			c.send(request)
			answer := c.answer()
			if asked, answered := proto.Size(request), proto.Size(answer); answered > 4*asked+20_000 {
				t.Errorf("%d bytes were answered with %d", asked, answered)
			}
			c.lives()
		})
	}
}
