package historytest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	"tickgate/internal/wire"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// answerBytes is what an answer weighs with the transport.
const answerBytes = 100

// Transport is what a client's messages leave by.
type Transport interface {
	subscription.Sink
	// SendAnswer hands over an answer, as SendState does a state. Only commands call it.
	SendAnswer(bytes int)
}

// Client is a client that is told at once what its session hands to the transport.
type Client struct {
	// Immutable after Attach.
	table     *subscription.Table
	session   *subscription.Session
	transport Transport
	log       *history.ClientLog
	defect    Defect

	// Owned by the worker.
	batch    wire.Batch
	previous map[uint32]uint64 // sequence of the last update by instrument id

	// Owned by whoever commands.
	requestID uint64

	// mu guards the fields below.
	mu      sync.Mutex
	symbols map[uint32]string // by instrument id
	held    map[string]*Held
}

// Held is what a client knows of a symbol, since it first heard of it.
type Held struct {
	State           tickgatev1.MarketState
	Epoch, Sequence uint64 // of the last update; 0: none yet

	announced uint64 // epoch
}

// Attach opens a session of the connection. transport is given the session, and what it returns sees all that the session hands over; defect is nil in an
// honest test.
func Attach(hub *subscription.Hub, conn *subscription.Conn, transport func(*subscription.Session) Transport, defect Defect) *Client {
	c := &Client{
		table: hub.Table(), session: hub.NewSession(conn), log: history.NewClientLog(), defect: defect,
		previous: make(map[uint32]uint64), symbols: make(map[uint32]string), held: make(map[string]*Held),
	}
	c.transport = transport(c.session)
	c.log.StreamStarted()
	c.session.Attach(sink{c})
	return c
}

// Log returns what was sent and received so far.
func (c *Client) Log() *history.ClientLog { return c.log }

// Held returns what the client knows of a symbol; false: it never heard of it.
func (c *Client) Held(symbol string) (Held, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.held[symbol]; h != nil {
		return *h, true
	}
	return Held{}, false
}

// Wish is what a Subscribe asks for.
type Wish struct {
	Symbol     string
	Conflation subscription.Conflation
	Kinds      subscription.Kinds
	Resumes    bool // from what is held, if there is anything
	Implied    bool // the client works out sequences that follow
}

// Subscribe subscribes a symbol and returns when that is answered.
func (c *Client) Subscribe(ctx context.Context, w Wish) error {
	symbol, err := c.table.Acquire(w.Symbol)
	if err != nil {
		return err
	}
	request := subscription.Request{Symbol: symbol, Conflation: w.Conflation, Kinds: w.Kinds, Implied: w.Implied}
	command := &tickgatev1.Subscribe{
		Symbols: []string{w.Symbol}, Conflation: conflationMessage(w.Conflation), Kinds: kindsMessage(w.Kinds), ImplySequences: w.Implied,
	}
	if h, _ := c.Held(w.Symbol); w.Resumes && h.Sequence != 0 {
		request.Resume = &subscription.Resume{Epoch: h.Epoch, LastSequence: h.Sequence}
		command.Resume = []*tickgatev1.Resume{{Symbol: w.Symbol, Epoch: h.Epoch, LastSequence: h.Sequence}}
	}
	return c.execute(ctx, &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{Subscribe: command}}, func(id uint64) *tickgatev1.ServerMessage {
		result := &tickgatev1.SubscribeResult{RequestId: id}
		holding, err := c.session.Subscribe(request)
		if err != nil {
			result.Rejected = []*tickgatev1.Rejection{{Symbol: w.Symbol, Detail: err.Error()}}
		} else {
			result.Accepted = []*tickgatev1.Instrument{instrumentMessage(&holding)}
			result.Conflation = conflationMessage(holding.Conflation)
		}
		return &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: result}}
	})
}

// Unsubscribe unsubscribes a symbol, whether or not it is subscribed.
func (c *Client) Unsubscribe(ctx context.Context, name string) error {
	command := &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{Symbols: []string{name}}}}
	return c.execute(ctx, command, func(id uint64) *tickgatev1.ServerMessage {
		result := &tickgatev1.UnsubscribeResult{RequestId: id}
		if symbol := c.table.Lookup(name); symbol != nil && c.session.Unsubscribe(symbol) {
			result.Removed, result.RemovedCount = []string{name}, 1
		} else {
			result.Rejected = []*tickgatev1.Rejection{{Symbol: name}}
		}
		return &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_UnsubscribeResult{UnsubscribeResult: result}}
	})
}

// SetConflation changes the conflation of a symbol, whether or not it is subscribed.
func (c *Client) SetConflation(ctx context.Context, name string, wish subscription.Conflation) error {
	command := &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_SetConflation{
		SetConflation: &tickgatev1.SetConflation{Symbols: []string{name}, Conflation: conflationMessage(wish)},
	}}
	return c.execute(ctx, command, func(id uint64) *tickgatev1.ServerMessage {
		result := &tickgatev1.SetConflationResult{RequestId: id, Conflation: conflationMessage(wish)}
		if symbol := c.table.Lookup(name); symbol != nil && c.session.SetConflation(symbol, wish) {
			result.ChangedCount = 1
		} else {
			result.Rejected = []*tickgatev1.Rejection{{Symbol: name}}
		}
		return &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SetConflationResult{SetConflationResult: result}}
	})
}

// execute logs a command, has the worker run it, and logs its answer before anything that follows from it.
func (c *Client) execute(ctx context.Context, command *tickgatev1.ClientMessage, run func(id uint64) *tickgatev1.ServerMessage) error {
	c.requestID++
	command.RequestId = c.requestID
	c.log.Sent(command)
	return c.session.Execute(ctx, func() {
		answer := run(command.RequestId)
		c.received(answer)
		c.transport.SendAnswer(answerBytes)
	})
}

// received takes a message, or what a defect makes of it.
func (c *Client) received(m *tickgatev1.ServerMessage) {
	messages := []*tickgatev1.ServerMessage{m}
	if c.defect != nil {
		messages = c.defect(m)
	}
	for _, m := range messages {
		c.log.Received(m, time.Now())
		c.take(m)
	}
}

// take keeps what the next command may need.
func (c *Client) take(m *tickgatev1.ServerMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range m.GetSubscribeResult().GetAccepted() {
		c.announceLocked(i)
	}
	for _, i := range m.GetBatch().GetInstruments() {
		c.announceLocked(i)
	}
	for _, u := range m.GetBatch().GetUpdates() {
		if h := c.held[c.symbols[u.GetInstrumentId()]]; h != nil {
			h.Epoch, h.Sequence = h.announced, u.GetSequence()
		}
	}
	if state := m.GetState(); state != nil {
		for symbol, h := range c.held {
			if state.GetSymbol() == "" || state.GetSymbol() == symbol {
				h.State = state.GetState()
			}
		}
	}
}

func (c *Client) announceLocked(i *tickgatev1.Instrument) {
	h := c.held[i.GetSymbol()]
	if h == nil {
		h = &Held{}
		c.held[i.GetSymbol()] = h
	}
	c.symbols[i.GetId()] = i.GetSymbol()
	h.State, h.announced = i.GetState(), i.GetEpoch()
}

func instrumentMessage(h *subscription.Holding) *tickgatev1.Instrument {
	i := &tickgatev1.Instrument{
		Symbol: h.Symbol.Name(), Id: h.Symbol.ID(), Epoch: h.Record.Epoch, State: tickgatev1.MarketState(h.State.Market),
		PriceScale: uint32(h.Record.Scales.Price), SizeScale: uint32(h.Record.Scales.Size), TurnoverScale: uint32(h.Record.Scales.Turnover),
	}
	if h.Position == 0 {
		i.Id, i.State = 0, tickgatev1.MarketState_MARKET_STATE_PENDING
	}
	return i
}

func conflationMessage(c subscription.Conflation) *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy(c.Policy), IntervalMs: c.Interval.Milliseconds()}
}

func kindsMessage(kinds subscription.Kinds) (messages []tickgatev1.Kind) {
	for _, k := range []struct {
		kind    subscription.Kinds
		message tickgatev1.Kind
	}{
		{subscription.Quotes, tickgatev1.Kind_KIND_QUOTE}, {subscription.Trades, tickgatev1.Kind_KIND_TRADE}, {subscription.Statuses, tickgatev1.Kind_KIND_STATUS},
	} {
		if kinds&k.kind != 0 {
			messages = append(messages, k.message)
		}
	}
	return messages
}

// sink is a client as its session sees it.
type sink struct{ *Client }

// subscription.Sink.

func (s sink) Begin(now time.Time) {
	s.batch.Begin(nil, tick.Time(now.UnixNano()))
	s.transport.Begin(now)
}

func (s sink) Announce(symbol *subscription.Symbol, r *tick.Record, state *subscription.State) {
	s.batch.Instrument(symbol.Name(), symbol.ID(), r, uint8(state.Market))
	s.transport.Announce(symbol, r, state)
}

func (s sink) Append(u *subscription.Update) subscription.Room {
	s.batch.Update(u.Symbol.ID(), u.Sequence, u.Record, u.Changed, u.Conflated, u.Snapshot)
	return s.transport.Append(u)
}

func (s sink) SendBatch(streamSequence uint64) {
	m := &tickgatev1.ServerMessage{}
	if err := proto.Unmarshal(s.batch.Finish(streamSequence), m); err != nil {
		panic(fmt.Sprintf("historytest: a batch that cannot be decoded: %v", err))
	}
	s.number(m.GetBatch())
	s.received(m)
	s.transport.SendBatch(streamSequence)
}

// number gives updates the sequences that were left out because they follow.
func (s sink) number(batch *tickgatev1.Batch) {
	for _, u := range batch.GetUpdates() {
		if u.GetSequence() == 0 {
			u.Sequence = s.previous[u.GetInstrumentId()] + uint64(u.GetConflated()) + 1
		}
		s.previous[u.GetInstrumentId()] = u.GetSequence()
	}
}

func (s sink) SendGap(g subscription.Gap) {
	s.received(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Gap{Gap: &tickgatev1.Gap{
		Symbol: g.Symbol.Name(), From: g.From, To: g.To, Missing: g.Missing, Reason: tickgatev1.GapReason(g.Reason),
	}}})
	s.transport.SendGap(g)
}

func (s sink) SendState(symbol *subscription.Symbol, state *subscription.State) {
	m := &tickgatev1.State{State: tickgatev1.MarketState(state.Market), Reason: tickgatev1.StateReason(state.Reason), Since: int64(state.Since)}
	if symbol != nil {
		m.Symbol = symbol.Name()
	}
	s.received(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_State{State: m}})
	s.transport.SendState(symbol, state)
}

func (s sink) Recycle() { s.transport.Recycle() }

func (s sink) Care(now time.Time) { s.transport.Care(now) }
