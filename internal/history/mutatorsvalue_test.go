package history_test

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

var valueBugs = []mutator{
	{"the ask is that of another event", history.RuleNotTorn, updates(
		func(at *located) bool { return olderAsk(at) != nil },
		func(_ *recorded, at *located) { at.update.Quote.AskPrice = olderAsk(at) },
	)},
	{"a changed bid is left out", history.RuleNotTorn, updates(
		func(at *located) bool {
			return at.continues() && at.update.GetQuote().GetBidPrice() != 0 && !at.update.GetQuote().GetBidCleared()
		},
		func(_ *recorded, at *located) { at.update.Quote.BidPrice = nil },
	)},
	{"a side that became empty is not cleared", history.RuleNotTorn, updates(
		func(at *located) bool { return at.update.GetQuote().GetAskCleared() },
		func(_ *recorded, at *located) { at.update.Quote.AskCleared = false },
	)},
	{"a trade is left out", history.RuleNotTorn, updates(
		func(at *located) bool { return at.continues() && at.update.GetTrade() != nil },
		func(_ *recorded, at *located) { at.update.Trade = nil },
	)},
	{"the volume is wrong", history.RuleNotTorn, updates(
		func(at *located) bool { return at.update.GetStats().GetVolume() != 0 },
		func(_ *recorded, at *located) { *at.update.Stats.Volume++ },
	)},
	{"the high is left out of a snapshot", history.RuleNotTorn, updates(
		func(at *located) bool { return at.update.GetSnapshot() && at.update.GetStats().GetHigh() != 0 },
		func(_ *recorded, at *located) { at.update.Stats.High = nil },
	)},
	{"the status is wrong", history.RuleNotTorn, updates(
		func(at *located) bool { return at.update.GetStatus() != nil },
		func(_ *recorded, at *located) { at.update.Status.Status = at.update.Status.Status%4 + 1 },
	)},
	{"an event that was never published", history.RuleNotTorn, updates(
		func(at *located) bool { return at.sub.inLast && at.after == nil },
		func(_ *recorded, at *located) { at.update.Sequence += 1000 },
	)},
	{"a scale is not announced", history.RuleNotTorn, updates(
		announcesScale,
		func(_ *recorded, at *located) {
			at.batch.Instruments[0].PriceScale--
		},
	)},
	{"all digits are padded with a zero", history.RuleConvergent, padSites},
	{"the last update never comes", history.RuleConvergent, updates(
		func(at *located) bool { return at.sub.inLast && at.after == nil },
		func(_ *recorded, at *located) { at.drop() },
	)},
	{"the last price is an older one", history.RuleConvergent, updates(
		func(at *located) bool {
			return at.sub.inLast && at.after == nil && at.update.GetTrade() != nil
		},
		func(_ *recorded, at *located) { at.update.Trade.Price-- },
	)},
}

// olderAsk returns another ask that the subscription had in the same scale before; nil if there is none.
func olderAsk(at *located) *int64 {
	if at.before == nil || at.update.GetQuote().GetAskPrice() == 0 || len(at.batch.GetInstruments()) > 0 {
		return nil
	}
	if older := at.before.update.GetQuote(); older.GetAskPrice() != 0 && older.GetAskPrice() != at.update.GetQuote().GetAskPrice() {
		return older.AskPrice
	}
	return nil
}

// announcesScale reports whether the update's batch announces nothing but a new scale of prices, and a price.
func announcesScale(at *located) bool {
	i := at.batch.GetInstruments()
	return len(i) == 1 && i[0].GetId() == at.update.GetInstrumentId() && i[0].GetPriceScale() > 2 && at.before != nil &&
		at.update.GetQuote().GetBidPrice() != 0
}

// padSites shows every price of a history with one digit more than the publisher gives.
func padSites(h *recorded) []func() {
	if !slices.ContainsFunc(locate(h), func(at *located) bool { return at.sub.inLast }) {
		return nil
	}
	return []func(){func() {
		for _, e := range h.entries {
			for _, i := range slices.Concat(e.Received.GetSubscribeResult().GetAccepted(), e.Received.GetBatch().GetInstruments()) {
				i.PriceScale++
			}
			for _, u := range e.Received.GetBatch().GetUpdates() {
				pad(u)
			}
		}
	}}
}

func pad(u *tickgatev1.Update) {
	if u.Trade != nil {
		u.Trade.Price *= 10
	}
	q, s := u.GetQuote(), u.GetStats()
	if q == nil {
		q = &tickgatev1.Quote{}
	}
	if s == nil {
		s = &tickgatev1.Stats{}
	}
	for _, price := range []*int64{q.BidPrice, q.AskPrice, s.Open, s.High, s.Low} {
		if price != nil {
			*price *= 10
		}
	}
}

var answerBugs = []mutator{
	{"an answer is dropped", history.RuleAnswered, droppedSites},
	{"an answer comes twice", history.RuleAnswered, received(isAnswer, func(h *recorded, i int) {
		h.entries = slices.Insert(h.entries, i, h.entries[i])
	})},
	{"two answers are exchanged", history.RuleAnswered, exchangedSites},
	{"an answer has another request id", history.RuleAnswered, received(
		func(m *tickgatev1.ServerMessage) bool { return m.GetSetConflationResult() != nil },
		func(h *recorded, i int) { h.entries[i].Received.GetSetConflationResult().RequestId += 1000 },
	)},
	{"a rejected symbol is not answered", history.RuleAnswered, received(
		func(m *tickgatev1.ServerMessage) bool { return len(m.GetSubscribeResult().GetRejected()) > 0 },
		func(h *recorded, i int) {
			r := h.entries[i].Received.GetSubscribeResult()
			r.Rejected = r.Rejected[1:]
		},
	)},
	{"a symbol is answered twice", history.RuleAnswered, received(
		func(m *tickgatev1.ServerMessage) bool { return len(m.GetSubscribeResult().GetAccepted()) > 0 },
		func(h *recorded, i int) {
			r := h.entries[i].Received.GetSubscribeResult()
			r.Accepted = append(r.Accepted, r.Accepted[0])
		},
	)},
	{"an unsubscribed symbol is not answered", history.RuleAnswered, received(
		func(m *tickgatev1.ServerMessage) bool { return len(m.GetUnsubscribeResult().GetRemoved()) > 0 },
		func(h *recorded, i int) {
			r := h.entries[i].Received.GetUnsubscribeResult()
			r.Removed, r.RemovedCount = r.Removed[1:], r.RemovedCount-1
		},
	)},
	{"a heartbeat echoes another time", history.RuleAnswered, received(
		func(m *tickgatev1.ServerMessage) bool { return m.GetHeartbeat() != nil },
		func(h *recorded, i int) { *h.entries[i].Received.GetHeartbeat().Echo++ },
	)},
	{"a part of a list is missing", history.RuleAnswered, received(
		func(m *tickgatev1.ServerMessage) bool { return m.GetSubscriptionList().GetMore() },
		func(h *recorded, i int) { h.drop(i) },
	)},
}

func isAnswer(m *tickgatev1.ServerMessage) bool {
	switch m.GetEvent().(type) {
	case *tickgatev1.ServerMessage_SubscribeResult, *tickgatev1.ServerMessage_UnsubscribeResult, *tickgatev1.ServerMessage_SetConflationResult,
		*tickgatev1.ServerMessage_FreshnessResult, *tickgatev1.ServerMessage_LatencyReport, *tickgatev1.ServerMessage_Heartbeat:
		return true
	}
	return false
}

// droppedSites drops an answer that another one follows; without one it may have been lost with the stream.
func droppedSites(h *recorded) []func() {
	var sites []func()
	for _, i := range answersFollowed(h) {
		sites = append(sites, func() { h.drop(i[0]) })
	}
	return sites
}

// exchangedSites exchanges two answers that follow each other.
func exchangedSites(h *recorded) []func() {
	var sites []func()
	for _, i := range answersFollowed(h) {
		sites = append(sites, func() {
			first, second := &h.entries[i[0]], &h.entries[i[1]]
			first.Received, second.Received = second.Received, first.Received
		})
	}
	return sites
}

// answersFollowed returns the entries of answers that follow each other on one stream.
func answersFollowed(h *recorded) [][2]int {
	var pairs [][2]int
	last := -1
	for i, e := range h.entries {
		if e.Kind == history.EntryStreamStarted {
			last = -1
		}
		if !isAnswer(e.Received) {
			continue
		}
		if last >= 0 {
			pairs = append(pairs, [2]int{last, i})
		}
		last = i
	}
	return pairs
}

var stateBugs = []mutator{
	{"a silence is not told", history.RuleStaleTold, received(
		func(m *tickgatev1.ServerMessage) bool { return m.GetState().GetState() == stale },
		func(h *recorded, i int) { h.drop(i) },
	)},
	{"a silence is told too late", history.RuleStaleTold, received(
		func(m *tickgatev1.ServerMessage) bool { return m.GetState().GetState() == stale },
		func(h *recorded, i int) { h.entries[i].At = h.entries[i].At.Add(600 * time.Millisecond) },
	)},
	{"an update comes before LIVE is told", history.RuleStaleTold, updates(
		func(at *located) bool {
			return at.before != nil && at.state.GetState() == live && len(at.batch.GetInstruments()) == 0 &&
				at.batch.GetTsSend()-int64(at.update.GetRecvAge()) >= at.state.GetSince()
		},
		func(h *recorded, at *located) { h.drop(at.stateAt) },
	)},
	{"an update comes while PENDING", history.RuleStaleTold, updates(
		func(at *located) bool {
			return at.before == nil && slices.ContainsFunc(at.batch.GetInstruments(), func(i *tickgatev1.Instrument) bool {
				return i.GetId() == at.update.GetInstrumentId() && i.GetState() == live
			}) && !at.sub.isResume && at.state == nil
		},
		func(_ *recorded, at *located) {
			for _, i := range at.batch.Instruments {
				proto.Merge(i, &tickgatev1.Instrument{State: pending})
			}
		},
	)},
	{"a symbol is called live in a silence", history.RuleStaleTold, received(
		func(m *tickgatev1.ServerMessage) bool {
			return slices.ContainsFunc(m.GetSubscribeResult().GetAccepted(), func(i *tickgatev1.Instrument) bool { return i.GetState() == stale })
		},
		func(h *recorded, i int) {
			for _, accepted := range h.entries[i].Received.GetSubscribeResult().GetAccepted() {
				accepted.State = live
			}
		},
	)},
}
