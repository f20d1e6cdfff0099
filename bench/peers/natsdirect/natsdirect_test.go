package natsdirect_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"tickgate/bench/load"
	"tickgate/bench/peers/natsdirect"
	"tickgate/bench/peers/peer"
	"tickgate/bench/peers/peertest"
)

// plan gives each of 20 symbols two streams.
func plan() load.Plan {
	return load.Plan{Symbols: peertest.Symbols(20), Streams: 8, Connections: 2, PerStream: 5, Staleness: true}
}

func TestStreamsGetEveryEvent(t *testing.T) {
	window, verdict := peertest.Run(t, nil, natsdirect.New, plan())
	if err := verdict.Err(); err != nil {
		t.Error(err)
	}
	if window.Batches == 0 || window.Latency.Count() == 0 || window.Staleness.Count() == 0 || window.WireBytes == 0 {
		t.Errorf("%d batches, %d latencies, %d samples of staleness, %d bytes", window.Batches, window.Latency.Count(), window.Staleness.Count(), window.WireBytes)
	}
	// The window's ends cut each stream at another event.
	if want, slack := 2*window.Published, window.Published/2; window.Updates+slack < want || window.Updates > want+slack {
		t.Errorf("%d updates of %d events, each for 2 streams", window.Updates, window.Published)
	}
}

// cutAfter is how much of the server's bytes a connection gets: all streams are ready with a hundredth of it, and the window is not over.
const cutAfter = 100 << 10

// serveCut stands between the clients and NATS, and closes each connection after a while.
func serveCut(ctx context.Context, c peer.Config, listening func(string)) error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	var copying sync.WaitGroup
	defer copying.Wait()
	listening(listener.Addr().String())
	for {
		client, err := listener.Accept()
		if err != nil {
			return nil // the listener is closed
		}
		server, err := net.Dial("tcp", strings.TrimPrefix(c.NATSURL, "nats://"))
		if err != nil {
			return err
		}
		copying.Go(func() { _, _ = io.Copy(server, client) })
		copying.Go(func() {
			_, _ = io.CopyN(client, server, cutAfter)
			_ = client.Close()
			_ = server.Close()
		})
	}
}

func TestStreamsOfALostConnectionAreReported(t *testing.T) {
	plan := plan()
	_, verdict := peertest.Run(t, serveCut, natsdirect.New, plan)
	if verdict.Lost != plan.Streams {
		t.Errorf("%d of %d streams are lost: %v", verdict.Lost, plan.Streams, verdict.First)
	}
}
