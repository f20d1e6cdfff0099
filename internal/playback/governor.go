package playback

import (
	"context"
	"runtime"

	"golang.org/x/time/rate"

	"tickgate/internal/kept"
)

// governor keeps all playbacks of the process together to so many messages in a second, and to half of the processors, so that live clients do not feel them.
type governor struct {
	messages *rate.Limiter
	turns    chan struct{} // holds one for each playback that puts events in order at this moment
}

func newGovernor(messagesPerSecond float64) *governor {
	return &governor{
		messages: rate.NewLimiter(rate.Limit(messagesPerSecond), kept.PortionMessages), // a portion is admitted at once
		turns:    make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}
}

// admit waits until so many more messages may be taken.
func (g *governor) admit(ctx context.Context, messages int) error {
	return g.messages.WaitN(ctx, messages)
}

// inTurn runs f, which does not wait for anybody, when it is this playback's turn.
func (g *governor) inTurn(f func()) {
	g.turns <- struct{}{}
	f()
	<-g.turns
}
