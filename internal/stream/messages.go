package stream

import (
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// maxEchoBytes is how much of a rejected symbol is sent back.
const maxEchoBytes = 256

func rejection(symbol string, reason tickgatev1.RejectReason, detail string) *tickgatev1.Rejection {
	return &tickgatev1.Rejection{Symbol: tick.Printable(symbol, maxEchoBytes), Reason: reason, Detail: detail}
}

func notSubscribed(symbol string) *tickgatev1.Rejection {
	return rejection(symbol, tickgatev1.RejectReason_REJECT_REASON_NOT_SUBSCRIBED, "")
}

// instrumentMessage leaves out the id of a symbol without a value: the table gives it to another symbol if nobody waits for this one any more.
// The instrument is announced with its first value.
func instrumentMessage(h *subscription.Holding) *tickgatev1.Instrument {
	id, market := h.Symbol.ID(), h.State.Market
	if h.Position == 0 { // the feed may have opened it already
		id, market = 0, subscription.Pending
	}
	return &tickgatev1.Instrument{
		Symbol:        h.Symbol.Name(),
		Id:            id,
		PriceScale:    uint32(h.Record.Scales.Price),
		SizeScale:     uint32(h.Record.Scales.Size),
		TurnoverScale: uint32(h.Record.Scales.Turnover),
		State:         tickgatev1.MarketState(market),
		Epoch:         h.Record.Epoch,
	}
}

func subscriptionMessage(h *subscription.Holding) *tickgatev1.Subscription {
	return &tickgatev1.Subscription{
		Instrument:   instrumentMessage(h),
		Conflation:   conflationMessage(h.Conflation),
		LastSequence: h.LastSequence,
		Kinds:        kindMessages(h.Kinds),
	}
}

func conflationOf(m *tickgatev1.Conflation) subscription.Conflation {
	switch m.GetPolicy() {
	case tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL:
		return subscription.Conflation{Policy: subscription.PolicyInterval, Interval: milliseconds(m.GetIntervalMs())}
	case tickgatev1.ConflationPolicy_CONFLATION_POLICY_NONE:
		return subscription.Conflation{Policy: subscription.PolicyNone}
	}
	return subscription.Conflation{Policy: subscription.PolicyLatest}
}

func conflationMessage(c subscription.Conflation) *tickgatev1.Conflation {
	return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy(c.Policy), IntervalMs: c.Interval.Milliseconds()}
}

var kindBits = map[tickgatev1.Kind]subscription.Kinds{
	tickgatev1.Kind_KIND_QUOTE:  subscription.Quotes,
	tickgatev1.Kind_KIND_TRADE:  subscription.Trades,
	tickgatev1.Kind_KIND_STATUS: subscription.Statuses,
}

func kindsOf(kinds []tickgatev1.Kind) subscription.Kinds {
	var k subscription.Kinds
	for _, kind := range kinds {
		k |= kindBits[kind]
	}
	return k
}

func kindMessages(k subscription.Kinds) []tickgatev1.Kind {
	var kinds []tickgatev1.Kind
	for kind := tickgatev1.Kind_KIND_QUOTE; kind <= tickgatev1.Kind_KIND_STATUS; kind++ {
		if k&kindBits[kind] != 0 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func resumesOf(messages []*tickgatev1.Resume) map[string]*subscription.Resume {
	resumes := make(map[string]*subscription.Resume, len(messages))
	for _, m := range messages {
		resumes[m.GetSymbol()] = &subscription.Resume{Epoch: m.GetEpoch(), LastSequence: m.GetLastSequence()}
	}
	return resumes
}
