package playback

import (
	"context"
	"errors"
	"sync/atomic"

	"tickgate/internal/bus"
)

// ErrQuota says that there are Config.MaxPlaybacks playbacks.
var ErrQuota = errors.New("this gateway plays as many playbacks as it may; try another one, or later")

// Library plays a recording, as often at the same time as it may.
type Library struct {
	// Immutable.
	config    Config
	subjects  bus.Subjects
	recording Recording
	governor  *governor

	active atomic.Int64
	opened atomic.Uint64
}

// NewLibrary returns a library of one recording.
func NewLibrary(c Config, subjects bus.Subjects, r Recording) (*Library, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	return &Library{config: c, subjects: subjects, recording: r, governor: newGovernor(c)}, nil
}

// Admit counts a playback, until release is called, or returns ErrQuota.
func (l *Library) Admit() (release func(), err error) {
	if l.active.Add(1) > int64(l.config.MaxPlaybacks) {
		l.active.Add(-1)
		return nil, ErrQuota
	}
	return func() { l.active.Add(-1) }, nil
}

// Open returns a player, and which symbols the recording has; nil if it has none of them. An error that is one of those of commands says why the playback is refused.
func (l *Library) Open(ctx context.Context, o Open) (p *Player, known, unknown []string, err error) {
	if err := o.validate(&l.config); err != nil {
		return nil, nil, nil, err
	}
	newest, err := l.recording.Newest(ctx, o.Symbols, l.governor.lookUps(ctx, len(o.Symbols)))
	if err != nil {
		return nil, nil, nil, err
	}
	var end uint64
	for i, symbol := range o.Symbols {
		if newest[i] == 0 {
			unknown = append(unknown, symbol)
			continue
		}
		known = append(known, symbol)
		end = max(end, newest[i])
	}
	if len(known) == 0 {
		return nil, nil, unknown, nil
	}
	l.opened.Add(1)
	o.Symbols = known
	return newPlayer(l.config, l.governor, l.recording, l.subjects, o, end), known, unknown, nil
}

// Stats are counters since the start.
type Stats struct {
	Active int64 // playbacks at this moment
	Opened uint64
	Rate   float64 // messages per second that all playbacks together may read at this moment
}

// Stats returns the counters.
func (l *Library) Stats() Stats {
	return Stats{Active: l.active.Load(), Opened: l.opened.Load(), Rate: l.governor.rate()}
}
