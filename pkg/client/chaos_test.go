package client_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"tickgate/internal/feedsim/generate"
	"tickgate/internal/gateway"
	"tickgate/internal/gateway/gatewaytest"
	"tickgate/internal/history"
	"tickgate/internal/natsd"
	"tickgate/internal/testport"
	"tickgate/pkg/client"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// logged has a client's streams written to a log, as the history checker reads it.
func logged(log *history.ClientLog) client.Option {
	return client.WithGRPC(grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := streamer(ctx, desc, conn, method, opts...)
		if err != nil {
			return nil, err
		}
		log.StreamStarted()
		return &loggedStream{ClientStream: stream, log: log}, nil
	}))
}

type loggedStream struct {
	grpc.ClientStream
	log   *history.ClientLog
	ended bool
}

// SendMsg logs what is sent before it is.
func (s *loggedStream) SendMsg(m any) error {
	s.log.Sent(m.(*tickgatev1.ClientMessage))
	return s.ClientStream.SendMsg(m)
}

// RecvMsg logs what was received, and once how the stream ended.
func (s *loggedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch {
	case err == nil:
		s.log.Received(client.MessageOf(m), time.Now())
	case !s.ended:
		s.ended = true
		if errors.Is(err, io.EOF) {
			s.log.StreamEnded(nil, time.Now())
		} else {
			s.log.StreamEnded(err, time.Now())
		}
	}
	return err
}

// TestChaos kills and restarts the gateway fifty times at random moments of a market, under a client of each policy; the history checker finds nothing, and in the end each client
// holds the last values.
func TestChaos(t *testing.T) {
	natsConfig := natsd.DefaultConfig()
	natsConfig.Listen, natsConfig.StoreDir = "127.0.0.1:0", t.TempDir()
	server, err := natsd.Start(natsConfig, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	config := gatewaytest.Config(t)
	config.Bus = server.Connection()
	config.CreateStream = true
	config.GRPCListen = testport.Address(t)
	config.Stream.RetryAfter = 10 * time.Millisecond // whoever is told before the kill comes back as soon as the others
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, g.Bus())
	quotes := generate.DefaultConfig()
	quotes.Symbols, quotes.Rate = 10, 500
	feed := market.Trade(quotes)
	symbols := []string{"SIM01", "SIM02", "SIM03", "SIM04", "SIM05", "SIM06", "SIM07", "SIM08", "SIM09", "SIM10"}

	policies := []client.Conflation{client.Latest, client.Every(50 * time.Millisecond), client.AllEvents}
	var clients []*client.Client
	var logs []*history.ClientLog
	for _, policy := range policies {
		log := history.NewClientLog()
		c := connect(t, g, client.WithBackoff(5*time.Millisecond, 50*time.Millisecond), logged(log))
		if _, err := c.Subscribe(t.Context(), policy, symbols...); err != nil {
			t.Fatal(err)
		}
		clients, logs = append(clients, c), append(logs, log)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range chaosKills {
		eventually(t, "all clients to be back", func() bool {
			return !slices.ContainsFunc(clients, func(c *client.Client) bool { return c.State().State != client.Connected })
		})
		pause(t, time.Duration(random.IntN(100))*time.Millisecond)
		g.Abort()
		pause(t, time.Duration(random.IntN(30))*time.Millisecond)
		g = restart(t, config)
	}
	feed.Stop()
	for i, c := range clients {
		eventually(t, "the last values", func() bool { return holdsLast(c, market, symbols) })
		c.Close()
		if streams := streamsOf(logs[i]); streams <= chaosKills {
			t.Errorf("%v: %d streams, want one after each of %d kills", policies[i], streams, chaosKills)
		}
		for _, v := range history.Check(market.Log(), logs[i], history.Options{End: history.EndSettled, StaleBound: 5 * time.Second, IntervalTolerance: 26 * time.Millisecond}) {
			t.Errorf("%v: %v", policies[i], v)
		}
	}
}

// restart starts a gateway on the port that the one before had.
func restart(t *testing.T, config gateway.Config) *gatewaytest.Gateway {
	t.Helper()
	return gatewaytest.Start(t, config)
}

func streamsOf(log *history.ClientLog) (count int) {
	for _, e := range log.Entries() {
		if e.Kind == history.EntryStreamStarted {
			count++
		}
	}
	return count
}

func holdsLast(c *client.Client, market *gatewaytest.Publisher, symbols []string) bool {
	for _, symbol := range symbols {
		ticker, ok := c.Book().Quote(symbol)
		if !ok || ticker.State != client.Live || ticker.Sequence != market.Last(symbol) {
			return false
		}
	}
	return true
}

// pause is a random moment in the life of a gateway.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
