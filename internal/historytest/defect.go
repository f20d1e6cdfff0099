package historytest

import (
	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Defect turns what a session says into what a faulty one would. It keeps what it needs of earlier messages, and belongs to one client.
type Defect func(*tickgatev1.ServerMessage) []*tickgatev1.ServerMessage

// Plant is a mistake with the rule that it breaks, unless nothing happens that brings it out.
type Plant struct {
	Name   string
	Breaks history.Rule
	New    func() Defect
}

// Plants are the mistakes that a model test must notice.
var Plants = []Plant{
	{"an older update is delivered", history.RuleOrdered, deliversOlder},
	{"a gap is forgotten", history.RuleNoSilentLoss, forgetsGap},
	{"an unsubscribe leaks", history.RuleSubscribedOnly, leaksUnsubscribe},
	{"one too many is counted as conflated", history.RuleConflated, countsWrong(+1)},
	{"one too few is counted as conflated", history.RuleNoSilentLoss, countsWrong(-1)},
	{"a value is torn", history.RuleNotTorn, tears},
	{"the last update of a symbol is lost", history.RuleConvergent, losesLast},
	{"a state is not told", history.RuleStaleTold, forgetsLive},
}

func as(m ...*tickgatev1.ServerMessage) []*tickgatev1.ServerMessage { return m }

// onUpdates makes a defect of what is done to the updates of each batch.
func onUpdates(spoil func(*tickgatev1.Batch)) Defect {
	return func(m *tickgatev1.ServerMessage) []*tickgatev1.ServerMessage {
		if b := m.GetBatch(); b != nil {
			spoil(b)
		}
		return as(m)
	}
}

// deliversOlder repeats the update before in place of each later one that is no snapshot.
func deliversOlder() Defect {
	before := make(map[uint32]*tickgatev1.Update)
	return onUpdates(func(b *tickgatev1.Batch) {
		for i, u := range b.GetUpdates() {
			older := before[u.GetInstrumentId()]
			before[u.GetInstrumentId()] = u
			if older != nil && !u.GetSnapshot() && older.GetSequence() < u.GetSequence() {
				b.Updates[i] = older
			}
		}
	})
}

func forgetsGap() Defect {
	return func(m *tickgatev1.ServerMessage) []*tickgatev1.ServerMessage {
		if m.GetGap() != nil {
			return nil
		}
		return as(m)
	}
}

// leaksUnsubscribe has the next batch after an unsubscribe go on with the symbol.
func leaksUnsubscribe() Defect {
	ids := make(map[string]uint32)
	var leaked []uint32
	return func(m *tickgatev1.ServerMessage) []*tickgatev1.ServerMessage {
		for _, i := range m.GetSubscribeResult().GetAccepted() {
			ids[i.GetSymbol()] = i.GetId()
			leaked = nil // it may be what was subscribed again
		}
		for _, symbol := range m.GetUnsubscribeResult().GetRemoved() {
			leaked = append(leaked, ids[symbol])
		}
		if b := m.GetBatch(); b != nil {
			for _, id := range leaked {
				b.Updates = append(b.Updates, &tickgatev1.Update{InstrumentId: id, Sequence: 1 << 40})
			}
			leaked = nil
		}
		return as(m)
	}
}

func countsWrong(by int32) func() Defect {
	return func() Defect {
		return onUpdates(func(b *tickgatev1.Batch) {
			for _, u := range b.GetUpdates() {
				if !u.GetSnapshot() && (by > 0 || u.GetConflated() > 0) {
					u.Conflated = uint32(int32(u.GetConflated()) + by)
				}
			}
		})
	}
}

func tears() Defect {
	return onUpdates(func(b *tickgatev1.Batch) {
		for _, u := range b.GetUpdates() {
			if q := u.GetQuote(); q != nil && q.BidPrice != nil {
				q.BidPrice = proto.Int64(q.GetBidPrice() + 1)
			}
		}
	})
}

// losesLast holds each batch of updates back until the next one, so that the last one never comes.
func losesLast() Defect {
	var late []*tickgatev1.ServerMessage
	return func(m *tickgatev1.ServerMessage) []*tickgatev1.ServerMessage {
		if m.GetBatch() == nil && len(late) == 0 {
			return as(m)
		}
		late = append(late, m)
		if m.GetBatch() == nil || len(late) == 1 {
			return nil
		}
		now := late[:len(late)-1]
		late = as(m)
		return now
	}
}

// forgetsLive does not tell that a symbol is worth something again.
func forgetsLive() Defect {
	return func(m *tickgatev1.ServerMessage) []*tickgatev1.ServerMessage {
		if m.GetState().GetState() == tickgatev1.MarketState_MARKET_STATE_LIVE {
			return nil
		}
		return as(m)
	}
}
