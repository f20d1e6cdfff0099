package history

import (
	"fmt"
	"slices"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// command is a ClientMessage that waits for its answer.
type command struct {
	message  *tickgatev1.ClientMessage
	position int
}

func (c command) String() string {
	return fmt.Sprintf("%s with request_id %d of entry %d", commandName(c.message), c.message.GetRequestId(), c.position)
}

func commandName(m *tickgatev1.ClientMessage) string {
	switch m.GetCommand().(type) {
	case *tickgatev1.ClientMessage_Subscribe:
		return "Subscribe"
	case *tickgatev1.ClientMessage_Unsubscribe:
		return "Unsubscribe"
	case *tickgatev1.ClientMessage_SetConflation:
		return "SetConflation"
	case *tickgatev1.ClientMessage_ListSubscriptions:
		return "ListSubscriptions"
	case *tickgatev1.ClientMessage_Heartbeat:
		return "Heartbeat"
	case *tickgatev1.ClientMessage_LatencyRequest:
		return "LatencyRequest"
	case *tickgatev1.ClientMessage_SetFreshness:
		return "SetFreshness"
	}
	return ""
}

// await queues a command. An Ack, and a message without a command, which ends the stream, have no answer.
func (s *stream) await(m *tickgatev1.ClientMessage, position int) {
	if commandName(m) != "" {
		s.awaited = append(s.awaited, command{message: m, position: position})
	}
}

// answer takes a message that answers a command.
func (c *checker) answer(m *tickgatev1.ServerMessage) {
	switch event := m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_SubscribeResult:
		c.subscribeResult(event.SubscribeResult)
	case *tickgatev1.ServerMessage_UnsubscribeResult:
		c.unsubscribeResult(event.UnsubscribeResult)
	case *tickgatev1.ServerMessage_SetConflationResult:
		c.setConflationResult(event.SetConflationResult)
	case *tickgatev1.ServerMessage_SubscriptionList:
		c.subscriptionList(event.SubscriptionList)
	case *tickgatev1.ServerMessage_FreshnessResult:
		c.answered("SetFreshness", event.FreshnessResult.GetRequestId())
	case *tickgatev1.ServerMessage_Heartbeat:
		c.heartbeat(event.Heartbeat)
	case *tickgatev1.ServerMessage_LatencyReport:
		c.latencyReport(event.LatencyReport)
	}
}

// answered takes the command that is answered off the queue; nil if none waits for such an answer. An answer out of order uses up the
// commands before it.
func (c *checker) answered(name string, requestID uint64) *tickgatev1.ClientMessage {
	awaited := c.stream.awaited
	i := slices.IndexFunc(awaited, func(waiting command) bool {
		return commandName(waiting.message) == name && waiting.message.GetRequestId() == requestID
	})
	if i < 0 {
		c.violate(RuleAnswered, "", "an answer to a %s with request_id %d, which nobody waits for", name, requestID)
		return nil
	}
	for _, skipped := range awaited[:i] {
		c.violate(RuleAnswered, "", "not answered in its turn: %s", skipped)
	}
	c.stream.awaited = awaited[i+1:]
	c.stream.listed = nil
	return awaited[i].message
}

// checkAllAnswered ends the waiting.
func (c *checker) checkAllAnswered(s *stream) {
	for _, waiting := range s.awaited {
		c.violate(RuleAnswered, "", "never answered: %s", waiting)
	}
	s.awaited = nil
}

func (c *checker) heartbeat(h *tickgatev1.Heartbeat) {
	if h.Echo == nil {
		return // a sign of life, not an answer
	}
	m := c.answered("Heartbeat", h.GetRequestId())
	if want := m.GetHeartbeat().GetClientTime(); m != nil && h.GetEcho() != want {
		c.violate(RuleAnswered, "", "Heartbeat with request_id %d echoes %d instead of %d", h.GetRequestId(), h.GetEcho(), want)
	}
}

// latencyReport may be an answer, or a repetition of one at its interval.
func (c *checker) latencyReport(r *tickgatev1.LatencyReport) {
	s := c.stream
	isNext := len(s.awaited) > 0 && commandName(s.awaited[0].message) == "LatencyRequest" &&
		s.awaited[0].message.GetRequestId() == r.GetRequestId()
	if !isNext && s.periodicReports && s.periodicID == r.GetRequestId() {
		return
	}
	if m := c.answered("LatencyRequest", r.GetRequestId()); m != nil {
		s.periodicReports, s.periodicID = m.GetLatencyRequest().GetIntervalMs() != 0, r.GetRequestId()
	}
}
