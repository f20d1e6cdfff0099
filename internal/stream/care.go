package stream

import (
	"fmt"
	"math/rand/v2"
	"time"

	"tickgate/pkg/subscription"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Care implements subscription.Sink: what goes by the clock. It runs on the flush worker at every housekeeping.
func (x *session) Care(now time.Time) {
	if err := x.overdue(now); err != nil {
		x.end(err)
		return
	}
	if since := x.oldestInFlight(); !since.IsZero() && now.Sub(since) > x.server.config.SendStall {
		x.end(ErrStalled)
		x.disconnect()
		return
	}
	if !x.subscriptions.CanHand() {
		return
	}
	x.watchSlowness(now)
	x.retire(now)
	x.reportPeriodically(now)
	if now.Sub(x.lastSent) >= x.server.config.HeartbeatInterval {
		x.sendHeartbeat(0, nil)
	}
}

// overdue returns why the client has been silent for too long, or nil.
func (x *session) overdue(now time.Time) error {
	heard := x.lastHeard.Load()
	switch c := &x.server.config; {
	case heard == 0 && now.Sub(x.started) > c.FirstMessageTimeout:
		return fmt.Errorf("%w (%v)", ErrNoFirstMessage, c.FirstMessageTimeout)
	case heard != 0 && now.Sub(time.Unix(0, heard)) > c.IdleTimeout:
		return fmt.Errorf("%w (%v)", ErrIdle, c.IdleTimeout)
	}
	return nil
}

// slowEpisode is a time in which the client's updates are held back again and again. It begins when they have been held back for
// Config.SlowNotice, and ends when that has not happened for episodePause.
type slowEpisode struct {
	noticed bool
	seen    time.Time // last time updates were being held back for that long
}

const episodePause = 10 * time.Second

func (x *session) watchSlowness(now time.Time) {
	cause, since := x.subscriptions.Held()
	if cause == 0 || now.Sub(since) < x.server.config.SlowNotice {
		if x.slow.noticed && now.Sub(x.slow.seen) > episodePause {
			x.slow.noticed = false
		}
		return
	}
	x.slow.seen = now
	if x.slow.noticed {
		return
	}
	x.slow.noticed = true
	x.server.stats.slowConsumers.Add(1)
	detail := "the connection does not take updates as fast as they come; values are conflated"
	if cause == subscription.HeldByAcknowledgement {
		detail = "batches are not acknowledged within max_unacked_ms; values are conflated until they are"
	}
	x.notify(tickgatev1.NoticeKind_NOTICE_KIND_SLOW_CONSUMER, tickgatev1.NoticeCause(cause), detail)
}

// notify sends a notice, if the session can send now; it is not worth waiting for.
func (x *session) notify(kind tickgatev1.NoticeKind, cause tickgatev1.NoticeCause, detail string) {
	if !x.subscriptions.CanHand() {
		return
	}
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Notice{
		Notice: &tickgatev1.Notice{Kind: kind, Cause: cause, Detail: detail},
	}})
}

// retire says GoingAway to a stream that has reached its greatest age, and ends it when the client has had time to leave.
func (x *session) retire(now time.Time) {
	c := &x.server.config
	switch {
	case c.MaxStreamAge == 0:
	case x.agedSince.IsZero() && now.Sub(x.started) > c.MaxStreamAge:
		x.agedSince = now
		x.sayGoingAway(ErrStreamAge.Error())
	case !x.agedSince.IsZero() && now.Sub(x.agedSince) > c.DrainGrace:
		x.end(ErrStreamAge)
	}
}

// sayGoingAway asks the client to leave.
func (x *session) sayGoingAway(reason string) {
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_GoingAway{GoingAway: x.server.GoingAway(reason)}})
}

// GoingAway asks a client to leave and to come back after a while that is spread over all clients, so that they do not come all at once.
func (s *Server) GoingAway(reason string) *tickgatev1.GoingAway {
	atLeast := s.config.RetryAfter
	wait := atLeast + rand.N(2*atLeast)
	return &tickgatev1.GoingAway{Reason: reason, RetryAfterMs: uint32(wait.Milliseconds())}
}
