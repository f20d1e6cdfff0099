package gatewaytest

import (
	"context"
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Latest asks for policy LATEST.
func Latest() *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST}
}

// Interval asks for policy INTERVAL.
func Interval(interval time.Duration) *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL, IntervalMs: interval.Milliseconds()}
}

// None asks for policy NONE.
func None() *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE}
}

// Send logs and sends a command, with the next request id if it has none, and returns the id. An error of the transport is the receiver's to find.
func (s *Stream) Send(m *tickgatev1.ClientMessage) uint64 {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.nextID++
	if m.RequestId == 0 {
		m.RequestId = s.nextID
	}
	s.log.Sent(m)
	_ = s.stream.Send(m)
	return m.RequestId
}

// beat sends signs of life until ctx is done.
func (s *Stream) beat(ctx context.Context, every time.Duration) {
	defer close(s.beaten)
	if every == 0 {
		return
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			s.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Heartbeat{
				Heartbeat: &tickgatev1.ClientHeartbeat{ClientTime: time.Now().UnixNano()},
			}})
		case <-ctx.Done():
			return
		}
	}
}

// Subscribe subscribes symbols and returns when that is answered.
func (s *Stream) Subscribe(c *tickgatev1.Conflation, symbols []string, kinds ...tickgatev1.Kind) *tickgatev1.SubscribeResult {
	s.t.Helper()
	return s.SubscribeWith(&tickgatev1.Subscribe{Symbols: symbols, Conflation: c, Kinds: kinds})
}

// SubscribeWith sends any subscribe and returns its answer.
func (s *Stream) SubscribeWith(command *tickgatev1.Subscribe) *tickgatev1.SubscribeResult {
	s.t.Helper()
	id := s.Send(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{Subscribe: command}})
	var result *tickgatev1.SubscribeResult
	s.AwaitMessages("the answer to subscribe", func(_ Holdings, others []*tickgatev1.ServerMessage) bool {
		for _, m := range others {
			if r := m.GetSubscribeResult(); r != nil && r.GetRequestId() == id {
				result = r
			}
		}
		return result != nil
	})
	return result
}
