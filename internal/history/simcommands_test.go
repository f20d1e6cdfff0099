package history_test

import (
	"slices"

	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// process answers the oldest command.
func (s *sim) process() {
	if len(s.session.inbox) == 0 {
		return
	}
	m := s.session.inbox[0]
	s.session.inbox = s.session.inbox[1:]
	id := m.GetRequestId()
	switch command := m.GetCommand().(type) {
	case *tickgatev1.ClientMessage_Subscribe:
		s.processSubscribe(id, command.Subscribe)
	case *tickgatev1.ClientMessage_Unsubscribe:
		s.processUnsubscribe(id, command.Unsubscribe)
	case *tickgatev1.ClientMessage_SetConflation:
		s.processSetConflation(id, command.SetConflation)
	case *tickgatev1.ClientMessage_ListSubscriptions:
		s.processList(id)
	case *tickgatev1.ClientMessage_Heartbeat:
		s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Heartbeat{Heartbeat: &tickgatev1.Heartbeat{
			RequestId: id, Echo: &command.Heartbeat.ClientTime, TsSend: s.now,
		}}})
	case *tickgatev1.ClientMessage_LatencyRequest:
		s.receive(latencyReport(id))
	case *tickgatev1.ClientMessage_SetFreshness:
		s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_FreshnessResult{
			FreshnessResult: &tickgatev1.FreshnessResult{RequestId: id, MaxUnackedMs: command.SetFreshness.MaxUnackedMs},
		}})
	}
}

func latencyReport(id uint64) *tickgatev1.ServerMessage {
	return &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_LatencyReport{LatencyReport: &tickgatev1.LatencyReport{RequestId: id}}}
}

func (s *sim) processSubscribe(id uint64, wish *tickgatev1.Subscribe) {
	result := &tickgatev1.SubscribeResult{RequestId: id, Conflation: granted(wish.GetConflation())}
	for _, symbol := range distinct(wish.GetSymbols()) {
		m := s.market(symbol)
		if m == nil {
			result.Rejected = append(result.Rejected, &tickgatev1.Rejection{
				Symbol: tick.Printable(symbol, 256), Reason: tickgatev1.RejectReason_REJECT_REASON_INVALID_SYMBOL,
			})
			continue
		}
		sub := &simSubscription{m: m, kinds: simKindsOf(wish.GetKinds()), conflation: result.Conflation, told: m.state}
		if r := m.newest(); r != nil {
			sub.scales, sub.epoch = r.scales, r.epoch
		}
		for _, resume := range wish.GetResume() {
			if resume.GetSymbol() == symbol {
				sub.last = m.find(resume.GetEpoch(), resume.GetLastSequence())
				sub.isResumed, sub.cannotFind = true, sub.last == nil
			}
		}
		if i, _ := s.session.find(symbol); i >= 0 {
			s.session.subscriptions = slices.Delete(s.session.subscriptions, i, i+1)
		}
		s.session.subscriptions = append(s.session.subscriptions, sub)
		result.Accepted = append(result.Accepted, sub.instrument())
	}
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: result}})
}

func granted(wish *tickgatev1.Conflation) *tickgatev1.Conflation {
	switch {
	case wish.GetPolicy() == none:
		return &tickgatev1.Conflation{Policy: none}
	case wish.GetPolicy() == interval && wish.GetIntervalMs() > 0:
		return &tickgatev1.Conflation{Policy: interval, IntervalMs: min(wish.GetIntervalMs(), 60_000)}
	}
	return &tickgatev1.Conflation{Policy: latest}
}

func simKindsOf(kinds []tickgatev1.Kind) simKinds {
	if len(kinds) == 0 {
		return simKinds{tick.KindQuote: true, tick.KindTrade: true, tick.KindStatus: true}
	}
	set := simKinds{}
	for _, kind := range kinds {
		set[tick.Kind(kind)] = true
	}
	return set
}

func distinct(symbols []string) []string {
	var seen []string
	for _, symbol := range symbols {
		if !slices.Contains(seen, symbol) {
			seen = append(seen, symbol)
		}
	}
	return seen
}

func (s *sim) processUnsubscribe(id uint64, wish *tickgatev1.Unsubscribe) {
	result := &tickgatev1.UnsubscribeResult{RequestId: id}
	if wish.GetAll() {
		result.RemovedCount = uint32(len(s.session.subscriptions))
		s.session.subscriptions = nil
	}
	for _, symbol := range distinct(wish.GetSymbols()) {
		i, _ := s.session.find(symbol)
		if i < 0 {
			result.Rejected = append(result.Rejected, notSubscribed(symbol))
			continue
		}
		s.session.subscriptions = slices.Delete(s.session.subscriptions, i, i+1)
		result.Removed = append(result.Removed, symbol)
		result.RemovedCount++
	}
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_UnsubscribeResult{UnsubscribeResult: result}})
}

func notSubscribed(symbol string) *tickgatev1.Rejection {
	return &tickgatev1.Rejection{Symbol: tick.Printable(symbol, 256), Reason: tickgatev1.RejectReason_REJECT_REASON_NOT_SUBSCRIBED}
}

func (s *sim) processSetConflation(id uint64, wish *tickgatev1.SetConflation) {
	result := &tickgatev1.SetConflationResult{RequestId: id, Conflation: granted(wish.GetConflation())}
	for _, sub := range s.session.subscriptions {
		if len(wish.GetSymbols()) == 0 || slices.Contains(wish.GetSymbols(), sub.m.name) {
			sub.conflation, sub.nextDue = result.Conflation, 0
			result.ChangedCount++
		}
	}
	for _, symbol := range distinct(wish.GetSymbols()) {
		if i, _ := s.session.find(symbol); i < 0 {
			result.Rejected = append(result.Rejected, notSubscribed(symbol))
		}
	}
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SetConflationResult{SetConflationResult: result}})
}

// processList answers in parts of two.
func (s *sim) processList(id uint64) {
	const perPart = 2
	rest := s.session.subscriptions
	for {
		part := rest[:min(perPart, len(rest))]
		rest = rest[len(part):]
		list := &tickgatev1.SubscriptionList{RequestId: id, More: len(rest) > 0}
		for _, sub := range part {
			list.Subscriptions = append(list.Subscriptions, &tickgatev1.Subscription{Instrument: sub.instrument(), Conflation: sub.conflation})
		}
		s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscriptionList{SubscriptionList: list}})
		if !list.More {
			return
		}
	}
}
