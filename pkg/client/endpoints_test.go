package client_test

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"tickgate/internal/gateway/gatewaytest"
	"tickgate/pkg/client"
)

// retryIn is a refusal that asks the client to stay away.
func retryIn(t *testing.T, code codes.Code, wait time.Duration) error {
	t.Helper()
	s, err := status.New(code, "full").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Err()
}

// tried returns when the next stream was tried.
func (f *fake) tried(t *testing.T) time.Time {
	t.Helper()
	select {
	case at := <-f.tries:
		return at
	case <-time.After(gatewaytest.Patience):
		t.Fatal("nobody tries")
		return time.Time{}
	}
}

// TestRetryInfoIsHonoured: a gateway that asks to be left alone is, however short the client's own waits are.
func TestRetryInfoIsHonoured(t *testing.T) {
	const wait = 300 * time.Millisecond
	for _, code := range []codes.Code{codes.ResourceExhausted, codes.Unavailable} {
		t.Run(code.String(), func(t *testing.T) {
			f := newFake(t)
			f.refuse(retryIn(t, code, wait))
			dial(t, f.address)
			first := f.tried(t)
			if waited := f.tried(t).Sub(first); waited < wait {
				t.Errorf("the client came back after %v, want %v at least", waited, wait)
			}
		})
	}
}

// TestOtherAddressesAreTriedMeanwhile: what one gateway asks for does not keep the client from another one.
func TestOtherAddressesAreTriedMeanwhile(t *testing.T) {
	full, free := newFake(t), newFake(t)
	full.refuse(retryIn(t, codes.ResourceExhausted, time.Hour))
	c := dial(t, full.address, client.WithAddresses(free.address))
	free.accept(t)
	gatewaytest.Eventually(t, "the other one", func() bool { return c.State().State == client.Connected && c.State().Address == free.address })
	if len(full.tries) != 1 {
		t.Errorf("the full gateway was tried %d times, want once", len(full.tries))
	}
}

// noGateway is a gRPC server that does not know the service.
func noGateway(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	return listener.Addr().String()
}

// TestOneAddressThatIsNoGateway does not end the client while there are others; it ends when all of them are none, and says so.
func TestOneAddressThatIsNoGateway(t *testing.T) {
	none, f := noGateway(t), newFake(t)
	c := dial(t, none, client.WithAddresses(f.address))
	f.accept(t)
	gatewaytest.Eventually(t, "the gateway", func() bool { return c.State().State == client.Connected })

	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
	defer cancel()
	_, err := client.Dial(ctx, none, client.WithAddresses(noGateway(t)), client.WithBackoff(time.Millisecond, time.Millisecond))
	wantError(t, err, client.ErrNoGateway, none)
}

// TestRollingUpgrade: an address that was a gateway and is none for a moment will be one again.
func TestRollingUpgrade(t *testing.T) {
	f := newFake(t)
	c := dial(t, f.address)
	first := f.accept(t)
	gatewaytest.Eventually(t, "the gateway", func() bool { return c.State().State == client.Connected })
	f.refuse(status.Error(codes.Unimplemented, "unknown service"))
	first.end <- status.Error(codes.Unavailable, "gone")
	f.tried(t) // the first stream
	for range 3 {
		f.tried(t)
	}
	f.refusal.Store(nil)
	f.accept(t)
	gatewaytest.Eventually(t, "the gateway again", func() bool { return c.State().State == client.Connected })
	if err := c.Err(); err != nil {
		t.Error(err)
	}
}

// TestCredentialsRefusedByAll end the client, with the words of each gateway.
func TestCredentialsRefusedByAll(t *testing.T) {
	one, other := newFake(t), newFake(t)
	one.refuse(status.Error(codes.Unauthenticated, "no credentials"))
	other.refuse(status.Error(codes.PermissionDenied, "not this user"))
	_, err := client.Dial(t.Context(), one.address, client.WithAddresses(other.address), client.WithBackoff(time.Millisecond, time.Millisecond))
	wantError(t, err, client.ErrRefused, "no credentials")
	wantError(t, err, client.ErrRefused, "not this user")
}
