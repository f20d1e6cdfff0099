package playback_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

var subjects, _ = bus.NewSubjects(bus.DefaultPrefix)

// market begins at this time.
const opening = tick.Time(1_700_000_000_000_000_000)

// recorded is an event as the tests know it.
type recorded struct {
	symbol string
	tick.Event
}

// tape is a Recording in memory, which hands out portions of odd sizes.
type tape struct {
	portions *rand.Rand

	// mu guards the fields below.
	mu       sync.Mutex
	messages []kept.Message
	symbols  []string      // of messages
	grown    chan struct{} // closed and replaced when a message is added
}

func newTape(seed uint64) *tape {
	return &tape{portions: rand.New(rand.NewPCG(seed, 0)), grown: make(chan struct{})}
}

// record adds a message of events of one symbol and kind.
func (t *tape) record(symbol string, stored tick.Time, events ...tick.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.symbols = append(t.symbols, symbol)
	t.messages = append(t.messages, kept.Message{
		Subject: subjects.Event(events[0].Kind, symbol), Payload: bus.AppendEventBatch(nil, "p", events), Stored: stored, Position: uint64(len(t.messages)) + 1,
	})
	close(t.grown)
	t.grown = make(chan struct{})
}

// Newest implements playback.Recording.
func (t *tape) Newest(_ context.Context, symbols []string, admit func() error) ([]uint64, error) {
	if err := admit(); err != nil { // before mu is held: it may take a while
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	positions := make([]uint64, len(symbols))
	for i, m := range t.messages {
		if of := slices.Index(symbols, t.symbols[i]); of >= 0 {
			positions[of] = m.Position
		}
	}
	return positions, nil
}

// Read implements playback.Recording.
func (t *tape) Read(ctx context.Context, symbols []string, from tick.Time, to chan<- kept.Portion) error {
	for next := 0; ; {
		t.mu.Lock()
		var p kept.Portion
		for most := 1 + t.portions.IntN(20); next < len(t.messages) && len(p.Messages) < most; next++ {
			if m := t.messages[next]; m.Stored >= from && slices.Contains(symbols, t.symbols[next]) {
				p.Messages = append(p.Messages, m)
			}
		}
		p.AtEdge = next == len(t.messages)
		grown := t.grown
		t.mu.Unlock()
		select {
		case to <- p:
		case <-ctx.Done():
			return nil
		}
		if p.AtEdge {
			select {
			case <-grown:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// made is a market on a tape: quotes and trades of some symbols for some seconds, in an order of arrival that differs from that of their times by up to disorder.
func made(seed uint64, disorder time.Duration) (*tape, []recorded) {
	const perSymbol = 400
	random := rand.New(rand.NewPCG(seed, 1))
	type message struct {
		symbol string
		stored tick.Time
		events []tick.Event
	}
	var all []recorded
	var messages []message
	for _, symbol := range []string{"AAA", "A.B", "ZZZ", "M/N"} {
		at, sequence := opening, uint64(0)
		for range perSymbol {
			at += tick.Time(random.Int64N(int64(40 * time.Millisecond)))
			m := message{symbol: symbol, stored: at + tick.Time(random.Int64N(int64(disorder)+1))}
			kind := tick.KindQuote + tick.Kind(random.IntN(2))
			for range 1 + random.IntN(3) {
				sequence++
				e := tick.Event{Kind: kind, Epoch: 1, Sequence: sequence, TsEvent: at, Scales: tick.Scales{Price: 2}}
				if kind == tick.KindQuote {
					e.Quote = tick.Quote{BidPrice: tick.Some(random.Int64N(1000)), AskPrice: tick.Some(random.Int64N(1000))}
				} else {
					e.Trade = tick.Trade{Price: random.Int64N(1000), Size: 1, Stats: tick.Stats{Volume: tick.Some(int64(sequence))}}
				}
				m.events = append(m.events, e)
				all = append(all, recorded{symbol, e})
			}
			if n := len(messages); n > 0 && messages[n-1].symbol == symbol {
				m.stored = max(m.stored, messages[n-1].stored) // of one symbol they arrive in order
			}
			messages = append(messages, m)
		}
	}
	slices.SortStableFunc(messages, func(a, b message) int { return int(a.stored - b.stored) })
	t := newTape(seed)
	for _, m := range messages {
		t.record(m.symbol, m.stored, m.events...)
	}
	return t, all
}

// inOrder sorts as playbacks do.
func inOrder(events []recorded) {
	slices.SortFunc(events, func(a, b recorded) int {
		if a.TsEvent != b.TsEvent {
			return int(a.TsEvent - b.TsEvent)
		}
		if c := strings.Compare(subjects.Event(a.Kind, a.symbol), subjects.Event(b.Kind, b.symbol)); c != 0 {
			return c
		}
		return int(a.Sequence) - int(b.Sequence)
	})
}
