package playback

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/time/rate"

	"tickgate/internal/kept"
	"tickgate/pkg/tick"
)

// governor keeps all playbacks of the process together to so many messages in a second, to fewer of them while there are live clients, and to half of the processors.
type governor struct {
	// Immutable.
	config Config

	messages *rate.Limiter // its rate is set, and it is waited for, by who holds next
	next     chan struct{} // holds one for the playback whose messages are admitted next; the others wait behind it in the order in which they came
	turns    chan struct{} // holds one for each playback that puts events in order at this moment
}

func newGovernor(c Config) *governor {
	return &governor{
		config:   c,
		messages: rate.NewLimiter(rate.Limit(c.Rate), kept.PortionMessages), // a portion is admitted at once
		next:     make(chan struct{}, 1),
		turns:    make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}
}

// rate returns how many messages all playbacks together may read in a second at this moment.
func (g *governor) rate() float64 {
	if g.config.Live() {
		return g.config.RateBesideLive
	}
	return g.config.Rate
}

// admit waits until so many more messages, a portion at most, may be taken. Only the first of those that wait has a reservation: when live clients come or leave, none of the others waits by the
// old rate.
func (g *governor) admit(ctx context.Context, messages int) error {
	select {
	case g.next <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.next }()
	g.messages.SetLimit(rate.Limit(g.rate()))
	return g.messages.WaitN(ctx, messages)
}

// ownPace is how far a playback that goes over to the live market has read. It may read at twice the market's pace, however little all playbacks together may: as a live client it takes
// as much, and else it would not get there, or not stay.
type ownPace struct {
	read tick.Time // when the last message was recorded; 0: nothing was read yet
	at   time.Time // when it was admitted
}

// admitOwn waits until all playbacks together may take so many more messages, but not longer than the playback has to at its own pace.
func (g *governor) admitOwn(ctx context.Context, pace *ownPace, messages []kept.Message) error {
	until := messages[len(messages)-1].Stored
	if pace.read == 0 {
		pace.read, pace.at = messages[0].Stored, time.Now()
	}
	within, cancel := context.WithDeadline(ctx, pace.at.Add(time.Duration(until-pace.read)/2))
	defer cancel()
	if g.admit(within, len(messages)) != nil { // at once, if it takes longer than that
		<-within.Done()
	}
	pace.read, pace.at = max(pace.read, until), time.Now()
	return ctx.Err()
}

// lookUpMessages is how many messages looking a symbol up counts for: it is a request of its own.
const lookUpMessages = 16

// lookUps returns what waits before each of so many symbols is looked up. Some are admitted at once, as a portion is: each wait is behind a portion of every other playback.
func (g *governor) lookUps(ctx context.Context, symbols int) func() error {
	admitted := 0
	return func() error {
		if admitted == 0 {
			admitted = min(symbols, kept.PortionMessages/lookUpMessages)
			symbols -= admitted
			if err := g.admit(ctx, admitted*lookUpMessages); err != nil {
				return err
			}
		}
		admitted--
		return nil
	}
}

// inTurn runs f, which does not wait for anybody, when it is this playback's turn.
func (g *governor) inTurn(f func()) {
	g.turns <- struct{}{}
	f()
	<-g.turns
}
