package stream_test

import (
	"context"
	"fmt"
	"testing"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

func TestGetSnapshot(t *testing.T) {
	g := newGate(t, nil)
	m := g.market("A")
	m.quote(100)
	m.trade(101, 5)
	g.market("OPENED") // by the feed, without a value
	g.open().wait(t, "PENDING")

	response, err := g.unary().GetSnapshot(context.Background(), &tickgatev1.GetSnapshotRequest{
		Symbols: []string{"A", "UNKNOWN", "PENDING", "A", "\x00", "OPENED", ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	states := make(map[string]tickgatev1.MarketState)
	for _, i := range response.GetInstruments() {
		states[i.GetSymbol()] = i.GetState()
	}
	const pending = tickgatev1.MarketState_MARKET_STATE_PENDING
	if len(response.GetInstruments()) != 3 || states["A"] != tickgatev1.MarketState_MARKET_STATE_LIVE || states["PENDING"] != pending || states["OPENED"] != pending {
		t.Errorf("instruments %v", response.GetInstruments())
	}
	reasons := make(map[string]tickgatev1.RejectReason)
	for _, r := range response.GetRejected() {
		reasons[r.GetSymbol()] = r.GetReason()
	}
	if len(response.GetRejected()) != 3 || reasons["UNKNOWN"] != notKnown || reasons[`\x00`] != invalidSymbol || reasons[""] != invalidSymbol {
		t.Errorf("rejected %v", response.GetRejected())
	}
	batch := response.GetBatch()
	if len(batch.GetUpdates()) != 1 || batch.GetStreamSequence() != 0 || batch.GetTsSend() == 0 {
		t.Fatalf("batch %v", batch)
	}
	u := batch.GetUpdates()[0]
	if !u.GetSnapshot() || u.GetSequence() != 2 || u.GetQuote().GetAskPrice() != 101 || u.GetTrade().GetSize() != 5 || u.GetStats().GetVolume() != 5 {
		t.Errorf("snapshot %v", u)
	}
}

// wait subscribes to symbols that the feed has not sent.
func (c *client) wait(t *testing.T, symbols ...string) {
	t.Helper()
	c.subscribe(1, symbols...)
	if accepted := len(c.answer().GetSubscribeResult().GetAccepted()); accepted != len(symbols) {
		t.Fatalf("%d of %d accepted", accepted, len(symbols))
	}
}

func TestGetSnapshotOfNothingAndOfTooMuch(t *testing.T) {
	g := newGate(t, nil)
	client := g.unary()
	response, err := client.GetSnapshot(context.Background(), &tickgatev1.GetSnapshotRequest{})
	if err != nil || len(response.GetBatch().GetUpdates())+len(response.GetInstruments())+len(response.GetRejected()) != 0 {
		t.Errorf("got %v, %v, want nothing", response, err)
	}
	response, err = client.GetSnapshot(context.Background(), &tickgatev1.GetSnapshotRequest{Symbols: numbered("S", 1_001)})
	if err != nil || len(response.GetRejected()) != 1_001 {
		t.Fatalf("%d rejected, %v", len(response.GetRejected()), err)
	}
	limited := 0
	for _, r := range response.GetRejected() {
		if r.GetReason() == requestLimit {
			limited++
		}
	}
	if limited != 1 {
		t.Errorf("%d over the limit, want 1", limited)
	}
}

func TestListInstruments(t *testing.T) {
	g := newGate(t, func(o *options) { o.table.RingDepth = 4 })
	for i := range 2_500 {
		g.market(fmt.Sprintf("X%04d", i)).quote(1)
	}
	g.market("Y").quote(1)
	g.open().wait(t, "PENDING")
	client := g.unary()
	for _, tt := range []struct {
		name   string
		prefix string
		size   uint32
		after  string
		want   int
		pages  int
	}{
		{name: "all, in pages of the default size", want: 2_501, pages: 3},
		{name: "in one page", size: 1 << 31, want: 2_501, pages: 1},
		{name: "by prefix", prefix: "X1", size: 300, want: 1_000, pages: 4},
		{name: "an exact page", prefix: "X1", size: 500, want: 1_000, pages: 2},
		{name: "one by one", prefix: "X000", size: 1, want: 10, pages: 10},
		{name: "no such prefix", prefix: "Z", want: 0, pages: 1},
		{name: "after the last", after: "~", want: 0, pages: 1},
		{name: "after something that is no symbol", after: "X2499\u200b", want: 1, pages: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var listed []string
			token, pages := tt.after, 0
			for more := true; more; pages++ {
				page, err := client.ListInstruments(context.Background(), &tickgatev1.ListInstrumentsRequest{
					Prefix: tt.prefix, PageSize: tt.size, PageToken: token,
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range page.GetInstruments() {
					listed = append(listed, i.GetSymbol())
				}
				token = page.GetNextPageToken()
				more = token != ""
			}
			if len(listed) != tt.want || pages != tt.pages {
				t.Errorf("%d symbols in %d pages, want %d in %d", len(listed), pages, tt.want, tt.pages)
			}
			for i := 1; i < len(listed); i++ {
				if listed[i-1] >= listed[i] {
					t.Fatalf("%q before %q", listed[i-1], listed[i])
				}
			}
		})
	}
}
