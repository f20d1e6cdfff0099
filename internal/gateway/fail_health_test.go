package gateway_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
)

// healthNames are what may be asked for: the gateway as a whole, and its service.
var healthNames = []string{"", tickgatev1.MarketData_ServiceDesc.ServiceName}

// watchHealth returns what the health service says from now on; the channel is closed when the call has ended.
func watchHealth(ctx context.Context, t testing.TB, conn grpc.ClientConnInterface, service string) <-chan healthpb.HealthCheckResponse_ServingStatus {
	t.Helper()
	watch, err := healthpb.NewHealthClient(conn).Watch(ctx, &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan healthpb.HealthCheckResponse_ServingStatus, 16) // more than changes in a test, so that the reader never waits
	go func() {
		defer close(said)
		for {
			response, err := watch.Recv()
			if err != nil {
				return
			}
			said <- response.GetStatus()
		}
	}()
	return said
}

// holdOpen opens a stream that stays while the gateway drains, and returns when the gateway serves it.
func holdOpen(t testing.TB, g *gatewaytest.Gateway) *gatewaytest.Stream {
	t.Helper()
	s := gatewaytest.OpenStream(t, g.Dial(t), nil)
	s.Send(subscribeCommand(gatewaytest.Latest(), symbols))
	s.AwaitMessages("the answer", func(_ gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool { return len(others) > 0 })
	return s
}

// TestHealthWhileDraining: who asks whether to send clients here is told not to from the beginning of a drain on, while the streams that are left are served.
func TestHealthWhileDraining(t *testing.T) {
	t.Parallel()
	c := gatewaytest.Config(t)
	c.DrainTimeout, c.Stream.DrainGrace = time.Hour, time.Hour
	g := gatewaytest.Start(t, c)
	conn := g.Dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	stream := holdOpen(t, g)
	var watches []<-chan healthpb.HealthCheckResponse_ServingStatus
	for _, name := range healthNames {
		watch := watchHealth(ctx, t, conn, name)
		for status := range watch {
			if status == serving { // Ready comes a moment before
				break
			}
		}
		watches = append(watches, watch)
	}

	g.BeginDrain()
	for i, watch := range watches {
		if status, ok := <-watch; !ok || status != notServing {
			t.Errorf("while it drains, %q is %v, want %v", healthNames[i], status, notServing)
		}
	}
	for _, name := range healthNames {
		response, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: name})
		if err != nil || response.GetStatus() != notServing {
			t.Errorf("while it drains, %q is %v (%v), want %v", name, response, err, notServing)
		}
	}
	select {
	case <-stream.Ended():
		t.Error("the gateway did not drain any more")
	default:
	}
	stream.Close()
	cancel()
	g.Stop()
}

// TestGatewayReadyWhileDrainingDoesNotServe: last values that come after the drain began do not make it a gateway to send clients to.
func TestGatewayReadyWhileDrainingDoesNotServe(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	c := b.joined(t)
	c.DrainTimeout, c.Stream.DrainGrace = gatewaytest.Patience, gatewaytest.Patience
	b.stop()
	g := gatewaytest.StartUnready(t, c)
	stream := holdOpen(t, g)
	conn := g.Dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	watch := watchHealth(ctx, t, conn, "")
	g.BeginDrain()
	stream.AwaitMessages("GoingAway", func(_ gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool {
		return slices.ContainsFunc(others, func(m *tickgatev1.ServerMessage) bool { return m.GetGoingAway() != nil })
	})
	b.restart()
	<-g.Ready()
	// There is nothing to wait for that must not come: the gateway has a second for it, far more than it takes.
	time.AfterFunc(time.Second, cancel)
	for status := range watch {
		if status == serving {
			t.Errorf("while it drains, the gateway is %v", status)
		}
	}
	stream.Close()
	g.Stop()
}
