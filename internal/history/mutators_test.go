package history_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/history"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

const (
	gapFeed   = tickgatev1.GapReason_GAP_REASON_FEED
	gapLapped = tickgatev1.GapReason_GAP_REASON_LAPPED
	gapEpoch  = tickgatev1.GapReason_GAP_REASON_EPOCH
	gapResume = tickgatev1.GapReason_GAP_REASON_RESUME
)

// mutator is a bug of a gateway, planted into an honest history.
type mutator struct {
	bug  string
	rule history.Rule
	// sites returns each place at which the bug can be planted, as a function that does it.
	sites func(h *recorded) []func()
}

// TestPlantedBugsAreCaught plants every bug into many histories, at a place each that differs from seed to seed.
func TestPlantedBugsAreCaught(t *testing.T) {
	const seeds = 40
	histories := make([]*recorded, seeds)
	for seed := range histories {
		histories[seed] = simulate(seeded(uint64(seed)), 300)
	}
	for _, m := range slices.Concat(orderBugs, accountBugs, valueBugs, answerBugs, stateBugs, paceBugs, resumeBugs) {
		t.Run(m.bug, func(t *testing.T) {
			planted := 0
			for seed, honest := range histories {
				h := honest.clone()
				sites := m.sites(h)
				if len(sites) == 0 {
					continue
				}
				planted++
				sites[seed%len(sites)]()
				if found := h.check(); !slices.ContainsFunc(found, func(v history.Violation) bool { return v.Rule == m.rule }) {
					t.Errorf("seed %d: not caught as %q; found %v", seed, m.rule, found)
				}
			}
			if planted < 3 {
				t.Errorf("planted %d times in %d histories: the simulator does not make such histories", planted, seeds)
			}
		})
	}
}

// updates returns a site for each update that is fit.
func updates(fit func(at *located) bool, plant func(h *recorded, at *located)) func(h *recorded) []func() {
	return func(h *recorded) []func() {
		var sites []func()
		for _, at := range locate(h) {
			if fit(at) {
				sites = append(sites, func() { plant(h, at) })
			}
		}
		return sites
	}
}

// received returns a site for each received message that is fit.
func received(fit func(m *tickgatev1.ServerMessage) bool, plant func(h *recorded, i int)) func(h *recorded) []func() {
	return func(h *recorded) []func() {
		var sites []func()
		for i, e := range h.entries {
			if e.Kind == history.EntryReceived && fit(e.Received) {
				sites = append(sites, func() { plant(h, i) })
			}
		}
		return sites
	}
}

var orderBugs = []mutator{
	{"an older update is delivered again", history.RuleOrdered, updates(
		func(at *located) bool { return at.continues() && at.before.continues() },
		func(_ *recorded, at *located) { proto.Merge(reset(at.update), at.before.before.update) },
	)},
	{"an update is repeated", history.RuleOrdered, updates(
		func(at *located) bool { return at.continues() },
		func(_ *recorded, at *located) { proto.Merge(reset(at.update), at.before.update) },
	)},
	{"a stream sequence is skipped", history.RuleOrdered, received(
		func(m *tickgatev1.ServerMessage) bool { return m.GetBatch() != nil },
		func(h *recorded, i int) { h.entries[i].Received.GetBatch().StreamSequence++ },
	)},
	{"an update leaks after an unsubscribe", history.RuleSubscribedOnly, leakSites},
	{"an update carries a kind that is not subscribed", history.RuleSubscribedOnly, updates(
		func(at *located) bool { return len(at.sub.kinds) == 1 && at.sub.kinds[0] != tickgatev1.Kind_KIND_TRADE },
		func(_ *recorded, at *located) { at.update.Trade = &tickgatev1.Trade{Price: 1, Size: 1} },
	)},
	{"an update has an id that was never announced", history.RuleSubscribedOnly, updates(
		func(*located) bool { return true },
		func(_ *recorded, at *located) { at.update.InstrumentId = 99 },
	)},
}

func reset(u *tickgatev1.Update) *tickgatev1.Update {
	proto.Reset(u)
	return u
}

// leakSites lets one more update of a symbol follow the result of its unsubscribe, as a batch before which no other comes.
func leakSites(h *recorded) []func() {
	var sites []func()
	newest := make(map[string]*located)
	at := locate(h)
	for i, e := range h.entries {
		for len(at) > 0 && at[0].entry == i {
			newest[at[0].sub.symbol], at = at[0], at[1:]
		}
		if e.Kind == history.EntryStreamStarted {
			clear(newest)
		}
		for _, symbol := range e.Received.GetUnsubscribeResult().GetRemoved() {
			if last := newest[symbol]; last != nil {
				sites = append(sites, func() { leak(h, i, last) })
			}
		}
	}
	return sites
}

func leak(h *recorded, after int, last *located) {
	late := proto.Clone(last.update).(*tickgatev1.Update)
	late.Sequence, late.Snapshot = late.Sequence+1, false
	h.entries = slices.Insert(h.entries, after+1, history.Entry{
		Kind: history.EntryReceived, At: h.entries[after].At,
		Received: &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{Updates: []*tickgatev1.Update{late}}}},
	})
}

var accountBugs = []mutator{
	{"a gap of the feed is forgotten", history.RuleNoSilentLoss, forgetGap(gapFeed)},
	{"a lapped reader is not told", history.RuleNoSilentLoss, forgetGap(gapLapped)},
	{"a new epoch is not told", history.RuleNoSilentLoss, forgetGap(gapEpoch)},
	{"an update is lost", history.RuleNoSilentLoss, updates(
		func(at *located) bool { return at.continues() && at.after != nil && at.after.continues() },
		func(_ *recorded, at *located) { at.drop() },
	)},
	{"one event too few is counted", history.RuleNoSilentLoss, updates(
		func(at *located) bool { return at.continues() && at.update.GetConflated() > 0 },
		func(_ *recorded, at *located) { at.update.Conflated-- },
	)},
	{"one event too many is counted", history.RuleConflated, updates(
		func(at *located) bool { return at.continues() },
		func(_ *recorded, at *located) { at.update.Conflated++ },
	)},
	{"a snapshot counts more events than there can be", history.RuleConflated, updates(
		func(at *located) bool { return at.before == nil && at.update.GetSnapshot() && len(at.gaps) == 0 },
		func(_ *recorded, at *located) { at.update.Conflated = uint32(at.update.GetSequence()) },
	)},
	{"a gap of the feed is passed off as conflation", history.RuleConflated, updates(
		func(at *located) bool { return at.continues() && at.hasGap(gapFeed) >= 0 && len(at.gaps) == 1 },
		func(h *recorded, at *located) {
			at.update.Conflated += uint32(at.gaps[0].GetMissing())
			h.drop(at.gapsAt[0])
		},
	)},
	{"events are merged under NONE", history.RuleConflated, updates(
		func(at *located) bool {
			return at.sub.policy == none && at.sub.isSteady && len(at.sub.kinds) == 0 && at.continues() && at.state == nil &&
				at.after != nil && at.after.continues() && len(at.gaps)+len(at.after.gaps) == 0 && at.after.state == nil
		},
		func(_ *recorded, at *located) {
			at.after.update.Conflated++
			at.drop()
		},
	)},
	{"a gap begins before the last update", history.RuleNoSilentLoss, updates(
		func(at *located) bool { return at.continues() && at.hasGap(gapFeed) >= 0 && at.hasGap(gapEpoch) < 0 },
		func(_ *recorded, at *located) { at.gaps[at.hasGap(gapFeed)].From = at.before.update.GetSequence() },
	)},
}

func forgetGap(reason tickgatev1.GapReason) func(h *recorded) []func() {
	return updates(
		func(at *located) bool { return at.before != nil && at.hasGap(reason) >= 0 },
		func(h *recorded, at *located) { h.drop(at.gapsAt[at.hasGap(reason)]) },
	)
}

var paceBugs = []mutator{
	{"two updates within the interval", history.RulePaced, updates(
		func(at *located) bool { return at.sub.policy == interval && at.sub.isSteady && at.before != nil },
		func(_ *recorded, at *located) { at.batch.TsSend = at.before.batch.TsSend + int64(time.Millisecond) },
	)},
	{"every interval is two fifths too short", history.RulePaced, updates(
		func(at *located) bool {
			return at.sub.policy == interval && at.sub.isSteady && at.isAlone() && at.before.isAlone() && at.before.before.isAlone()
		},
		func(h *recorded, at *located) {
			h.options.IntervalTolerance = at.sub.interval / 2 // so each for itself might be
			first := at.before.before.batch.TsSend
			at.before.batch.TsSend, at.batch.TsSend = first+int64(at.sub.interval)*3/5, first+int64(at.sub.interval)*6/5
		},
	)},
	{"two updates of a symbol in one batch", history.RulePaced, updates(
		func(at *located) bool { return at.sub.policy == latest && at.sub.isSteady },
		func(_ *recorded, at *located) {
			at.batch.Updates = append(at.batch.Updates, proto.Clone(at.update).(*tickgatev1.Update))
		},
	)},
	{"what is granted is not echoed", history.RulePaced, received(
		func(m *tickgatev1.ServerMessage) bool { return len(m.GetSubscribeResult().GetAccepted()) > 0 },
		func(h *recorded, i int) { h.entries[i].Received.GetSubscribeResult().Conflation = nil },
	)},
	{"another policy is granted than was asked for", history.RulePaced, received(
		func(m *tickgatev1.ServerMessage) bool {
			return len(m.GetSubscribeResult().GetAccepted()) > 0 && m.GetSubscribeResult().GetConflation().GetPolicy() == none
		},
		func(h *recorded, i int) { h.entries[i].Received.GetSubscribeResult().Conflation.Policy = latest },
	)},
}

var resumeBugs = []mutator{
	{"a first update is not a snapshot", history.RuleResumed, updates(
		func(at *located) bool { return at.before == nil && !at.sub.isResume },
		func(_ *recorded, at *located) { at.update.Snapshot = false },
	)},
	{"it is not told that a resume was not possible", history.RuleResumed, updates(
		func(at *located) bool { return at.before == nil && at.hasGap(gapResume) >= 0 },
		func(h *recorded, at *located) { h.drop(at.gapsAt[at.hasGap(gapResume)]) },
	)},
	{"no snapshot after a resume that was not possible", history.RuleResumed, updates(
		func(at *located) bool { return at.before == nil && at.hasGap(gapResume) >= 0 },
		func(_ *recorded, at *located) { at.update.Snapshot = false },
	)},
	{"a resumed stream leaves events out", history.RuleResumed, updates(
		func(at *located) bool {
			return at.before == nil && at.sub.isResume && !at.update.GetSnapshot() && at.after != nil && at.after.continues()
		},
		func(_ *recorded, at *located) { at.drop() },
	)},
}
