package stream_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // as some exporter may register it in the gateway

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// TestAnswersStandInTheOrderOfTheCommands sends every command without waiting, amid updates.
func TestAnswersStandInTheOrderOfTheCommands(t *testing.T) {
	g := newGate(t, nil)
	markets, names := g.markets("S", 10)
	stop := churn(t, 1_000, markets...)
	c := g.open()
	commands := []func(uint64) *tickgatev1.ClientMessage{
		func(id uint64) *tickgatev1.ClientMessage { return subscribe(id, &tickgatev1.Subscribe{Symbols: names}) },
		func(id uint64) *tickgatev1.ClientMessage { return setConflation(id, wish(interval, 20), names[:5]...) },
		list,
		heartbeat,
		func(id uint64) *tickgatev1.ClientMessage { return requestLatency(id, 0) },
		func(id uint64) *tickgatev1.ClientMessage { return setFreshness(id, 0) },
		func(id uint64) *tickgatev1.ClientMessage { return unsubscribe(id, names[0]) },
		unsubscribeAll,
	}
	go func() {
		for id := range uint64(160) {
			c.send(commands[id%uint64(len(commands))](id))
		}
	}()
	for id := range uint64(160) {
		if got := requestID(c.answer()); got != id {
			t.Fatalf("answer %d instead of %d", got, id)
		}
	}
	stop()
	c.lives()
}

func requestID(m *tickgatev1.ServerMessage) uint64 {
	type answer interface{ GetRequestId() uint64 }
	for _, a := range []answer{
		m.GetSubscribeResult(), m.GetUnsubscribeResult(), m.GetSetConflationResult(), m.GetSubscriptionList(), m.GetHeartbeat(),
		m.GetLatencyReport(), m.GetFreshnessResult(),
	} {
		if id := a.GetRequestId(); id != 0 {
			return id
		}
	}
	return 0
}

// TestHundredStreamsOnAConnection: each is served, and what it takes is fresh.
func TestHundredStreamsOnAConnection(t *testing.T) {
	g := newGate(t, nil)
	markets, names := g.markets("S", 50)
	conn := g.connect(nil)
	var readers sync.WaitGroup
	ages := make([][]time.Duration, 100)
	for i := range ages {
		c := g.openOn(conn)
		c.subscribe(1, names[i%40:i%40+10]...)
		c.answer()
		readers.Go(func() {
			for len(ages[i]) < 50 {
				batch := c.until("a batch", func(m *tickgatev1.ServerMessage) bool { return m.GetBatch() != nil }).GetBatch()
				if !batch.GetUpdates()[0].GetSnapshot() {
					ages[i] = append(ages[i], age(batch))
				}
			}
		})
	}
	churn(t, 1_000, markets...)
	readers.Wait()
	all := slices.Concat(ages...)
	slices.Sort(all)
	t.Logf("%d batches: median age %v, greatest %v", len(all), all[len(all)/2], all[len(all)-1])
	if median := all[len(all)/2]; median > 500*time.Millisecond {
		t.Errorf("the median age is %v", median)
	}
}

// TestCompressingClientCannotBlockTheWorker: a compressed answer would be a copy that is never seen to leave, and the next one would wait in SendMsg.
func TestCompressingClientCannotBlockTheWorker(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.subscriptions.Workers = 1
		o.stream.SendStall = time.Second
	})
	markets, names := g.markets("S", 100)
	stuck := g.openUnjudged(g.connect(nil, append(smallWindows(), grpc.WithDefaultCallOptions(grpc.UseCompressor("gzip")))...))
	stuck.subscribe(1, names...)
	churn(t, 5_000, markets...)
	reader := g.open()
	reader.subscribe(1, names[0])
	oldest := time.Duration(0)
	for g.service.Stats().StreamsEnded["stalled"] == 0 {
		if batch := reader.receive().GetBatch(); batch != nil {
			oldest = max(oldest, age(batch))
		}
	}
	if oldest > 500*time.Millisecond {
		t.Errorf("beside a client that compresses and does not read, another one's values were %v old", oldest)
	}
}

// TestAnswersInFlightAreBounded: a client that reads nothing and asks on and on is served only so many answers, however short they are.
func TestAnswersInFlightAreBounded(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.SendStall = time.Second
		o.stream.CommandRate, o.stream.CommandBurst = 1e6, 1e6
	})
	c := g.openUnjudged(g.connect(nil, smallWindows()...))
	go func() {
		for id := uint64(1); ; id++ {
			if err := c.stream.Send(heartbeat(id)); err != nil {
				return
			}
		}
	}()
	waitFor(t, "the client to be cut", func() bool { return g.service.Stats().StreamsEnded["stalled"] == 1 })
	const shortest, frames = 20, 16
	if served := g.service.Stats().MessagesReceived["heartbeat"]; served > 64<<10/shortest+frames {
		t.Errorf("%d answers were made for a window of 64 KiB", served)
	}
	g.waitForNoStreams()
}

// TestSlowConsumerIsToldOnce: the notice comes with its cause, once per episode.
func TestSlowConsumerIsToldOnce(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) { o.stream.SlowNotice = 100 * time.Millisecond })
	m := g.market("A")
	m.quote(1)
	c := g.open()
	c.send(setFreshness(1, 50))
	c.subscribe(2, "A")
	churn(t, 100, m)
	isNotice := func(m *tickgatev1.ServerMessage) bool { return m.GetNotice() != nil }
	notice := c.until("the notice", isNotice).GetNotice()
	if notice.GetKind() != tickgatev1.NoticeKind_NOTICE_KIND_SLOW_CONSUMER || notice.GetCause() != tickgatev1.NoticeCause_NOTICE_CAUSE_UNACKNOWLEDGED {
		t.Errorf("got %v", notice)
	}
	for range 20 { // it goes on not acknowledging
		c.nextID++
		c.send(heartbeat(c.nextID))
		if m := c.until("an answer or a notice", func(m *tickgatev1.ServerMessage) bool { return isAnswer(m) || isNotice(m) }); isNotice(m) {
			t.Fatal("told again")
		}
	}
	if episodes := g.service.Stats().SlowConsumers; episodes != 1 {
		t.Errorf("%d episodes", episodes)
	}
}

// TestSlowConsumerIsToldThatTheTransportIsFull: a client that does not read for a while finds the notice among what waited for it.
func TestSlowConsumerIsToldThatTheTransportIsFull(t *testing.T) {
	t.Parallel()
	g := newGate(t, func(o *options) {
		o.stream.SlowNotice = 100 * time.Millisecond
		o.stream.SendStall = time.Hour
	})
	markets, names := g.markets("S", 100)
	c := g.openOn(g.connect(nil, smallWindows()...))
	c.subscribe(1, names...)
	churn(t, 5_000, markets...)
	waitFor(t, "updates to be held back", func() bool { return g.service.Stats().SlowConsumers == 1 })
	notice := c.until("the notice", func(m *tickgatev1.ServerMessage) bool { return m.GetNotice() != nil }).GetNotice()
	if notice.GetKind() != tickgatev1.NoticeKind_NOTICE_KIND_SLOW_CONSUMER || notice.GetCause() != tickgatev1.NoticeCause_NOTICE_CAUSE_TRANSPORT || notice.GetDetail() == "" {
		t.Errorf("got %v, want a slow consumer because of the transport", notice)
	}
}
