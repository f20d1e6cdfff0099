package gateway_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/bus"
	"tickgate/internal/feedsim/publish"
	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestLongPlaybacksDoNotDisturbLiveClients measures how old updates are when live clients receive them, from the moment at which the event was due: beside 20 playbacks as fast as they may, by the
// default settings, and alone, in turns. Gateway, NATS, publisher and all clients share the machine, so what the clients of the playbacks take from the live ones is in it.
//
// They play all the time, and are paused for the turns without them, so that nothing else differs. What is compared are medians over turns, twelve or more: p99 of a turn alone was 1.5 to 1.7 ms on two
// cores of which others use some, now and then much more, so that even medians of many differ by some percent with nobody else there. Where they differ by too much, more turns are taken: what is noise
// goes, what playbacks do stays.
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

	playing := playOnAndOn(t, g, want.symbols()) // while nobody is live, so that it does not take long until they all play
	ages := &ages{}
	for range 10 {
		live := gatewaytest.OpenStream(t, g.Dial(t), &gatewaytest.Options{HeartbeatEvery: 10 * time.Second, OnMessage: ages.take})
		live.Subscribe(gatewaytest.Latest(), traded)
	}
	ages.during(3 * time.Second) // what was read at the higher rate has been played
	t.Logf("all playbacks may read %v messages/s", metric(t, g.admin, "tickgate_playback_rate"))

	const leastTurns, mostTurns, span, warm = 12, 36, time.Second, 400 * time.Millisecond
	var alone, beside []time.Duration // p99 of each turn
	var more float64                  // percent
	turnBeside := func() {
		playing.steer(t, &tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Resume{Resume: &tickgatev1.ReplayResume{}}})
		ages.during(warm) // a portion has been waiting for each
		beside = append(beside, ages.p99(t, "beside", span))
	}
	turnAlone := func() {
		playing.steer(t, &tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Pause{Pause: &tickgatev1.ReplayPause{}}})
		ages.during(warm)
		alone = append(alone, ages.p99(t, "alone", span))
	}
	for turn := 1; turn <= leastTurns || turn <= mostTurns && more > mostDisturbed; turn++ {
		first, second := turnBeside, turnAlone
		if turn%2 == 0 {
			first, second = second, first
		}
		first()
		second()
		more = 100 * (float64(median(beside))/float64(median(alone)) - 1)
	}
	if taken := playing.taken.Load(); taken == 0 {
		t.Error("nothing was played")
	}
	t.Logf("p99, median of %d turns: alone %v, beside 20 playbacks %v, %+.1f %%", len(alone), median(alone), median(beside), more)
	if more > mostDisturbed {
		t.Errorf("playbacks disturb live clients: p99 %+.1f %%, at most %+d %%", more, mostDisturbed)
	}
}

// mostDisturbed is by how many percent p99 may be higher beside playbacks.
const mostDisturbed = 10

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

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

// p99 returns that of the time from now on.
func (a *ages) p99(t *testing.T, when string, span time.Duration) time.Duration {
	t.Helper()
	all := a.during(span)
	if len(all) == 0 {
		t.Fatalf("no updates came in %v", span)
	}
	slices.Sort(all)
	t.Logf("%-6s %6d updates  p50 %v  p99 %v  max %v", when, len(all), share(all, 0.5), share(all, 0.99), share(all, 1))
	return share(all, 0.99)
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

// playbacks are steered together. They begin anew at their end.
type playbacks struct {
	mu      sync.Mutex // of sending
	streams []grpc.ClientStream
	taken   atomic.Int64 // messages
}

// steer sends a command to all of them.
func (p *playbacks) steer(t *testing.T, command *tickgatev1.ReplayCommand) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stream := range p.streams {
		if err := stream.SendMsg(command); err != nil {
			t.Fatal(err)
		}
	}
}

// receive takes what a playback sends, and looks at nothing but its beginning and its end.
func (p *playbacks) receive(stream grpc.ClientStream, begin func()) {
	for began := false; ; p.taken.Add(1) {
		var message []byte
		if stream.RecvMsg(&message) != nil {
			return
		}
		var m tickgatev1.ReplayEvent
		if !began && proto.Unmarshal(message, &m) == nil && isBatch(&m) {
			began = true
			begin()
		}
		if len(message) < endBytes && proto.Unmarshal(message, &m) == nil && isEnd(&m) {
			p.mu.Lock()
			_ = stream.SendMsg(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Seek{Seek: &tickgatev1.ReplaySeek{}}})
			p.mu.Unlock()
		}
	}
}

// playOnAndOn plays symbols 20 times at once from beginning to end, again and again, until the test ends. They all play when it returns.
func playOnAndOn(t *testing.T, g dialer, symbols []string) *playbacks {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := new(playbacks)
	var receiving, begun sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		receiving.Wait()
	})
	for range 20 {
		p.streams = append(p.streams, openBytes(ctx, t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: symbols, Speed: unpaced()}))
	}
	for _, stream := range p.streams {
		begun.Add(1)
		receiving.Go(func() {
			begin := sync.OnceFunc(begun.Done)
			defer begin()
			p.receive(stream, begin)
		})
	}
	begun.Wait()
	return p
}

// endBytes is more than the message has that says that all is played.
const endBytes = 64
