package gateway_test

import (
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/feed"
	"tickgate/internal/feedsim/datafile"
	"tickgate/internal/feedsim/replay"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/internal/pace"
	"tickgate/internal/websocket"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// flushInterval is the conflation interval of the clients with policy INTERVAL.
const flushInterval = 100 * time.Millisecond

// flushTolerance is what subscriptions leave for the unevenness of sending, half of an interval, and a millisecond for the resolution of their clock.
func flushTolerance(interval time.Duration) time.Duration { return interval/2 + time.Millisecond }

// TestReplayOfSample replays the real minute as fast as it goes. Readers of every event may be overrun, and must be told.
func TestReplayOfSample(t *testing.T) {
	replayToEveryPolicy(t, sampleFiles(), pace.Unpaced(), bothFaces)
}

// TestReplayOfSampleTenfold replays it at ten times its pace.
func TestReplayOfSampleTenfold(t *testing.T) {
	t.Parallel() // it mostly waits
	replayToEveryPolicy(t, sampleFiles(), 10, bothFaces)
}

// TestReplayOfWholeFiles runs where the whole files are.
func TestReplayOfWholeFiles(t *testing.T) {
	replayToEveryPolicy(t, wholeFiles(t), pace.Unpaced(), gRPCOnly)
}

// TestLongReplayOfWholeFilesTenfold takes 35 seconds with the whole files.
func TestLongReplayOfWholeFilesTenfold(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	replayToEveryPolicy(t, bestFiles(), 10, bothFaces)
}

// faces says over what the clients of a replay come.
type faces uint8

const (
	gRPCOnly faces = iota
	bothFaces
)

// replayClient is one client of a replay.
type replayClient struct {
	name   string
	ask    *tickgatev1.Conflation
	face   grpc.ClientConnInterface
	client *gatewaytest.Stream
}

func replayClients(t *testing.T, g *gatewaytest.Gateway, over faces) []replayClient {
	t.Helper()
	clients := []replayClient{
		{name: "LATEST", ask: gatewaytest.Latest(), face: g.Dial(t)},
		{name: "INTERVAL", ask: gatewaytest.Interval(flushInterval), face: g.Dial(t)},
		{name: "NONE", ask: gatewaytest.None(), face: g.Dial(t)},
	}
	if over == gRPCOnly {
		return clients
	}
	binary, text := g.DialWebSocket(t, websocket.SubprotocolProto), g.DialWebSocket(t, websocket.SubprotocolJSON)
	return append(clients,
		replayClient{name: "LATEST over WebSocket", ask: gatewaytest.Latest(), face: binary},
		replayClient{name: "INTERVAL over WebSocket", ask: gatewaytest.Interval(flushInterval), face: binary},
		replayClient{name: "NONE over WebSocket", ask: gatewaytest.None(), face: binary},
		replayClient{name: "INTERVAL over WebSocket in JSON", ask: gatewaytest.Interval(flushInterval), face: text})
}

// replayToEveryPolicy plays files through NATS and a gateway to one client of each policy and face, and compares what they hold with the files: so the faces agree with each other.
func replayToEveryPolicy(t *testing.T, files []datafile.File, speed pace.Speed, over faces) {
	want := read(t, files)
	symbols := want.symbols()
	if len(symbols) != 6 {
		t.Fatalf("the files have symbols %v, want six", symbols)
	}
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	policies := replayClients(t, g, over)
	for i := range policies {
		p := &policies[i]
		p.client = gatewaytest.OpenStream(t, p.face, nil)
		if result := p.client.Subscribe(p.ask, symbols); len(result.GetAccepted()) != len(symbols) {
			t.Fatalf("%s: %v", p.name, result)
		}
	}
	played := market.Replay(files, speed)
	if played.Published != want.events() || played.Lost != 0 || played.Refused != 0 {
		t.Fatalf("the feed says %+v, want %d events published and none lost", played, want.events())
	}
	for _, p := range policies {
		p.client.Await("the last values by "+p.name, gatewaytest.HoldsLast(market, symbols))
	}
	for _, p := range policies {
		p.client.Close()
		t.Run(p.name, func(t *testing.T) {
			judge(t, want, market, p.client)
			if p.ask.GetPolicy() != tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE {
				wantNoneMissing(t, want, p.client)
			}
		})
	}
}

// wantNoneMissing demands that conflating clients lose nothing, unless the feed itself can be overrun: it has room for so many messages and no more.
func wantNoneMissing(t *testing.T, want recording, client *gatewaytest.Stream) {
	t.Helper()
	if want.events() > uint64(feed.DefaultConfig().PendingMessages) {
		return
	}
	for symbol, c := range history.Count(client.Log()) {
		if c.Missing > 0 {
			t.Errorf("%s: %d events are missing, want none", symbol, c.Missing)
		}
	}
}

// judge compares what a client was told with the files and with the publisher's log.
func judge(t *testing.T, want recording, market *gatewaytest.Publisher, client *gatewaytest.Stream) {
	t.Helper()
	options := history.Options{End: history.EndSettled, IntervalTolerance: flushTolerance(flushInterval)}
	for _, v := range history.Check(market.Log(), client.Log(), options) {
		t.Error(v)
	}
	counts := history.Count(client.Log())
	client.Look(func(h gatewaytest.Holdings, _ []*tickgatev1.ServerMessage) {
		for symbol, listing := range want {
			compareWithFile(t, listing, h[symbol])
			c := counts[symbol]
			t.Logf("%-24s %6d published = %6d delivered + %6d conflated + %6d missing", symbol, listing.quotes+listing.trades, c.Updates, c.Conflated, c.Missing)
			if c.Updates+c.Conflated+c.Missing != listing.quotes+listing.trades {
				t.Errorf("%s: %+v, want the sum to be %d", symbol, c, listing.quotes+listing.trades)
			}
		}
	})
}

// compareWithFile demands the last rows digit for digit, and the sums exactly.
func compareWithFile(t *testing.T, want *listing, got *gatewaytest.Held) {
	t.Helper()
	quote := []string{got.Price(got.Quote.BidPrice), got.Size(got.Quote.BidSize), got.Price(got.Quote.AskPrice), got.Size(got.Quote.AskSize)}
	if !slices.Equal(quote, want.lastQuote) {
		t.Errorf("%s: the last quote is %v, want %v", got.Symbol, quote, want.lastQuote)
	}
	trade := []string{got.Price(tick.Some(got.Trade.Price)), got.Size(tick.Some(got.Trade.Size))}
	if !slices.Equal(trade, want.lastTrade) {
		t.Errorf("%s: the last trade is %v, want %v", got.Symbol, trade, want.lastTrade)
	}
	stats := got.Trade.Stats
	if volume := got.Size(stats.Volume); volume == "" || rational(t, volume).Cmp(want.volume) != 0 {
		t.Errorf("%s: the volume is %q, want %s", got.Symbol, volume, want.volume.FloatString(8))
	}
	if big.NewInt(stats.TradeCount.Mantissa).Uint64() != want.trades {
		t.Errorf("%s: %d trades, want %d", got.Symbol, stats.TradeCount.Mantissa, want.trades)
	}
}

// TestGapsOfARecordingAreAnnounced: what a recording misses is told to the clients of its replay.
func TestGapsOfARecordingAreAnnounced(t *testing.T) {
	const recorded = "ts_event,ts_recv,symbol,sequence,price,size,aggressor,epoch\n,1,A.V,4,1.5,1,buy,5\n,2,A.V,5,1.6,1,buy,5\n,3,A.V,8,1.7,1,buy,5\n,4,A.V,9,1.8,1,buy,5\n"
	g := gatewaytest.Start(t, gatewaytest.Config(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	client := gatewaytest.OpenStream(t, g.Dial(t), nil)
	client.Subscribe(gatewaytest.None(), []string{"A.V"})
	c := replay.DefaultConfig()
	c.Files = []datafile.File{{Name: "trades", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(recorded)), nil }}}
	if _, err := market.ReplayAs(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var gap *tickgatev1.Gap
	client.AwaitMessages("the last value and the gap", func(h gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool {
		for _, m := range others {
			if m.GetGap() != nil {
				gap = m.GetGap()
			}
		}
		return gap != nil && h.Sequence("A.V") == 6 // 4 became 1
	})
	client.Close()
	if gap.GetReason() != tickgatev1.GapReason_GAP_REASON_FEED || gap.GetFrom() != 3 || gap.GetTo() != 4 || gap.GetMissing() != 2 {
		t.Errorf("gap %v, want that 3 and 4 are missing in the feed", gap)
	}
}
