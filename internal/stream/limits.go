package stream

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// commandLimiter bounds the commands of one stream.
type commandLimiter struct{ *rate.Limiter }

func newCommandLimiter(c Config) *commandLimiter {
	return &commandLimiter{rate.NewLimiter(rate.Limit(c.CommandRate), c.CommandBurst)}
}

// admit delays the command until the limits allow it. Not receiving meanwhile pushes back on the client. A stream that is delayed without a
// break for Config.CommandAbuse is ended.
func (x *session) admit(ctx context.Context, kind commandKind) error {
	now := x.server.now()
	delay := delayOf(x.limiter.Limiter, now)
	if kind.countsForProcess() {
		delay = max(delay, delayOf(x.server.process, now))
	}
	if delay == 0 {
		x.delayedSince = time.Time{}
		return nil
	}
	x.server.stats.delayed.Add(1)
	if x.delayedSince.IsZero() {
		x.delayedSince = now
		x.subscriptions.Post(func() {
			x.notify(tickgatev1.NoticeKind_NOTICE_KIND_COMMANDS_DELAYED, 0, "commands come faster than the limit and are delayed")
		})
	}
	if now.Sub(x.delayedSince)+delay > x.server.config.CommandAbuse {
		return ErrCommandRate
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func delayOf(limiter *rate.Limiter, now time.Time) time.Duration {
	return limiter.ReserveN(now, 1).DelayFrom(now)
}
