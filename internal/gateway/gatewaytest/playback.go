package gatewaytest

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Playback is one playback of a client, which reads as fast as it can.
type Playback struct {
	t        testing.TB
	stream   tickgatev1.MarketData_ReplayClient
	cancel   context.CancelFunc
	received chan *tickgatev1.ReplayEvent // of one; the receiver sends and closes
	err      error                        // of the stream; read after received is closed
}

// OpenPlayback opens a stream of playback, and sends an open if it is not nil. It is closed when the test ends, if not before.
func OpenPlayback(t testing.TB, conn grpc.ClientConnInterface, open *tickgatev1.ReplayOpen) *Playback {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := tickgatev1.NewMarketDataClient(conn).Replay(ctx)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	p := &Playback{t: t, stream: stream, cancel: cancel, received: make(chan *tickgatev1.ReplayEvent, 1)}
	go p.receive(ctx)
	t.Cleanup(p.Close)
	if open != nil {
		p.Send(&tickgatev1.ReplayCommand{Command: &tickgatev1.ReplayCommand_Open{Open: open}})
	}
	return p
}

func (p *Playback) receive(ctx context.Context) {
	defer close(p.received)
	for {
		m, err := p.stream.Recv()
		if err != nil {
			p.err = err
			return
		}
		select {
		case p.received <- m:
		case <-ctx.Done():
			p.err = ctx.Err()
			return
		}
	}
}

// Send sends a command.
func (p *Playback) Send(m *tickgatev1.ReplayCommand) {
	p.t.Helper()
	if err := p.stream.Send(m); err != nil {
		p.t.Fatal(err)
	}
}

// HangUp says that no command follows.
func (p *Playback) HangUp() { _ = p.stream.CloseSend() }

// Next returns the next message, and false with the stream's error at its end.
func (p *Playback) Next() (m *tickgatev1.ReplayEvent, open bool, err error) {
	p.t.Helper()
	select {
	case m, open = <-p.received:
		if !open {
			return nil, false, p.err
		}
		return m, true, nil
	case <-time.After(Patience):
		p.t.Fatal("nothing comes from a playback")
	}
	return nil, false, nil
}

// Until returns the messages up to the first one that is what is wanted, which is the last of them.
func (p *Playback) Until(what string, wanted func(*tickgatev1.ReplayEvent) bool) (messages []*tickgatev1.ReplayEvent) {
	p.t.Helper()
	for {
		m, open, err := p.Next()
		if !open {
			p.t.Fatalf("waiting for %s: the playback ended with %v", what, err)
		}
		messages = append(messages, m)
		if wanted(m) {
			return messages
		}
	}
}

// Close cancels the call and returns when nothing is received any more. It may be called again.
func (p *Playback) Close() {
	p.cancel()
	for range p.received {
		continue
	}
}
