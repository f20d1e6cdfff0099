package playback

import (
	"context"
	"errors"
	"time"

	"tickgate/internal/bus"
	"tickgate/internal/kept"
	"tickgate/internal/pace"
	"tickgate/pkg/tick"
)

// Why a playback ends by itself.
var (
	// ErrIdle says that it stood for Config.IdleTimeout.
	ErrIdle = errors.New("the playback has stood still for too long; open it again where it was")
	// ErrUnreadable says that the recording cannot be read any more.
	ErrUnreadable = errors.New("the recording cannot be read; open the playback again where it was")
)

// Player is one playback. All of it belongs to the goroutine that calls Run.
type Player struct {
	// Immutable.
	config    Config
	governor  *governor
	recording Recording
	open      Open
	names     []string // of symbols
	symbols   []*Symbol
	routes    map[string]route // by subject
	end       uint64           // position of the last message that is played, unless it goes over to live

	sink     Sink
	commands <-chan Command // nil: nobody steers any more

	clock clock
	speed pace.Speed // the clock's, but while it is live
	phase Phase

	reading *kept.Reading
	reached reached
	arrivals
	window *window
	group  group

	started   bool      // the clock runs since the first output was ready
	joining   bool      // the window was emptied to join the live market, and that was not said yet
	told      bool      // the end was
	shown     tick.Time // clock of the last output
	played    uint64
	idleSince time.Time // zero: it is not
	spoke     time.Time // when something was sent last
}

// route is what a subject stands for.
type route struct {
	symbol  *Symbol
	kind    tick.Kind
	subject uint32 // rank
}

// reached says how far the recording was read.
type reached uint8

const (
	somewhere reached = iota
	theEdge           // all that was recorded so far
	theEnd            // all that is to be played
)

func newPlayer(c Config, g *governor, r Recording, subjects bus.Subjects, o Open, end uint64) *Player {
	p := &Player{config: c, governor: g, recording: r, open: o, end: end, speed: o.Speed, phase: Playing, routes: make(map[string]route)}
	var byName map[string]*Symbol
	p.symbols, byName = symbols(o.Symbols)
	p.names = o.Symbols
	for name, s := range byName {
		for _, kind := range []tick.Kind{tick.KindQuote, tick.KindTrade, tick.KindStatus} {
			p.routes[subjects.Event(kind, name)] = route{s, kind, subjectRank(kind, s, len(p.symbols))}
		}
	}
	p.clock.speed = o.Speed
	p.window = newWindow(c.Reorder, c.ReorderEvents)
	p.group = newGroup(o.Interval)
	return p
}

// State says where the playback stands.
func (p *Player) State() State {
	return State{Clock: p.showClock(p.config.Now()), Phase: p.phase, Speed: p.speed, Played: p.played, Late: p.window.late}
}

// ReopenAt returns from which time on another playback goes on where this one has stopped: everything before has been sent. Run has returned.
func (p *Player) ReopenAt() tick.Time {
	if p.phase == Live { // what came was not put in order
		return max(p.open.From, p.shown-tick.Time(p.window.span))
	}
	span := p.group.span()
	return max(p.shown, (p.showClock(p.config.Now())-1)/span*span)
}

// Run plays until a Close, which is no error, or until ctx is done. If commands is closed, the playback ends when all is played. Run is called once.
func (p *Player) Run(ctx context.Context, commands <-chan Command, sink Sink) error {
	p.sink, p.commands = sink, commands
	p.seek(ctx, p.open.From)
	defer func() { p.reading.Stop() }()
	for {
		var ready bool
		p.governor.inTurn(func() { ready = p.assemble() })
		if err := p.proceed(ctx, ready); err != nil {
			if errors.Is(err, errClosed) {
				return nil
			}
			return err
		}
	}
}

var errClosed = errors.New("playback: closed")

// stateEvery is how often the clock is shown when nothing else is sent.
const stateEvery = time.Second

// proceed does what is to be done next: send what is ready and due, or wait for that, for commands or for more of the recording.
func (p *Player) proceed(ctx context.Context, ready bool) error {
	now := p.config.Now()
	select {
	case c, open := <-p.commands:
		return p.steered(ctx, c, open, now)
	default:
	}
	if ready && p.phase != Paused {
		p.start(now)
		wait := p.clock.wait(p.group.clock(), now)
		if wait > 0 && p.phase != Live {
			return p.await(ctx, nil, wait)
		}
		return p.send(now, wait)
	}
	if !ready && p.reached == theEnd {
		return p.finish(ctx, now)
	}
	if !ready && p.reached == theEdge && p.open.Live && p.phase != Paused {
		return p.live(ctx, now)
	}
	if ready {
		return p.await(ctx, nil, stateEvery)
	}
	return p.await(ctx, p.reading.Portions, stateEvery)
}

// start lets the clock go when the first output is ready: not before, since finding it takes a while.
func (p *Player) start(now time.Time) {
	if p.started {
		return
	}
	p.started = true
	from := p.shown
	if from == 0 {
		from = p.group.clock()
	}
	p.clock.set(from, now)
}

// mostBehind is how late an output may be before the clock is put back: a client that did not read is not sent all that it has missed at once.
const mostBehind = time.Second

func (p *Player) send(now time.Time, wait time.Duration) error {
	if clock := p.group.clock(); wait < -mostBehind || p.phase == Live || p.clock.speed.IsUnpaced() {
		p.clock.set(clock, now)
	}
	p.shown, p.spoke = p.group.clock(), now
	p.played += p.group.events
	return p.group.flush(p.sink)
}

// finish says that all is played, once, and waits for commands.
func (p *Player) finish(ctx context.Context, now time.Time) error {
	switch {
	case p.told && p.commands == nil:
		return errClosed
	case p.told:
		return p.await(ctx, nil, stateEvery)
	}
	if p.phase != Paused {
		p.phase = Ended
	}
	p.told, p.idleSince, p.spoke = true, now, now
	return p.sink.EndOfData(p.State())
}

// live joins the live market when the clock has come to where the recording ends, but for what the window holds back, and waits for more.
func (p *Player) live(ctx context.Context, now time.Time) error {
	if p.phase == Live {
		if p.joining {
			p.joining, p.spoke = false, now
			return p.sink.JoinedLive(p.State())
		}
		return p.await(ctx, p.reading.Portions, p.group.wait(&p.clock, now))
	}
	p.start(now)
	if wait := p.clock.wait(p.window.latest-tick.Time(p.window.span), now); wait > 0 {
		return p.await(ctx, p.reading.Portions, wait)
	}
	p.phase, p.joining = Live, true
	p.clock.speed = 1
	p.letAllGo()
	p.clock.set(max(p.window.latest, p.shown), now)
	return nil
}

// await waits for a command, for more of the recording if portions is not nil, or for so long.
func (p *Player) await(ctx context.Context, portions <-chan kept.Portion, most time.Duration) error {
	timer := time.NewTimer(min(most, stateEvery))
	defer timer.Stop()
	select {
	case c, open := <-p.commands:
		return p.steered(ctx, c, open, p.config.Now())
	case portion, open := <-portions:
		if !open {
			return p.readingEnded(ctx)
		}
		p.take(portion)
		return nil
	case <-timer.C:
		return p.tick(p.config.Now())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *Player) readingEnded(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case p.reading.Err() == nil:
		return ErrUnreadable
	}
	return p.reading.Err()
}

// tick shows the clock when nothing was sent for a while, and ends a playback that has been forgotten.
func (p *Player) tick(now time.Time) error {
	if !p.idleSince.IsZero() && now.Sub(p.idleSince) > p.config.IdleTimeout {
		return ErrIdle
	}
	if now.Sub(p.spoke) < stateEvery {
		return nil
	}
	p.spoke = now
	return p.sink.State(0, p.State())
}

// showClock returns what the clock shows a client: not more than what is sent next, and not what was not read yet.
func (p *Player) showClock(now time.Time) tick.Time {
	read := p.clock.read(now)
	switch {
	case !p.started || p.reached == somewhere && !p.group.complete:
		return p.shown
	case p.group.complete:
		read = min(read, p.group.clock())
	case p.reached == theEnd:
		return p.shown
	}
	return max(read, p.shown)
}
