package gateway_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"tickgate/internal/feed"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// keepingEverything is a gateway whose stream keeps every event.
func keepingEverything(t testing.TB) gateway.Config {
	c := gatewaytest.Config(t)
	c.Keep.MaxMessagesPerSubject = 0
	c.Playback.Rate, c.Playback.RateBesideLive = 1e9, 1e9
	return c
}

// recordSample has a gateway record the real minute.
func recordSample(t *testing.T, c gateway.Config) (*gatewaytest.Gateway, recording) {
	t.Helper()
	g := gatewaytest.Start(t, c)
	files := sampleFiles()
	want := read(t, files)
	market := gatewaytest.NewPublisher(t, g.Bus())
	market.ReplayRecorded(files)
	market.AwaitStored(want.events())
	return g, want
}

func unpaced() *float64 { return proto.Float64(math.Inf(1)) }

func isEnd(m *tickgatev1.ReplayEvent) bool     { return m.GetEndOfData() != nil }
func isBatch(m *tickgatev1.ReplayEvent) bool   { return m.GetBatch() != nil }
func isRefused(m *tickgatev1.ReplayEvent) bool { return m.GetRefused() != nil }
func isLive(m *tickgatev1.ReplayEvent) bool    { return m.GetJoinedLive() != nil }

// bytesOf hands messages through as they are on the wire.
type bytesOf struct{ encoding.CodecV2 }

// Unmarshal implements encoding.CodecV2.
func (bytesOf) Unmarshal(data mem.BufferSlice, v any) error {
	message := make([]byte, data.Len())
	data.CopyTo(message)
	*v.(*[]byte) = message
	return nil
}

// openBytes opens a playback whose messages are received as bytes.
func openBytes(ctx context.Context, t *testing.T, conn *grpc.ClientConn, open *tickgatev1.ReplayOpen) grpc.ClientStream {
	t.Helper()
	desc := &grpc.StreamDesc{StreamName: "Replay", ServerStreams: true, ClientStreams: true}
	stream, err := conn.NewStream(ctx, desc, tickgatev1.MarketData_Replay_FullMethodName, grpc.ForceCodecV2(bytesOf{encoding.GetCodecV2("proto")}))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Open{Open: open}}); err != nil {
		t.Fatal(err)
	}
	return stream
}

// playBytes plays a whole playback and returns its batches and gaps as they came.
func playBytes(t *testing.T, conn *grpc.ClientConn, open *tickgatev1.ReplayOpen) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), gatewaytest.Patience)
	defer cancel()
	stream := openBytes(ctx, t, conn, open)
	_ = stream.CloseSend()
	var played []byte
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err != nil {
			if status.Code(err) != codes.OK && err.Error() != "EOF" {
				t.Fatal(err)
			}
			return played
		}
		var m tickgatev1.ReplayEvent
		if err := proto.Unmarshal(message, &m); err != nil {
			t.Fatal(err)
		}
		if m.GetBatch() != nil || m.GetGap() != nil {
			played = append(played, message...)
		}
	}
}

// TestPlaybackIsTheSameToTheByte on every run, at every speed and on every gateway: the real minute, every event and conflated by the playback's clock.
func TestPlaybackIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	g, want := recordSample(t, keepingEverything(t))
	conn := g.Dial(t)
	config := keepingEverything(t)
	config.Bus = g.Bus()
	other := gatewaytest.Start(t, config).Dial(t)
	begin := playWhole(t, conn, want)
	const played = 15 * time.Second
	speeds := []float64{math.Inf(1), 15, 40}
	for _, conflation := range []*tickgatev1.Conflation{gatewaytest.Interval(100 * time.Millisecond), gatewaytest.None()} {
		open := &tickgatev1.ReplayOpen{Symbols: want.symbols(), Conflation: conflation, Speed: unpaced(), From: begin + 1e9, To: begin + played.Nanoseconds()}
		first := playBytes(t, conn, open)
		for i, speed := range speeds {
			open.Speed = &speed
			if again := playBytes(t, []*grpc.ClientConn{other, conn}[i%2], open); !bytes.Equal(first, again) {
				t.Errorf("%v at speed %v: %d bytes differ from the first run's %d", conflation, speed, len(again), len(first))
			}
		}
		if len(first) < 20_000 {
			t.Errorf("%v: only %d bytes", conflation, len(first))
		}
		speeds = []float64{math.Inf(1), 40}
	}
}

// playWhole plays all events, compares them with the files, and returns the time of the first.
func playWhole(t *testing.T, conn *grpc.ClientConn, want recording) int64 {
	t.Helper()
	p := gatewaytest.OpenPlayback(t, conn, &tickgatev1.ReplayOpen{Symbols: append(want.symbols(), "NO.SUCH", "\x01"), Speed: unpaced()})
	played := p.Until("the end", isEnd)
	opened := played[0].GetOpened()
	if len(opened.GetAccepted()) != len(want) || len(opened.GetRejected()) != 2 || opened.GetConflation().GetPolicy() != tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE {
		t.Errorf("opened with %v", opened)
	}
	symbols, events := make(map[uint32]string), uint64(0)
	last := make(map[string]uint64)
	var first, clock int64
	for _, m := range played {
		if m.GetGap() != nil {
			t.Errorf("%v", m)
		}
		for _, i := range m.GetBatch().GetInstruments() {
			symbols[i.GetId()] = i.GetSymbol()
		}
		for _, u := range m.GetBatch().GetUpdates() {
			events++
			last[symbols[u.GetInstrumentId()]] = max(last[symbols[u.GetInstrumentId()]], u.GetSequence())
		}
		if m.GetBatch() != nil {
			if m.GetClock() < clock {
				t.Errorf("the clock goes back from %d to %d", clock, m.GetClock())
			}
			if clock = m.GetClock(); first == 0 {
				first = clock
			}
		}
	}
	if events != want.events() {
		t.Errorf("%d events were played, %d recorded", events, want.events())
	}
	for symbol, listing := range want {
		if last[symbol] != listing.quotes+listing.trades {
			t.Errorf("%s ends at %d, want %d", symbol, last[symbol], listing.quotes+listing.trades)
		}
	}
	return first
}

// TestPlaybackRefusesWhatIsWrong, says why, and goes on.
func TestPlaybackRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	g, want := recordSample(t, keepingEverything(t))
	conn := g.Dial(t)
	p := gatewaytest.OpenPlayback(t, conn, nil)
	open := func(change func(*tickgatev1.ReplayOpen)) *tickgatev1.ReplayCommand {
		o := &tickgatev1.ReplayOpen{Symbols: want.symbols()[:1]}
		change(o)
		return &tickgatev1.ReplayCommand{RequestId: 9, Command: &tickgatev1.ReplayCommand_Open{Open: o}}
	}
	for name, tt := range map[string]struct {
		command *tickgatev1.ReplayCommand
		reason  tickgatev1.ReplayRefusalReason
	}{
		"pause before open": {&tickgatev1.ReplayCommand{RequestId: 9, Command: &tickgatev1.ReplayCommand_Pause{Pause: &tickgatev1.ReplayPause{}}},
			tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_NOT_OPEN},
		"from after to": {open(func(o *tickgatev1.ReplayOpen) { o.From, o.To = 2, 1 }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_RANGE},
		"to and live":   {open(func(o *tickgatev1.ReplayOpen) { o.To, o.Live = 2, true }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_RANGE},
		"speed 0":       {open(func(o *tickgatev1.ReplayOpen) { o.Speed = proto.Float64(0) }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SPEED},
		"speed -1":      {open(func(o *tickgatev1.ReplayOpen) { o.Speed = proto.Float64(-1) }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SPEED},
		"speed 1e9":     {open(func(o *tickgatev1.ReplayOpen) { o.Speed = proto.Float64(1e9) }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SPEED},
		"speed NaN":     {open(func(o *tickgatev1.ReplayOpen) { o.Speed = proto.Float64(math.NaN()) }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SPEED},
		"interval":      {open(func(o *tickgatev1.ReplayOpen) { o.Conflation = gatewaytest.Interval(-time.Second) }), tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_CONFLATION},
	} {
		p.Send(tt.command)
		m, _, err := p.Next()
		if r := m.GetRefused(); err != nil || r.GetReason() != tt.reason || r.GetRequestId() != 9 || r.GetDetail() == "" {
			t.Errorf("%s: %v, %v; want %v", name, m, err, tt.reason)
		}
	}
	p.Send(open(func(o *tickgatev1.ReplayOpen) { o.Symbols = []string{"NO.SUCH"} }))
	if m, _, _ := p.Next(); len(m.GetOpened().GetRejected()) != 1 || m.GetOpened().GetState() != nil {
		t.Errorf("an open of nothing that is known: %v", m)
	}
	p.Send(open(func(o *tickgatev1.ReplayOpen) { o.Speed = unpaced() }))
	p.Until("the end", isEnd)
	p.Send(open(func(*tickgatev1.ReplayOpen) {}))
	if m := last(p.Until("a refusal", isRefused)); m.GetRefused().GetReason() != tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_ALREADY_OPEN {
		t.Errorf("a second open: %v", m)
	}
	p.Send(&tickgatev1.ReplayCommand{RequestId: 9, Command: &tickgatev1.ReplayCommand_Seek{Seek: &tickgatev1.ReplaySeek{To: math.MaxInt64}}})
	if m := last(p.Until("a refusal", isRefused)); m.GetRefused().GetReason() != tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_SEEK_OUTSIDE {
		t.Errorf("seek outside: %v", m)
	}
	p.Send(&tickgatev1.ReplayCommand{})
	for {
		if _, open, err := p.Next(); !open {
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("a message without a command: %v", err)
			}
			break
		}
	}
}

func last[T any](all []T) T { return all[len(all)-1] }

// TestPlaybackWithoutRecording says so.
func TestPlaybackWithoutRecording(t *testing.T) {
	t.Parallel()
	config := gatewaytest.Config(t)
	config.Feed.WarmStartStream = "NO_SUCH"
	g := gatewaytest.Start(t, config)
	p := gatewaytest.OpenPlayback(t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: []string{"A"}})
	if m, _, _ := p.Next(); m.GetRefused().GetReason() != tickgatev1.ReplayRefusalReason_REPLAY_REFUSAL_REASON_NO_RECORDING || !strings.Contains(m.GetRefused().GetDetail(), "NO_SUCH") {
		t.Errorf("%v", m)
	}
}

// TestPlaybackQuota: more playbacks than there may be are refused, and there may be others when one has ended. They count as streams.
func TestPlaybackQuota(t *testing.T) {
	t.Parallel()
	config := keepingEverything(t)
	config.Playback.MaxPlaybacks, config.Stream.MaxStreams = 2, 3
	g, want := recordSample(t, config)
	conn := g.Dial(t)
	open := &tickgatev1.ReplayOpen{Symbols: want.symbols()}
	refused := func() {
		t.Helper()
		if _, _, err := gatewaytest.OpenPlayback(t, conn, nil).Next(); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("a playback too many: %v", err)
		}
	}
	first, second := gatewaytest.OpenPlayback(t, conn, open), gatewaytest.OpenPlayback(t, conn, open)
	first.Until("a batch", isBatch)
	second.Until("a batch", isBatch)
	refused()
	second.Close()
	gatewaytest.Eventually(t, "one playback", func() bool {
		return metric(t, adminOf(g), streamsMetric) == 1 && metric(t, adminOf(g), "tickgate_playbacks") == 1
	})
	for range 2 {
		gatewaytest.OpenStream(t, conn, nil)
	}
	gatewaytest.Eventually(t, "two streams beside it", func() bool { return metric(t, adminOf(g), streamsMetric) == 3 })
	refused()
}

// TestPlaybackLeavesNothingBehind: its consumer at NATS goes with the client, and has a threshold for when nobody is left to delete it.
func TestPlaybackLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	g, want := recordSample(t, keepingEverything(t))
	stream := jetStreamOf(t, g.Addresses().NATS)
	p := gatewaytest.OpenPlayback(t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: want.symbols()})
	p.Until("a batch", isBatch)
	consumers := consumersOf(t, stream)
	if len(consumers) != 1 || consumers[0].Config.InactiveThreshold > 20*time.Second || consumers[0].Config.Durable != "" || !consumers[0].Config.MemoryStorage {
		t.Errorf("consumers %+v", consumers)
	}
	p.Close()
	awaitConsumers(t, stream, 0, 5*time.Second)
}

func jetStreamOf(t *testing.T, url string) jetstream.Stream {
	t.Helper()
	closed := make(chan struct{})
	conn, err := nats.Connect(url, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		<-closed
	})
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), feed.DefaultStream)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func consumersOf(t *testing.T, s jetstream.Stream) (all []*jetstream.ConsumerInfo) {
	t.Helper()
	list := s.ListConsumers(t.Context())
	for info := range list.Info() {
		all = append(all, info)
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// awaitConsumers waits until the stream has so many consumers.
func awaitConsumers(t *testing.T, s jetstream.Stream, want int, within time.Duration) {
	t.Helper()
	began := time.Now()
	gatewaytest.Eventually(t, "the consumers of the stream", func() bool { return len(consumersOf(t, s)) == want })
	if took := time.Since(began); took > within {
		t.Errorf("%d consumers were left after %v, want that within %v", want, took, within)
	}
}

// TestPlaybackJoinsLive while the market moves: every event once, in order of each symbol's sequence from there on.
func TestPlaybackJoinsLive(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, keepingEverything(t))
	market := gatewaytest.NewPublisher(t, g.Bus())
	trading := market.Trade(liveliness(2_000))
	symbols := listed(t, g, symbolCount)
	p := gatewaytest.OpenPlayback(t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: symbols, Live: true, Speed: unpaced()})
	seen := newSeen()
	seen.take(t, p.Until("live", isLive))
	before := seen.events
	for seen.events < before+500 {
		m, _, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		seen.take(t, []*tickgatev1.ReplayEvent{m})
	}
	trading.Stop()
	for !seen.complete(market, symbols) {
		m, open, err := p.Next()
		if !open {
			t.Fatal(err)
		}
		seen.take(t, []*tickgatev1.ReplayEvent{m})
	}
	if before == 0 || before == seen.events {
		t.Errorf("%d of %d events came before it was live", before, seen.events)
	}
}

// seen are the sequences that a playback has shown.
type seen struct {
	symbols map[uint32]string
	last    map[string]uint64
	of      map[string]map[uint64]bool
	events  int
}

func newSeen() *seen {
	return &seen{symbols: make(map[uint32]string), last: make(map[string]uint64), of: make(map[string]map[uint64]bool)}
}

func (s *seen) take(t *testing.T, messages []*tickgatev1.ReplayEvent) {
	t.Helper()
	for _, m := range messages {
		if m.GetGap() != nil {
			t.Errorf("a gap: %v", m)
		}
		for _, i := range m.GetBatch().GetInstruments() {
			s.symbols[i.GetId()] = i.GetSymbol()
			if s.of[i.GetSymbol()] == nil {
				s.of[i.GetSymbol()] = make(map[uint64]bool)
			}
		}
		for _, u := range m.GetBatch().GetUpdates() {
			symbol := s.symbols[u.GetInstrumentId()]
			if s.of[symbol][u.GetSequence()] || u.GetConflated() != 0 {
				t.Errorf("%s %d comes twice, or conflated", symbol, u.GetSequence())
			}
			s.of[symbol][u.GetSequence()] = true
			s.last[symbol] = max(s.last[symbol], u.GetSequence())
			s.events++
		}
	}
}

// complete reports whether every event that was published was shown.
func (s *seen) complete(market *gatewaytest.Publisher, symbols []string) bool {
	for _, symbol := range symbols {
		if uint64(len(s.of[symbol])) < market.Last(symbol) {
			return false
		}
	}
	return true
}

// TestPlaybackGoesOnWhenNATSComesBack with what it would have had otherwise.
func TestPlaybackGoesOnWhenNATSComesBack(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	config := keepingEverything(t)
	config.Bus, config.CreateStream = b.connection(), true
	g := gatewaytest.Start(t, config)
	files := sampleFiles()
	want := read(t, files)
	market := gatewaytest.NewPublisher(t, g.Bus())
	market.ReplayRecorded(files)
	market.AwaitStored(want.events())
	market.Close()
	conn := g.Dial(t)
	begin := playWhole(t, conn, want)
	open := &tickgatev1.ReplayOpen{Symbols: want.symbols(), Speed: unpaced(), To: begin + 30e9}
	undisturbed := encode(t, gatewaytest.OpenPlayback(t, conn, open).Until("the end", isEnd))
	open.Speed = proto.Float64(10)
	p := gatewaytest.OpenPlayback(t, conn, open)
	before := p.Until("a batch", isBatch)
	b.stop()
	b.restart()
	if disturbed := encode(t, append(before, p.Until("the end", isEnd)...)); !bytes.Equal(undisturbed, disturbed) {
		t.Errorf("%d bytes differ from the %d that came without an outage", len(disturbed), len(undisturbed))
	}
}

// encode encodes batches and gaps: equal ones have equal bytes.
func encode(t *testing.T, messages []*tickgatev1.ReplayEvent) (all []byte) {
	t.Helper()
	for _, m := range messages {
		if m.GetBatch() == nil && m.GetGap() == nil {
			continue
		}
		var err error
		if all, err = (proto.MarshalOptions{Deterministic: true}).MarshalAppend(all, m); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestPlaybackEndsWhenTheGatewayDrains with UNAVAILABLE, read or not; who reads is told first.
func TestPlaybackEndsWhenTheGatewayDrains(t *testing.T) {
	t.Parallel()
	g, want := recordSample(t, keepingEverything(t))
	reads := gatewaytest.OpenPlayback(t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: want.symbols()})
	stalls := gatewaytest.OpenPlayback(t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: want.symbols(), Speed: unpaced()})
	reads.Until("a batch", isBatch)
	stalls.Until("a batch", isBatch)
	began := time.Now()
	g.BeginDrain()
	for last := (*tickgatev1.ReplayEvent)(nil); ; {
		m, open, err := reads.Next()
		if !open {
			if status.Code(err) != codes.Unavailable || last.GetGoingAway() == nil || last.GetClock() == 0 {
				t.Errorf("drained with %v after %v", err, last)
			}
			break
		}
		last = m
	}
	g.Stop()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("a playback that is not read held the drain up for %v", took)
	}
}

// TestLongKilledGatewayLeavesNoConsumer after 30 s.
func TestLongKilledGatewayLeavesNoConsumer(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	b := startBus(t)
	program := gatewaytest.Build(t, "tickgate/cmd/gateway")
	g := startGatewayProcess(t, program, append(freePorts(t), "--nats-url="+b.server.URL(), "--create-stream", "--keep-messages-per-subject=0")...)
	g.awaitReady()
	market := gatewaytest.NewPublisher(t, b.connection())
	market.ReplayRecorded(sampleFiles())
	stream := jetStreamOf(t, b.server.URL())
	p := gatewaytest.OpenPlayback(t, g.Dial(t), &tickgatev1.ReplayOpen{Symbols: read(t, sampleFiles()).symbols()})
	p.Until("a batch", isBatch)
	awaitConsumers(t, stream, 1, gatewaytest.Patience)
	g.kill()
	awaitConsumers(t, stream, 0, 30*time.Second)
}
