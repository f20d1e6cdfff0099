package stream

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// commandBreak is how long no command must have been delayed for the next delay to count as the first one.
const commandBreak = time.Second

// admit delays the command until the limits allow it. Not receiving meanwhile pushes back on the client. A stream that is delayed without a
// break for Config.CommandAbuse is ended.
func (x *session) admit(ctx context.Context, kind commandKind) error {
	now := x.server.now()
	own := reserve(now, x.limiter)
	shared := place{}
	if kind.countsForProcess() {
		shared = reserve(now, x.server.process)
	}
	if own.delay == 0 && shared.delay == 0 {
		x.delayedSince = time.Time{}
		return nil
	}
	x.noteDelay(now)
	if err := x.abused(now, own, shared); err != nil {
		own.giveBack() // else those who come back would find a queue of commands that nobody waits for
		shared.giveBack()
		return err
	}
	defer func() { x.delayedUntil = x.server.now() }()
	if err := own.wait(ctx); err != nil {
		shared.giveBack()
		return err
	}
	shared.delay -= x.server.now().Sub(now)
	return shared.wait(ctx)
}

// noteDelay tells the client when its commands begin to be delayed.
func (x *session) noteDelay(now time.Time) {
	x.server.stats.delayed.Add(1)
	first := now.Sub(x.delayedUntil) > commandBreak
	if first || x.delayedSince.IsZero() {
		x.delayedSince = now
	}
	if first {
		x.subscriptions.Post(func() {
			x.notify(tickgatev1.NoticeKind_NOTICE_KIND_COMMANDS_DELAYED, 0, "commands come faster than the limit and are delayed")
		})
	}
}

// abused says why the command is refused rather than delayed, or nil.
func (x *session) abused(now time.Time, own, shared place) error {
	most := x.server.config.CommandAbuse - now.Sub(x.delayedSince)
	switch {
	case own.delay > most:
		return ErrCommandRate
	case shared.delay > most:
		return ErrOverload
	}
	return nil
}

// place is a command's place in the queue of a limiter. The zero value is one without delay.
type place struct {
	reservation *rate.Reservation
	delay       time.Duration
}

func reserve(now time.Time, limiter *rate.Limiter) place {
	r := limiter.ReserveN(now, 1)
	return place{reservation: r, delay: r.DelayFrom(now)}
}

// giveBack leaves the queue.
func (p place) giveBack() {
	if p.reservation != nil {
		p.reservation.Cancel()
	}
}

// wait waits for the place's turn, and gives it back if ctx ends first.
func (p place) wait(ctx context.Context) error {
	if p.delay <= 0 {
		return nil
	}
	timer := time.NewTimer(p.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		p.giveBack()
		return context.Cause(ctx)
	}
}
