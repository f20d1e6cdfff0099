package history_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"tickgate/internal/history"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// script is a hand-made history of one symbol, "A" with id 1, on one stream.
type script struct {
	published *history.PublisherLog
	client    *history.ClientLog
	batches   uint64
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func newScript(kind tickgatev1.ConflationPolicy) *script {
	return newGrantedScript(&tickgatev1.Conflation{Policy: kind})
}

func newGrantedScript(conflation *tickgatev1.Conflation) *script {
	s := &script{published: history.NewPublisherLog(), client: history.NewClientLog()}
	s.client.StreamStarted()
	s.client.Sent(&tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Subscribe{
		Subscribe: &tickgatev1.Subscribe{Symbols: []string{"A"}, Conflation: conflation},
	}})
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: &tickgatev1.SubscribeResult{
		Accepted:   []*tickgatev1.Instrument{{Symbol: "A", Id: 1, Epoch: 7, State: live}},
		Conflation: conflation,
	}}})
	return s
}

func (s *script) receive(m *tickgatev1.ServerMessage) { s.client.Received(m, noon) }

// publish publishes a quote whose bid is its sequence.
func (s *script) publish(sequences ...uint64) {
	for _, sequence := range sequences {
		s.published.Published("A", quoteEvent(sequence))
	}
}

func quoteEvent(sequence uint64) tick.Event {
	return tick.Event{Kind: tick.KindQuote, Epoch: 7, Sequence: sequence, Quote: tick.Quote{BidPrice: tick.Some(int64(sequence))}}
}

// update delivers the quote of one sequence as the newest event of another.
func (s *script) update(sequence, bid uint64, conflated uint32) {
	s.updateSent(noon, sequence, bid, conflated)
}

func (s *script) updateSent(at time.Time, sequence, bid uint64, conflated uint32) {
	s.batches++
	price := int64(bid)
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{
		TsSend: at.UnixNano(), StreamSequence: s.batches,
		Updates: []*tickgatev1.Update{{
			InstrumentId: 1, Sequence: sequence, Conflated: conflated, Snapshot: s.batches == 1, Quote: &tickgatev1.Quote{BidPrice: &price},
		}},
	}}})
}

func (s *script) gap(from, to, missing uint64, reason tickgatev1.GapReason) {
	s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Gap{
		Gap: &tickgatev1.Gap{From: from, To: to, Missing: missing, Reason: reason},
	}})
}

func rulesOf(violations []history.Violation) []history.Rule {
	var rules []history.Rule
	for _, v := range violations {
		rules = append(rules, v.Rule)
	}
	return rules
}

var settled = history.Options{End: history.EndSettled}

// scripts are histories made by hand, each with the rules that it breaks.
var scripts = []struct {
	name    string
	policy  tickgatev1.ConflationPolicy
	options history.Options
	play    func(s *script)
	want    []history.Rule
}{
	{"all is well", none, settled, func(s *script) {
		s.publish(1, 2, 3)
		s.update(1, 1, 0)
		s.update(2, 2, 0)
		s.update(3, 3, 0)
	}, nil},
	{"nothing came", latest, settled, func(s *script) { s.publish(1) }, []history.Rule{history.RuleConvergent}},
	{"nothing came yet", latest, history.Options{}, func(s *script) { s.publish(1) }, nil},
	{"the bus lost a trade that the log has", latest, settled, func(s *script) {
		s.publish(1)
		s.update(1, 1, 0)
		s.published.Published("A", tick.Event{Kind: tick.KindTrade, Epoch: 7, Sequence: 2})
		s.publish(3)
		s.gap(2, 2, 1, gapFeed)
		s.update(3, 3, 0)
	}, nil},
	{"a trade that the log has is missing, and the bus loses nothing", latest, history.Options{Bus: history.BusLosesNothing}, func(s *script) {
		s.publish(1)
		s.update(1, 1, 0)
		s.published.Published("A", tick.Event{Kind: tick.KindTrade, Epoch: 7, Sequence: 2})
		s.publish(3)
		s.gap(2, 2, 1, gapFeed)
		s.update(3, 3, 0)
	}, []history.Rule{history.RuleNoSilentLoss}},
	{"a trade is lost", latest, history.Options{}, func(s *script) {
		s.publish(1)
		s.update(1, 1, 0)
		s.published.Published("A", tick.Event{Kind: tick.KindTrade, Epoch: 7, Sequence: 2})
		s.publish(3)
		s.update(3, 3, 1)
	}, []history.Rule{history.RuleNotTorn, history.RuleNotTorn}},
	{"a gap that cannot be", none, history.Options{}, func(s *script) {
		s.publish(1, 4)
		s.update(1, 1, 0)
		s.gap(2, 2, 2, gapLapped)
		s.update(4, 4, 0)
	}, []history.Rule{history.RuleNoSilentLoss}},
	{"a gap without a reason that swallows the next update", none, history.Options{}, func(s *script) {
		s.publish(1, 4)
		s.update(1, 1, 0)
		s.gap(2, 4, 2, 0)
		s.update(4, 4, 0)
	}, []history.Rule{history.RuleNoSilentLoss, history.RuleNoSilentLoss}},
	{"an omitted event is delivered", latest, history.Options{}, func(s *script) {
		s.publish(1)
		s.update(1, 1, 0)
		s.published.Omitted("A", quoteEvent(2))
		s.publish(3)
		s.update(2, 2, 0)
	}, []history.Rule{history.RuleNotTorn}},
	{"no sequence", latest, history.Options{}, func(s *script) { s.update(0, 0, 0) }, []history.Rule{history.RuleOrdered}},
	{"a clean end without an answer", latest, history.Options{}, func(s *script) {
		s.client.Sent(listCommand(5))
		s.client.StreamEnded(nil, noon)
	}, []history.Rule{history.RuleAnswered}},
	{"a broken stream without an answer", latest, history.Options{}, func(s *script) {
		s.client.Sent(listCommand(5))
		s.client.StreamEnded(errors.New("broken"), noon)
	}, nil},
	{"a settled stream without an answer", latest, settled, func(s *script) { s.client.Sent(listCommand(5)) }, []history.Rule{history.RuleAnswered}},
	{"a message after the end", latest, history.Options{}, func(s *script) {
		s.client.StreamEnded(errors.New("broken"), noon)
		s.update(1, 1, 0)
	}, []history.Rule{history.RuleOrdered}},
	{"a periodic latency report", latest, history.Options{}, func(s *script) {
		s.client.Sent(&tickgatev1.ClientMessage{RequestId: 6, Command: &tickgatev1.ClientMessage_LatencyRequest{
			LatencyRequest: &tickgatev1.LatencyRequest{IntervalMs: 1000},
		}})
		s.receive(latencyReport(6))
		s.receive(latencyReport(6))
	}, nil},
	{"a latency report that nobody asked for", latest, history.Options{}, func(s *script) { s.receive(latencyReport(6)) }, []history.Rule{history.RuleAnswered}},
	{"an id of two symbols", latest, history.Options{}, func(s *script) {
		s.receive(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_Batch{Batch: &tickgatev1.Batch{
			StreamSequence: 1, Instruments: []*tickgatev1.Instrument{{Symbol: "B", Id: 1}},
		}}})
	}, []history.Rule{history.RuleSubscribedOnly}},
	{"a silence that nobody speaks in", latest, history.Options{
		Silences: []history.Silence{{From: noon, To: noon.Add(3 * time.Second)}},
	}, func(*script) {}, []history.Rule{history.RuleStaleTold}},
	{"a silence that is short, and one of another symbol", latest, history.Options{
		Silences: []history.Silence{
			{From: noon, To: noon.Add(time.Second)},
			{From: noon, To: noon.Add(time.Hour), Symbols: []string{"B"}},
		},
	}, func(*script) {}, nil},
}

func TestScripts(t *testing.T) {
	for _, test := range scripts {
		t.Run(test.name, func(t *testing.T) {
			s := newScript(test.policy)
			test.play(s)
			found := history.Check(s.published, s.client, test.options)
			if got := rulesOf(found); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q:\n%v", got, test.want, found)
			}
		})
	}
}

func listCommand(id uint64) *tickgatev1.ClientMessage {
	return &tickgatev1.ClientMessage{RequestId: id, Command: &tickgatev1.ClientMessage_ListSubscriptions{
		ListSubscriptions: &tickgatev1.ListSubscriptions{},
	}}
}
