package history_test

import (
	"errors"
	"time"

	"tickgate/internal/history"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// picker returns a number from 0 to n-1; it makes every choice of a simulation.
type picker func(n int) int

// sim is an honest gateway in memory, with its publisher and one client: whatever it is made to do, what it logs is legal.
type sim struct {
	pick picker
	now  int64 // UTC nanoseconds; all clocks agree

	markets []*market
	session *session // nil: no stream
	silent  bool     // the feed, since the last of history.silences
	held    map[string]*tickgatev1.Resume

	requestID uint64
	history   *recorded
}

// recorded is a history that can still be changed.
type recorded struct {
	published *history.PublisherLog
	events    []publishedEvent
	entries   []history.Entry
	options   history.Options
}

type publishedEvent struct {
	symbol string
	event  tick.Event
}

func (r *recorded) check() []history.Violation {
	client := history.NewClientLog()
	for _, e := range r.entries {
		switch e.Kind {
		case history.EntryStreamStarted:
			client.StreamStarted()
		case history.EntrySent:
			client.Sent(e.Sent)
		case history.EntryReceived:
			client.Received(e.Received, e.At)
		case history.EntryStreamEnded:
			client.StreamEnded(e.Err, e.At)
		}
	}
	return history.Check(r.published, client, r.options)
}

// unknownSymbols are no symbols of the simulator; two of them are none at all.
var unknownSymbols = []string{"", "NO\r\nSUCH", "NOSUCH"}

func simulate(pick picker, steps int) *recorded {
	s := &sim{
		pick: pick, now: time.Date(2026, 1, 2, 9, 30, 0, 0, time.UTC).UnixNano(),
		held: make(map[string]*tickgatev1.Resume),
		history: &recorded{
			published: history.NewPublisherLog(), options: history.Options{End: history.EndSettled},
		},
	}
	for i, name := range []string{"BRK.B", "BTC/USD", "EUR USD"} {
		s.markets = append(s.markets, &market{
			name: name, id: uint32(i + 1), epoch: 100, cents: 1000, scales: tick.Scales{Price: 2}, state: pending,
		})
	}
	for range steps {
		s.now += int64(time.Millisecond) * int64(1+pick(30))
		s.step()
	}
	s.settle()
	return s.history
}

func (s *sim) step() {
	switch choice := s.pick(100); {
	case choice < 45:
		s.publish(s.anyMarket())
	case choice < 48:
		s.omit(s.anyMarket())
	case choice < 49:
		s.anyMarket().restart()
	case choice < 51:
		if m := s.anyMarket(); m.scales.Price < 5 {
			m.growScale()
		}
	case choice < 52:
		s.fallSilent()
	case choice < 54:
		s.reconnect()
	case s.session == nil:
		s.reconnect()
	case choice < 66:
		s.command()
	case choice < 78:
		s.process()
	case choice < 95:
		s.flush(s.session.subscriptions)
	default:
		if n := len(s.session.subscriptions); n > 0 {
			i := s.pick(n)
			s.flush(s.session.subscriptions[i : i+1])
		}
	}
}

// settle gives everything its time to arrive, and ends the stream.
func (s *sim) settle() {
	if s.session == nil {
		s.reconnect()
	}
	for _, m := range s.markets {
		s.publish(m)
	}
	for len(s.session.inbox) > 0 {
		s.process()
	}
	s.now += int64(2 * time.Minute)
	s.flush(s.session.subscriptions)
	s.end(errors.New("rpc error: code = Canceled"))
}

func (s *sim) market(name string) *market {
	for _, m := range s.markets {
		if m.name == name {
			return m
		}
	}
	return nil
}

func (s *sim) anyMarket() *market { return s.markets[s.pick(len(s.markets))] }

func (s *sim) publish(m *market) {
	s.endSilence()
	e := m.nextEvent(s.pick, s.now)
	s.history.published.Published(m.name, e)
	s.history.events = append(s.history.events, publishedEvent{m.name, e})
	m.take(e, s.now)
	if m.state == pending {
		m.state = live // told by the instrument that comes with the first update
	}
}

// omit skips numbers; the last one before a silence or a restart is never noticed by the gateway, which is the feed's fault.
func (s *sim) omit(m *market) {
	s.history.published.Omitted(m.name, m.nextEvent(s.pick, s.now))
	s.publish(m)
}

// fallSilent lets the feed be silent, and the gateway tell so in time. It lasts until the next event.
func (s *sim) fallSilent() {
	if s.silent {
		return
	}
	s.silent = true
	s.history.options.Silences = append(s.history.options.Silences, history.Silence{From: time.Unix(0, s.now)})
	s.now += int64(1500 * time.Millisecond)
	for _, m := range s.markets {
		if m.state == live {
			s.enter(m, stale)
		}
	}
	s.now += int64(700 * time.Millisecond)
}

func (s *sim) endSilence() {
	if !s.silent {
		return
	}
	s.silent = false
	s.history.options.Silences[len(s.history.options.Silences)-1].To = time.Unix(0, s.now)
	for _, m := range s.markets {
		if m.state == stale {
			s.enter(m, live)
		}
	}
}

// reconnect ends the stream, if there is one, and begins another that resumes some of what is held.
func (s *sim) reconnect() {
	if s.session != nil {
		s.end(errors.New("rpc error: code = Unavailable"))
	}
	s.session = &session{}
	s.history.entries = append(s.history.entries, history.Entry{Kind: history.EntryStreamStarted})
	wish := &tickgatev1.Subscribe{Conflation: s.anyConflation()}
	for _, m := range s.markets {
		resume := s.held[m.name]
		if s.pick(3) == 0 || resume == nil {
			continue
		}
		wish.Symbols = append(wish.Symbols, m.name)
		wish.Resume = append(wish.Resume, resume)
	}
	s.issue(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{Subscribe: wish}})
}

func (s *sim) end(err error) {
	s.session = nil
	s.history.entries = append(s.history.entries, history.Entry{Kind: history.EntryStreamEnded, Err: err, At: time.Unix(0, s.now)})
}

func (s *sim) receive(m *tickgatev1.ServerMessage) {
	s.history.entries = append(s.history.entries, history.Entry{Kind: history.EntryReceived, Received: m, At: time.Unix(0, s.now)})
}

// issue gives a command its id and hands it to the gateway.
func (s *sim) issue(m *tickgatev1.ClientMessage) {
	s.requestID++
	m.RequestId = s.requestID
	s.history.entries = append(s.history.entries, history.Entry{Kind: history.EntrySent, Sent: m})
	s.session.inbox = append(s.session.inbox, m)
}

func (s *sim) command() {
	m := &tickgatev1.ClientMessage{}
	switch choice := s.pick(12); {
	case choice < 5:
		wish := &tickgatev1.Subscribe{Symbols: s.anySymbols(), Conflation: s.anyConflation()}
		if s.pick(3) == 0 {
			wish.Kinds = []tickgatev1.Kind{tickgatev1.Kind(1 + s.pick(3))}
		}
		m.Command = &tickgatev1.ClientMessage_Subscribe{Subscribe: wish}
	case choice < 6:
		m.Command = &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{Symbols: s.anySymbols()}}
	case choice < 7:
		m.Command = &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{All: true}}
	case choice < 8:
		m.Command = &tickgatev1.ClientMessage_SetConflation{SetConflation: &tickgatev1.SetConflation{Symbols: s.anySymbols(), Conflation: s.anyConflation()}}
	case choice < 9:
		m.Command = &tickgatev1.ClientMessage_ListSubscriptions{ListSubscriptions: &tickgatev1.ListSubscriptions{}}
	case choice < 10:
		m.Command = &tickgatev1.ClientMessage_Heartbeat{Heartbeat: &tickgatev1.ClientHeartbeat{ClientTime: s.now}}
	case choice < 11:
		m.Command = &tickgatev1.ClientMessage_LatencyRequest{LatencyRequest: &tickgatev1.LatencyRequest{}}
	default:
		m.Command = &tickgatev1.ClientMessage_SetFreshness{SetFreshness: &tickgatev1.SetFreshness{MaxUnackedMs: 1000}}
	}
	s.issue(m)
}

// anySymbols returns one to five symbols, with repeats and unknown ones.
func (s *sim) anySymbols() []string {
	var symbols []string
	for range 1 + s.pick(5) {
		if i := s.pick(len(s.markets) + 2); i < len(s.markets) {
			symbols = append(symbols, s.markets[i].name)
			continue
		}
		symbols = append(symbols, unknownSymbols[s.pick(len(unknownSymbols))])
	}
	return symbols
}

func (s *sim) anyConflation() *tickgatev1.Conflation {
	switch s.pick(5) {
	case 0:
		return nil
	case 1:
		return &tickgatev1.Conflation{Policy: latest}
	case 2:
		return &tickgatev1.Conflation{Policy: interval, IntervalMs: int64(s.pick(3)) * 50}
	default:
		return &tickgatev1.Conflation{Policy: none}
	}
}
