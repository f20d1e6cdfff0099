package gateway_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestLongPlaybacksDoNotDisturbLiveClients measures how old updates are when live clients receive them, from the moment at which the event was due: alone, and beside 20 playbacks as fast as they
// go, in turns. Gateway, NATS, publisher and all clients share the machine, so what the clients of the playbacks take from the live ones is in it.
func TestLongPlaybacksDoNotDisturbLiveClients(t *testing.T) {
	onlyLong(t)
	program := gatewaytest.Build(t, "tickgate/cmd/gateway")
	g := startGatewayProcess(t, program, append(freePorts(t), "--keep-messages-per-subject=0", "--keep-age=1h", "--data-dir="+t.TempDir())...)
	g.awaitReady()
	over := bus.Connection{URL: g.nats}
	market := gatewaytest.NewPublisher(t, over)
	market.ReplayRecorded(sampleFiles())
	want := read(t, sampleFiles())
	market.AwaitStored(want.events())
	trading := gatewaytest.NewPublisher(t, over, func(c *publish.Config) { c.Name = "live" }).Trade(liveliness(2_000))
	defer trading.Stop()
	traded := slices.DeleteFunc(listed(t, g, len(want)+symbolCount), func(symbol string) bool { return want[symbol] != nil })

	ages := &ages{}
	for range 10 {
		live := gatewaytest.OpenStream(t, g.Dial(t), &gatewaytest.Options{HeartbeatEvery: 10 * time.Second, OnMessage: ages.take})
		live.Subscribe(gatewaytest.Latest(), traded)
	}
	const turns, span = 3, 4 * time.Second
	var alone, beside []time.Duration
	for range turns {
		alone = append(alone, ages.during(span)...)
		stop := playOnAndOn(t, g, want.symbols())
		ages.during(time.Second) // they all play
		beside = append(beside, ages.during(span)...)
		t.Logf("%d messages played", stop())
	}
	for _, of := range []struct {
		name string
		ages []time.Duration
	}{{"alone", alone}, {"beside 20 playbacks", beside}} {
		slices.Sort(of.ages)
		t.Logf("%-20s %7d updates  p50 %v  p99 %v  max %v", of.name, len(of.ages), share(of.ages, 0.5), share(of.ages, 0.99), share(of.ages, 1))
	}
	t.Logf("p99 %+.0f %%", 100*(float64(share(beside, 0.99))/float64(share(alone, 0.99))-1))
	if share(beside, 0.99) > share(alone, 0.99)*mostDisturbed/100+time.Millisecond {
		t.Error("playbacks disturb live clients")
	}
}

// mostDisturbed is the p99 beside playbacks in percent of that alone, above which the test fails.
const mostDisturbed = 250

func share(sorted []time.Duration, of float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(of*float64(len(sorted))), len(sorted)-1)]
}

// ages are those of updates as they are received.
type ages struct {
	mu  sync.Mutex
	all []time.Duration // guarded by mu
}

// take is a stream's OnMessage.
func (a *ages) take(_ context.Context, m *tickgatev1.ServerMessage) {
	now, batch := time.Now().UnixNano(), m.GetBatch()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, u := range batch.GetUpdates() {
		base := batch.GetTsEventBase()
		if base == 0 {
			base = batch.GetTsSend() - int64(u.GetRecvAge())
		}
		if !u.GetSnapshot() {
			a.all = append(a.all, time.Duration(now-base-u.GetEventDelta()))
		}
	}
}

// during returns those of the time from now on.
func (a *ages) during(span time.Duration) []time.Duration {
	a.mu.Lock()
	a.all = nil
	a.mu.Unlock()
	time.Sleep(span) // what is measured is a span of time
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all
}

// listed waits until the gateway has so many symbols, and returns them.
func listed(t *testing.T, g dialer, count int) (symbols []string) {
	t.Helper()
	client := tickgatev1.NewMarketDataClient(g.Dial(t))
	gatewaytest.Eventually(t, "the symbols", func() bool {
		list, err := client.ListInstruments(t.Context(), &tickgatev1.ListInstrumentsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		symbols = nil
		for _, i := range list.GetInstruments() {
			symbols = append(symbols, i.GetSymbol())
		}
		return len(symbols) == count
	})
	return symbols
}

// playOnAndOn plays symbols 20 times at once from beginning to end, again and again, to clients that look at nothing but the end; stop returns how many messages they took.
func playOnAndOn(t *testing.T, g dialer, symbols []string) (stop func() int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var playing sync.WaitGroup
	var taken atomic.Int64
	for range 20 {
		stream := openBytes(ctx, t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: symbols, Speed: unpaced()})
		playing.Go(func() {
			for {
				var message []byte
				if stream.RecvMsg(&message) != nil {
					return
				}
				taken.Add(1)
				var m tickgatev1.ReplayEvent
				if len(message) < endBytes && proto.Unmarshal(message, &m) == nil && isEnd(&m) {
					_ = stream.SendMsg(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Seek{Seek: &tickgatev1.ReplaySeek{}}})
				}
			}
		})
	}
	return func() int64 {
		cancel()
		playing.Wait()
		return taken.Load()
	}
}

// endBytes is more than the message has that says that all is played.
const endBytes = 64
