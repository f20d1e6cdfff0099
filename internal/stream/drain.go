package stream

import (
	"context"
	"time"

	"tickgate/pkg/subscription"
)

// Drain ends all streams politely: it refuses new ones, says GoingAway, gives clients Config.DrainGrace to leave by themselves, and then ends what is
// left. It returns when no stream is left, or with ctx's error: clients that do not read keep their streams until the gRPC server is stopped.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	if err := s.hub.Broadcast(ctx, func(x *subscription.Session) { x.Sink().(*session).sayGoingAway(AboutToStop) }); err != nil {
		return err
	}
	grace := time.NewTimer(s.config.DrainGrace)
	defer grace.Stop()
	look := time.NewTicker(drainLook)
	defer look.Stop()
	for s.stats.active.Load() > 0 {
		select {
		case <-look.C:
		case <-grace.C:
			s.endAll(ErrDraining)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// AboutToStop is why a gateway that drains goes away.
const AboutToStop = "the gateway is about to stop"

// drainLook is how often Drain looks whether all streams have ended.
const drainLook = 20 * time.Millisecond

// endAll ends every stream, whether or not it can send.
func (s *Server) endAll(err error) {
	s.hub.Each(func(x *subscription.Session) { x.Sink().(*session).end(err) })
}
