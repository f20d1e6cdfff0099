package gateway

import (
	"context"
	"time"
)

// httpGrace is how long the web and admin servers have for requests under way.
const httpGrace = time.Second

// shutDown stops the stages in the order in which nobody loses anything: first nobody new is sent here, then clients are asked to leave and values keep
// flowing meanwhile, then the sources go, and at last what they wrote to.
func (g *Gateway) shutDown(abort context.Context, s *stages) error {
	g.log.Info("draining", "at-most", g.config.DrainTimeout)
	g.draining.Store(true)
	g.health.Shutdown() // NOT_SERVING for good: last values that come from now on change nothing
	deadline, cancel := context.WithTimeout(abort, g.config.DrainTimeout)
	defer cancel()

	g.replays.Drain()
	if err := g.service.Drain(deadline); err != nil {
		g.log.Warn("streams are left that did not end by themselves; cutting them off", "streams", g.service.Stats().ActiveStreams)
	}
	if err := g.websockets.Shutdown(deadline); err != nil {
		g.log.Warn("WebSockets are left that did not end by themselves", "error", err)
	}
	g.stopGRPC(deadline)
	s.end("gRPC server")
	s.end("memory")
	s.end("demo feed")
	s.end("feed")
	s.end("subscriptions")
	g.stopHTTP()
	s.end("web server")
	s.end("admin server")
	g.release()
	g.log.Info("stopped")
	return nil
}

// stopGRPC lets connections finish until the deadline. GracefulStop waits for every stream, and a client that does not read never ends its own,
// so Stop must be able to overtake it.
func (g *Gateway) stopGRPC(deadline context.Context) {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		g.grpc.GracefulStop()
	}()
	select {
	case <-stopped:
	case <-deadline.Done():
		g.grpc.Stop()
		<-stopped
	}
}

func (g *Gateway) stopHTTP() {
	ctx, cancel := context.WithTimeout(context.Background(), httpGrace)
	defer cancel()
	for _, server := range []interface {
		Shutdown(context.Context) error
		Close() error
	}{g.web, g.admin} {
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close()
		}
	}
}
