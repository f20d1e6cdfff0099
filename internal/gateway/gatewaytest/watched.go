package gatewaytest

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"tickgate/internal/history"
	"tickgate/pkg/client"
)

// Watched is a client of the SDK whose streams and states are written down.
type Watched struct {
	*client.Client
	Policy client.Conflation

	journal journal

	// mu guards the field below.
	mu     sync.Mutex
	states []client.StateChange
}

// Watch connects a client that reconnects at once to one of addresses, separated by commas, and subscribes. It is closed when the test ends, if not before.
func Watch(t testing.TB, addresses string, policy client.Conflation, symbols []string, opts ...client.Option) *Watched {
	t.Helper()
	w := &Watched{Policy: policy}
	note := func(s client.StateChange) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.states = append(w.states, s)
	}
	opts = append(opts, client.WithLogger(slog.New(slog.DiscardHandler)), client.WithBackoff(5*time.Millisecond, 50*time.Millisecond), w.journal.option(), client.WithStates(note))
	var err error
	if w.Client, err = client.Dial(t.Context(), addresses, opts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if _, err := w.Subscribe(t.Context(), policy, symbols...); err != nil {
		t.Fatal(err)
	}
	return w
}

// Lost returns the states without a connection that the client has been in since it came up, until it was closed.
func (w *Watched) Lost() (all []client.StateChange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		if s.State == client.Reconnecting {
			all = append(all, s)
		}
	}
	return all
}

// Streams returns how many there were.
func (w *Watched) Streams() int {
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	return w.journal.streams
}

// HoldsLast reports whether the client holds the last event of each symbol, live.
func (w *Watched) HoldsLast(market *Publisher, symbols []string) bool {
	for _, symbol := range symbols {
		ticker, ok := w.Book().Quote(symbol)
		if !ok || ticker.State != client.Live || ticker.Sequence != market.Last(symbol) {
			return false
		}
	}
	return true
}

// Judge has the checker look at every log of a client that was closed when it held the last values. Silences are those of the bus, for all gateways.
func (w *Watched) Judge(t testing.TB, market *Publisher, silences ...history.Silence) {
	t.Helper()
	for i, log := range w.journal.logs {
		options := history.Options{End: history.EndCut, StaleBound: 5 * time.Second, IntervalTolerance: 26 * time.Millisecond, Silences: silences}
		if i == len(w.journal.logs)-1 {
			options.End = history.EndSettled
		}
		for _, v := range history.Check(market.Log(), log, options) {
			t.Errorf("%v: %v", w.Policy, v)
		}
	}
}
