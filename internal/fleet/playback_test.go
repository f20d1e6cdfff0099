package fleet_test

import (
	"fmt"
	"sync"
	"testing"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
)

// follower is a playback that goes over to the live market and follows it, whatever happens. It must show every event once, in the order of each symbol's sequence, or say that some are missing.
type follower struct {
	t       *testing.T
	replay  *client.Replay
	running sync.WaitGroup
	moved   int // read after end

	// mu guards the fields below.
	mu    sync.Mutex
	last  map[string]uint64
	wrong []string
}

func follow(t *testing.T, c *client.Client, symbols []string) *follower {
	t.Helper()
	f := &follower{t: t, last: make(map[string]uint64)}
	var err error
	if f.replay, err = c.Replay(t.Context(), client.ReplayOptions{Symbols: symbols, Live: true, Speed: client.Unpaced()}); err != nil {
		t.Fatal(err)
	}
	f.running.Go(f.run)
	t.Cleanup(f.end)
	return f
}

func (f *follower) run() {
	for e := range f.replay.Events() {
		switch e.Kind {
		case client.ReplayUpdate:
			f.take(&e.Update)
		case client.ReplayMoved:
			f.t.Logf("the playback moves: %v", e.Err)
			f.moved++
		}
	}
	if err := f.replay.Err(); err != nil {
		f.note("the playback ended: %v", err)
	}
}

func (f *follower) take(u *client.Update) {
	f.mu.Lock()
	before := f.last[u.Symbol]
	f.last[u.Symbol] = u.Sequence
	f.mu.Unlock()
	switch {
	case before == 0:
	case u.Sequence <= before:
		f.note("%s: %d after %d", u.Symbol, u.Sequence, before)
	case u.Sequence != before+1+u.MissingNow:
		f.note("%s: %d after %d, of which %d are said to be missing", u.Symbol, u.Sequence, before, u.MissingNow)
	}
}

func (f *follower) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// awaitLast waits until the last event of every symbol was shown.
func (f *follower) awaitLast(market *gatewaytest.Publisher, symbols []string) {
	f.t.Helper()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, symbol := range symbols {
			if f.t.Failed() {
				f.t.Logf("%s: %d was published, %d is shown", symbol, market.Last(symbol), f.last[symbol])
			}
		}
	}()
	gatewaytest.Eventually(f.t, "the playback has the last events", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.wrong) > 0 {
			return true
		}
		for _, symbol := range symbols {
			if f.last[symbol] != market.Last(symbol) {
				return false
			}
		}
		return true
	})
}

// end closes the playback, and tells what was wrong. It may be called again.
func (f *follower) end() {
	f.replay.Close()
	f.running.Wait()
	for _, wrong := range f.wrong {
		f.t.Error(wrong)
	}
	f.wrong = nil
}
