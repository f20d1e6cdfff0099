package main

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"tickgate/pkg/client"
)

// replayed is the source that is a playback: what its events have left.
type replayed struct {
	// mu guards the fields below.
	mu      sync.Mutex
	tickers map[string]client.Ticker
	state   client.StateChange
	status  client.ReplayEvent // the newest that says where the playback stands
	refused string             // why a command was not taken, or what else a person should know; empty: nothing
}

func newReplayed(address string, o client.ReplayOptions) *replayed {
	return &replayed{
		tickers: make(map[string]client.Ticker), state: client.StateChange{State: client.Connected, Address: address},
		status: client.ReplayEvent{Phase: client.ReplayPlaying, Speed: o.Speed, Clock: o.From},
	}
}

// take takes an event.
func (r *replayed) take(e client.ReplayEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Clock = e.Clock
	switch e.Kind {
	case client.ReplayUpdate:
		r.tickers[e.Update.Symbol] = e.Update.Ticker
	case client.ReplayRefused:
		r.refused = e.Err.Error()
	case client.ReplayMoved:
		r.refused = "the playback goes on at another gateway: " + e.Err.Error()
	case client.ReplayStatus, client.ReplayEnd, client.ReplayLive:
		r.status = e
	}
}

// end says that no event follows.
func (r *replayed) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = client.StateChange{State: client.Ended, Address: r.state.Address}
	if err != nil {
		r.state.Why = err.Error()
	}
}

// now returns where the playback stands, and once why a command was refused.
func (r *replayed) now() (status client.ReplayEvent, refused string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	refused, r.refused = r.refused, ""
	return r.status, refused
}

// Tickers implements source.
func (r *replayed) Tickers() []client.Ticker {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.tickers))
}

// State implements source.
func (r *replayed) State() client.StateChange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Latency and Buckets implement source: a playback has no latency.
func (r *replayed) Latency() []client.Distribution       { return nil }
func (r *replayed) Buckets(client.Stage) []client.Bucket { return nil }

var errReplayFixed = errors.New("a playback has the symbols that it was opened with")

// Subscribe and Unsubscribe implement source.
func (r *replayed) Subscribe(string) error { return errReplayFixed }
func (r *replayed) Unsubscribe(string)     {}
