package subscription_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
)

// Sizes of the fake transport's messages.
const (
	updateBytes = 30
	gapBytes    = 100
	stateBytes  = 80
)

// stream is a session with a transport in memory: the test decides when a message leaves. Its log is what a client would receive.
type stream struct {
	// Immutable.
	g       *gateway
	session *subscription.Session
	atOnce  bool // every message leaves while it is handed over
	room    int  // updates that a batch takes

	mu sync.Mutex
	// mu guards the fields below.
	log      []message
	making   message
	flying   []flight // the oldest first
	cares    int
	recycled int
	held     subscription.HeldCause // as seen by the last Care
	broken   []string               // rules that the hub has broken
}

type flight struct {
	bytes int
	batch bool
}

// message is one answer, batch, gap or state. Exactly one of answer, batch, gap and state is set.
type message struct {
	at        time.Time
	answer    string
	batch     uint64 // stream sequence
	announced []announced
	updates   []update
	gap       *subscription.Gap
	state     *subscription.State
	symbol    string // of gap and state; "" with a state: all
}

type announced struct {
	symbol string
	id     uint32
	scales tick.Scales
	epoch  uint64
	state  subscription.MarketState
}

type update struct {
	symbol    string
	record    tick.Record
	given     uint64 // its sequence, as the client is told; 0: it works it out
	changed   tick.Changes
	conflated uint64
	snapshot  bool
}

func (m message) String() string {
	switch {
	case m.answer != "":
		return m.answer
	case m.gap != nil:
		return fmt.Sprintf("gap %s %d-%d missing %d reason %d", m.symbol, m.gap.From, m.gap.To, m.gap.Missing, m.gap.Reason)
	case m.state != nil && m.symbol == "":
		return "all " + m.state.Market.String()
	case m.state != nil:
		return m.symbol + " " + m.state.Market.String()
	}
	var words []string
	for _, a := range m.announced {
		words = append(words, fmt.Sprintf("announce %s %s scale %d epoch %d", a.symbol, a.state, a.scales.Price, a.epoch))
	}
	for _, u := range m.updates {
		words = append(words, u.String())
	}
	return strings.Join(words, ", ")
}

// String writes symbol@sequence, how many were conflated, and ! for a snapshot.
func (u update) String() string {
	text := fmt.Sprintf("%s@%d", u.symbol, u.record.Sequence)
	if u.conflated > 0 {
		text += fmt.Sprintf("+%d", u.conflated)
	}
	if u.snapshot {
		text += "!"
	}
	return text
}

// attach adds a stream whose messages leave at once.
func (g *gateway) attach(conn *subscription.Conn) *stream {
	s := &stream{g: g, session: g.hub.NewSession(conn), atOnce: true, room: 1000}
	s.session.Attach(s)
	return s
}

// attachSlow adds a stream whose messages leave when the test says so.
func (g *gateway) attachSlow(conn *subscription.Conn) *stream {
	s := &stream{g: g, session: g.hub.NewSession(conn), room: 1000}
	s.session.Attach(s)
	return s
}

// subscription.Sink.

func (s *stream) Begin(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making = message{at: now}
}

func (s *stream) Announce(symbol *subscription.Symbol, r *tick.Record, state *subscription.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := announced{symbol: symbol.Name(), id: symbol.ID(), scales: r.Scales, epoch: r.Epoch, state: state.Market}
	s.making.announced = append(s.making.announced, a)
}

func (s *stream) Append(u *subscription.Update) subscription.Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := update{symbol: u.Symbol.Name(), record: *u.Record, given: u.Sequence, changed: u.Changed, conflated: u.Conflated, snapshot: u.Snapshot}
	s.making.updates = append(s.making.updates, added)
	if len(s.making.updates) >= s.room {
		return subscription.Full
	}
	return subscription.MoreRoom
}

func (s *stream) SendBatch(streamSequence uint64) {
	s.mu.Lock()
	m := s.making
	s.making = message{}
	if slices.ContainsFunc(s.flying, func(f flight) bool { return f.batch }) {
		s.broken = append(s.broken, "two batches in flight")
	}
	s.mu.Unlock()
	m.batch = streamSequence
	s.hand(m, (len(m.updates)+len(m.announced))*updateBytes)
}

func (s *stream) SendGap(g subscription.Gap) {
	s.hand(message{gap: &g, symbol: g.Symbol.Name()}, gapBytes)
}

func (s *stream) SendState(symbol *subscription.Symbol, state *subscription.State) {
	m := message{state: state}
	if symbol != nil {
		m.symbol = symbol.Name()
	}
	s.hand(m, stateBytes)
}

// SendAnswer makes the stream a historytest.Transport.
func (s *stream) SendAnswer(bytes int) { s.hand(message{answer: "answered"}, bytes) }

func (s *stream) Recycle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recycled++
	if len(s.flying) > 0 {
		s.broken = append(s.broken, "Recycle while messages are in flight")
	}
}

func (s *stream) Care(time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cares++
	s.held, _ = s.session.Held()
}

func (s *stream) hand(m message, bytes int) {
	canHand := s.session.CanHand()
	s.session.Handed(bytes)
	s.mu.Lock()
	if m.at.IsZero() {
		m.at = time.Now()
	}
	if !canHand {
		s.broken = append(s.broken, fmt.Sprintf("handed over while CanHand was false: %s", m))
	}
	s.log = append(s.log, m)
	if !s.atOnce {
		s.flying = append(s.flying, flight{bytes: bytes, batch: m.batch != 0})
	}
	s.mu.Unlock()
	if s.atOnce {
		s.session.Left(bytes)
	}
}

// What the test does.

// leave has up to count of the oldest messages leave, as another goroutine of the transport would, and returns how many there were.
func (s *stream) leave(count int) int {
	s.mu.Lock()
	count = min(count, len(s.flying))
	left := slices.Clone(s.flying[:count])
	s.flying = slices.Clone(s.flying[count:])
	s.mu.Unlock()
	for _, f := range left {
		s.session.Left(f.bytes)
	}
	return count
}

// drain has messages leave until none comes any more.
func (s *stream) drain() {
	for synctest.Wait(); s.leave(1<<20) > 0; {
		synctest.Wait()
	}
}

// take returns what was received since the last call, and checks the hub's promises to its sink.
func (s *stream) take() []message {
	s.g.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.broken {
		s.g.t.Errorf("%s", b)
	}
	s.broken = nil
	log := s.log
	s.log = nil
	return log
}

// expect compares what was received since the last call with want, a message a line.
func (s *stream) expect(want ...string) {
	s.g.t.Helper()
	var got []string
	for _, m := range s.take() {
		got = append(got, m.String())
	}
	if !slices.Equal(got, want) {
		s.g.t.Errorf("received:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// execute runs a command and waits for what comes of it.
func (s *stream) execute(command func()) {
	s.g.t.Helper()
	if err := s.session.Execute(s.g.t.Context(), command); err != nil {
		s.g.t.Fatal(err)
	}
	synctest.Wait()
}

var (
	latest = subscription.Conflation{Policy: subscription.PolicyLatest}
	none   = subscription.Conflation{Policy: subscription.PolicyNone}
)

func every(interval time.Duration) subscription.Conflation {
	return subscription.Conflation{Policy: subscription.PolicyInterval, Interval: interval}
}

// subscribe subscribes the symbols in one command, whose answer is "subscribed".
func (s *stream) subscribe(conflation subscription.Conflation, names ...string) {
	s.g.t.Helper()
	var requests []subscription.Request
	for _, name := range names {
		requests = append(requests, subscription.Request{Conflation: conflation, Symbol: s.acquire(name)})
	}
	s.request(requests...)
}

// request subscribes and returns what the last one holds.
func (s *stream) request(requests ...subscription.Request) (holding subscription.Holding) {
	s.g.t.Helper()
	s.execute(func() {
		for _, r := range requests {
			var err error
			if holding, err = s.session.Subscribe(r); err != nil {
				s.g.t.Error(err)
			}
		}
		s.answer("subscribed")
	})
	return holding
}

func (s *stream) acquire(name string) *subscription.Symbol {
	s.g.t.Helper()
	symbol, err := s.g.table.Acquire(name)
	if err != nil {
		s.g.t.Fatal(err)
	}
	return symbol
}

// answer hands over an answer of 100 bytes; only commands call it.
func (s *stream) answer(text string) { s.hand(message{answer: text}, 100) }

func (s *stream) unsubscribe(m *market) {
	s.g.t.Helper()
	s.execute(func() {
		s.session.Unsubscribe(m.symbol)
		s.answer("unsubscribed")
	})
}

func (s *stream) setConflation(m *market, conflation subscription.Conflation) {
	s.g.t.Helper()
	s.execute(func() {
		s.session.SetConflation(m.symbol, conflation)
		s.answer("set")
	})
}

// acknowledge has the client acknowledge a batch.
func (s *stream) acknowledge(streamSequence uint64) {
	s.session.Post(func() {
		if err := s.session.Acknowledge(streamSequence); err != nil {
			s.answer(err.Error())
		}
	})
	synctest.Wait()
}
