package playback

import (
	"context"
	"fmt"
	"time"

	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// steered takes what came from commands.
func (p *Player) steered(ctx context.Context, c Command, open bool, now time.Time) error {
	if !open {
		p.commands = nil
		return nil
	}
	return p.obey(ctx, c, now)
}

// obey executes a command and answers it.
func (p *Player) obey(ctx context.Context, c Command, now time.Time) error {
	if p.idleSince.IsZero() || p.phase == Playing || p.phase == Live {
		p.idleSince = time.Time{}
	} else {
		p.idleSince = now // somebody is there
	}
	switch refusal := p.execute(ctx, c, now); {
	case c.Verb == Close:
		return errClosed
	case refusal != nil:
		return p.sink.Refuse(c.ID, p.showClock(now), refusal)
	}
	p.spoke = now
	return p.sink.State(c.ID, p.State())
}

// execute returns why the command is refused, nil if it was executed.
func (p *Player) execute(ctx context.Context, c Command, now time.Time) error {
	switch c.Verb {
	case Begin:
		return ErrAlreadyOpen
	case Pause:
		p.pause(now)
	case Resume:
		p.resume(now)
	case Seek:
		return p.seekWithin(ctx, c.To)
	case SetSpeed:
		return p.setSpeed(c.At, now)
	case Close:
	}
	return nil
}

func (p *Player) pause(now time.Time) {
	if p.phase == Live { // when it goes on it has to catch up again
		p.clock.speed = p.speed
		p.window.setMode(whatIsOld)
		p.joining = false
	}
	if p.phase == Paused {
		return
	}
	p.clock.set(p.showClock(now), now)
	p.clock.setPaused(true, now)
	p.phase, p.idleSince = Paused, now
}

func (p *Player) resume(now time.Time) {
	if p.phase != Paused {
		return
	}
	p.clock.setPaused(false, now)
	p.phase, p.idleSince = Playing, time.Time{}
	if p.told {
		p.phase, p.idleSince = Ended, now
	}
}

func (p *Player) setSpeed(s pace.Speed, now time.Time) error {
	if err := validSpeed(s); err != nil {
		return err
	}
	p.speed = s
	if p.phase != Live {
		p.clock.set(p.showClock(now), now)
		p.clock.setSpeed(s, now)
	}
	return nil
}

func (p *Player) seekWithin(ctx context.Context, to tick.Time) error {
	if to == 0 {
		to = p.open.From
	}
	switch {
	case to < p.open.From || to < 0:
		return fmt.Errorf("%w: %s is before %s", ErrSeekOutside, utc(to), utc(p.open.From))
	case p.open.To != 0 && to >= p.open.To:
		return fmt.Errorf("%w: %s is not before %s", ErrSeekOutside, utc(to), utc(p.open.To))
	case p.open.To == 0 && to > tick.Time(p.config.Now().UnixNano()):
		return fmt.Errorf("%w: %s is yet to come", ErrSeekOutside, utc(to))
	}
	if p.phase != Paused {
		p.phase, p.idleSince = Playing, time.Time{}
	}
	p.seek(ctx, to)
	return nil
}

// seek begins anew at a time.
func (p *Player) seek(ctx context.Context, at tick.Time) {
	if p.reading != nil {
		p.reading.Stop()
	}
	for _, s := range p.symbols {
		s.reset()
	}
	p.arrivals = arrivals{from: at}
	p.window = newWindow(p.config.Reorder, p.config.ReorderEvents)
	p.group = newGroup(p.open.Interval)
	p.started, p.joining, p.told, p.reached, p.shown, p.played = false, false, false, somewhere, at, 0
	p.clock.speed = p.speed
	p.clock.set(at, p.config.Now())
	p.reading = p.startReading(ctx, max(0, at-tick.Time(mostAhead)))
}
