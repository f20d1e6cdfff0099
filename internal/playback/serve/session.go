package serve

import (
	"context"
	"errors"
	"time"

	"tickgate/internal/pace"
	"tickgate/internal/playback"
	"tickgate/internal/stream"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// session is one call. It belongs to the handler.
type session struct {
	server   *Replays
	commands <-chan playback.Command
	sink     *sink
}

// run serves commands until a playback is open, and then plays.
func (x *session) run(ctx context.Context) error {
	player, err := x.awaitOpen(ctx)
	if player == nil || err != nil {
		return err
	}
	err = player.Run(ctx, x.commands, x.sink)
	if errors.Is(err, stream.ErrDraining) {
		_ = x.sink.goingAway(player.ReopenAt(), x.server.streams.GoingAway(stream.AboutToStop)) // an error: the client has gone already
	}
	return err
}

func commandOf(m *tickgatev1.ReplayCommand) playback.Command {
	c := playback.Command{ID: m.GetRequestId()}
	switch command := m.GetCommand().(type) {
	case *tickgatev1.ReplayCommand_Open:
		c.Verb, c.Open = playback.Begin, openOf(command.Open)
	case *tickgatev1.ReplayCommand_Pause:
		c.Verb = playback.Pause
	case *tickgatev1.ReplayCommand_Resume:
		c.Verb = playback.Resume
	case *tickgatev1.ReplayCommand_Seek:
		c.Verb, c.To = playback.Seek, tick.Time(command.Seek.GetTo())
	case *tickgatev1.ReplayCommand_SetSpeed:
		c.Verb, c.At = playback.SetSpeed, pace.Speed(command.SetSpeed.GetSpeed())
	case *tickgatev1.ReplayCommand_Close:
		c.Verb = playback.Close
	}
	return c
}

// awaitOpen answers commands until one of them has opened a playback; nil: the client has left.
func (x *session) awaitOpen(ctx context.Context) (*playback.Player, error) {
	timeout := time.NewTimer(x.server.streams.FirstMessageTimeout())
	defer timeout.Stop()
	for {
		select {
		case c, open := <-x.commands:
			if !open || c.Verb == playback.Close {
				return nil, nil
			}
			player, err := x.open(ctx, c)
			if player != nil || err != nil {
				return player, err
			}
			timeout.Reset(x.server.stall)
		case <-timeout.C:
			return nil, stream.ErrNoFirstMessage
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// open opens a playback, or says why not.
func (x *session) open(ctx context.Context, c playback.Command) (*playback.Player, error) {
	id := c.ID
	if c.Verb != playback.Begin {
		return nil, x.sink.Refuse(id, 0, playback.ErrNotOpen)
	}
	open := *c.Open
	names, rejected := x.server.streams.Distinct(open.Symbols)
	open.Symbols = names
	player, known, unknown, err := x.server.library.Open(ctx, open)
	switch {
	case err != nil && refusalOf(err) != 0:
		return nil, x.sink.Refuse(id, 0, err)
	case err != nil:
		return nil, err
	}
	for _, name := range unknown {
		rejected = append(rejected, &tickgatev1.Rejection{
			Symbol: name, Reason: tickgatev1.RejectReason_REJECT_REASON_NOT_KNOWN, Detail: "the recording does not have this symbol",
		})
	}
	opened := &tickgatev1.ReplayOpened{RequestId: id, Accepted: known, Rejected: rejected, Conflation: grantOf(open.Interval)}
	clock := tick.Time(0)
	if player != nil {
		state := player.State()
		opened.State, clock = stateMessage(0, state), state.Clock
	}
	return player, x.sink.send(&tickgatev1.ReplayEvent{Clock: int64(clock), Event: &tickgatev1.ReplayEvent_Opened{Opened: opened}})
}

func openOf(m *tickgatev1.ReplayOpen) *playback.Open {
	o := &playback.Open{Symbols: m.GetSymbols(), From: tick.Time(m.GetFrom()), To: tick.Time(m.GetTo()), Live: m.GetLive(), Speed: 1, Kinds: kindsOf(m.GetKinds())}
	if m.Speed != nil {
		o.Speed = pace.Speed(m.GetSpeed())
	}
	if c := m.GetConflation(); c.GetPolicy() == tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL {
		const most = int64(24 * time.Hour / time.Millisecond) // more than is granted
		o.Interval = time.Duration(min(max(c.GetIntervalMs(), -1), most)) * time.Millisecond
	}
	return o
}

func grantOf(interval time.Duration) *tickgatev1.Conflation {
	if interval == 0 {
		return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE}
	}
	return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL, IntervalMs: interval.Milliseconds()}
}

func kindsOf(kinds []tickgatev1.Kind) playback.Kinds {
	var asked []tick.Kind
	for _, kind := range kinds {
		switch kind {
		case tickgatev1.Kind_KIND_QUOTE:
			asked = append(asked, tick.KindQuote)
		case tickgatev1.Kind_KIND_TRADE:
			asked = append(asked, tick.KindTrade)
		case tickgatev1.Kind_KIND_STATUS:
			asked = append(asked, tick.KindStatus)
		}
	}
	if len(asked) == 0 {
		return playback.AllKinds
	}
	return playback.KindsOf(asked...)
}
