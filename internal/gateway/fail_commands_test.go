package gateway_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tickgate/internal/gateway/gatewaytest"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// badInput is one thing that a client should not do, and what it must not come to.
type badInput struct {
	name string
	do   func(t *testing.T, client *gatewaytest.Stream)
}

// badInputs are done on a stream of their own each. market has published symbols and is quiet now; held is where a client who has all of it resumes.
func badInputs(market *gatewaytest.Publisher, held []*tickgatev1.Resume) []badInput {
	return []badInput{
		{"1,001 symbols", func(t *testing.T, client *gatewaytest.Stream) {
			wantCounts(t, client.Subscribe(gatewaytest.Latest(), symbolNames(1_001)), 1_000, 1)
		}},
		{"one symbol 1,000 times", func(t *testing.T, client *gatewaytest.Stream) {
			names := make([]string, 1_000)
			for i := range names {
				names[i] = symbols[0]
			}
			wantCounts(t, client.Subscribe(gatewaytest.Latest(), names), 1, 0)
		}},
		{"a subscribe twice", func(t *testing.T, client *gatewaytest.Stream) {
			for range 2 {
				wantCounts(t, client.Subscribe(gatewaytest.Latest(), symbols), symbolCount, 0)
			}
			client.Await("the last values", gatewaytest.HoldsLast(market, symbols))
		}},
		{"an unsubscribe of what is unknown", unsubscribeUnknown},
		{"an interval of -1", func(t *testing.T, client *gatewaytest.Stream) {
			wantGranted(t, client, -1, tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST, 0)
		}},
		{"an interval of 10^9", func(t *testing.T, client *gatewaytest.Stream) {
			wantGranted(t, client, 1e9, tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL, 60_000)
		}},
		{"no first message", func(t *testing.T, client *gatewaytest.Stream) { wantEnded(t, client, codes.DeadlineExceeded) }},
		{"a message of 5 MB", func(t *testing.T, client *gatewaytest.Stream) {
			client.Send(subscribeCommand(gatewaytest.Latest(), []string{string(make([]byte, 5<<20))}))
			wantEnded(t, client, codes.ResourceExhausted)
		}},
		{"a resume from a foreign epoch", func(t *testing.T, client *gatewaytest.Stream) {
			resumeWrongly(t, market, client, shifted(held, func(r *tickgatev1.Resume) { r.Epoch = 99 }))
		}},
		{"a resume from a sequence to come", func(t *testing.T, client *gatewaytest.Stream) {
			resumeWrongly(t, market, client, shifted(held, func(r *tickgatev1.Resume) { r.LastSequence += 1_000 }))
		}},
	}
}

// TestBadInputNeverReachesNATS: whatever clients send is answered by the gateway, and NATS sees nothing of it. Another client goes on all the time.
func TestBadInputNeverReachesNATS(t *testing.T) {
	t.Parallel()
	b := startBus(t)
	config := b.joined(t)
	config.Stream.FirstMessageTimeout, config.Subscriptions.Housekeeping = 500*time.Millisecond, 100*time.Millisecond
	g := gatewaytest.Start(t, config)
	market := gatewaytest.NewPublisher(t, b.connection())
	publishEach(market, symbols)
	good := openOnePerPolicy(t, g)
	good.settle(market)
	spy := spyOn(t, b.connection())
	before := b.server.Subscriptions()
	wantSame := func(t *testing.T, when string) {
		t.Helper()
		if now := b.server.Subscriptions(); now != before {
			t.Errorf("NATS has %d subscriptions %s, %d before", now, when, before)
		}
	}
	for _, bad := range badInputs(market, resumes(good.streams[0])) {
		t.Run(bad.name, func(t *testing.T) {
			client := gatewaytest.OpenStream(t, g.Dial(t), nil)
			bad.do(t, client)
			wantSame(t, "meanwhile")
			checkCut(t, bad.name, market, client)
			wantSame(t, "afterwards")
		})
	}
	if strange := spy.strange(); len(strange) > 0 {
		t.Errorf("messages on other subjects than the publisher's: %q", strange)
	}
	publishEach(market, symbols)
	good.settle(market)
	wantSame(t, "at the end")
	good.check(market)
}

func wantCounts(t *testing.T, result *tickgatev1.SubscribeResult, accepted, rejected int) {
	t.Helper()
	if len(result.GetAccepted()) != accepted || len(result.GetRejected()) != rejected {
		t.Errorf("%d accepted and %d rejected, want %d and %d", len(result.GetAccepted()), len(result.GetRejected()), accepted, rejected)
	}
}

func unsubscribeUnknown(t *testing.T, client *gatewaytest.Stream) {
	unknown := []string{"UNKNOWN", ">", "A\r\nUNSUB 1\r\n"}
	id := client.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Unsubscribe{Unsubscribe: &tickgatev1.Unsubscribe{Symbols: unknown}}})
	client.AwaitMessages("the answer to unsubscribe", func(_ gatewaytest.Holdings, others []*tickgatev1.ServerMessage) bool {
		for _, m := range others {
			if r := m.GetUnsubscribeResult(); r != nil && r.GetRequestId() == id {
				if len(r.GetRejected()) != len(unknown) || r.GetRemovedCount() != 0 {
					t.Errorf("got %v, want all rejected", r)
				}
				return true
			}
		}
		return false
	})
}

// wantGranted asks for an interval in milliseconds.
func wantGranted(t *testing.T, client *gatewaytest.Stream, millis int64, policy tickgatev1.ConflationPolicy, grantedMillis int64) {
	t.Helper()
	wish := &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL, IntervalMs: millis}
	if granted := client.Subscribe(wish, symbols).GetConflation(); granted.GetPolicy() != policy || granted.GetIntervalMs() != grantedMillis {
		t.Errorf("granted %v, want %v with %d ms", granted, policy, grantedMillis)
	}
}

func wantEnded(t *testing.T, client *gatewaytest.Stream, code codes.Code) {
	t.Helper()
	select {
	case <-client.Ended():
	case <-time.After(gatewaytest.Patience):
		t.Fatal("the stream does not end")
	}
	if got := status.Code(client.Err()); got != code {
		t.Errorf("the stream ended with %v, want %v", client.Err(), code)
	}
}

// resumeWrongly resumes from where nobody was.
func resumeWrongly(t *testing.T, market *gatewaytest.Publisher, client *gatewaytest.Stream, wrong []*tickgatev1.Resume) {
	t.Helper()
	client.SubscribeWith(&tickgatev1.Subscribe{Symbols: symbols, Conflation: gatewaytest.None(), Resume: wrong})
	client.Await("the last values", gatewaytest.HoldsLast(market, symbols))
	wantResumeRefused(t, t.Name(), client)
}
