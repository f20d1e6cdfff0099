package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// commandKind is a type of client message; its name is a metric label.
type commandKind uint8

const (
	commandSubscribe commandKind = iota
	commandUnsubscribe
	commandSetConflation
	commandListSubscriptions
	commandHeartbeat
	commandLatencyRequest
	commandAck
	commandSetFreshness
	commandInvalid
	commandKinds
)

var commandNames = [commandKinds]string{
	"subscribe", "unsubscribe", "set_conflation", "list_subscriptions", "heartbeat", "latency_request", "ack", "set_freshness", "invalid",
}

func (k commandKind) countsForProcess() bool { return k != commandHeartbeat && k != commandAck }

func kindOf(message *tickgatev1.ClientMessage) commandKind {
	switch message.GetCommand().(type) {
	case *tickgatev1.ClientMessage_Subscribe:
		return commandSubscribe
	case *tickgatev1.ClientMessage_Unsubscribe:
		return commandUnsubscribe
	case *tickgatev1.ClientMessage_SetConflation:
		return commandSetConflation
	case *tickgatev1.ClientMessage_ListSubscriptions:
		return commandListSubscriptions
	case *tickgatev1.ClientMessage_Heartbeat:
		return commandHeartbeat
	case *tickgatev1.ClientMessage_LatencyRequest:
		return commandLatencyRequest
	case *tickgatev1.ClientMessage_Ack:
		return commandAck
	case *tickgatev1.ClientMessage_SetFreshness:
		return commandSetFreshness
	}
	return commandInvalid
}

// serve serves one command; the next one is received when it returns.
func (x *session) serve(ctx context.Context, message *tickgatev1.ClientMessage) error {
	kind := kindOf(message)
	x.server.stats.commands[kind].Add(1)
	if kind == commandInvalid {
		return ErrProtocol
	}
	if err := x.admit(ctx, kind); err != nil {
		return err
	}
	id := message.GetRequestId()
	switch kind {
	case commandSubscribe:
		return x.subscribe(ctx, id, message.GetSubscribe())
	case commandUnsubscribe:
		return x.unsubscribe(ctx, id, message.GetUnsubscribe())
	case commandSetConflation:
		return x.setConflation(ctx, id, message.GetSetConflation())
	case commandListSubscriptions:
		return x.listSubscriptions(ctx, id)
	case commandHeartbeat:
		return x.heartbeat(ctx, id, message.GetHeartbeat())
	case commandLatencyRequest:
		return x.requestLatency(ctx, id, message.GetLatencyRequest())
	case commandAck:
		x.acknowledge(message.GetAck().GetStreamSequence())
		return nil
	case commandSetFreshness:
		return x.setFreshness(ctx, id, message.GetSetFreshness())
	}
	return ErrProtocol
}

// execute runs command on the worker and turns the end of the session into the reason for it.
func (x *session) execute(ctx context.Context, command func()) error {
	if err := x.subscriptions.Execute(ctx, command); err != nil {
		return err
	}
	return nil
}

func (x *session) subscribe(ctx context.Context, id uint64, m *tickgatev1.Subscribe) error {
	s := &subscribing{session: x, id: id}
	_ = x.server.aside(func() error { s.acquire(m); return nil })
	err := x.execute(ctx, s.run)
	if !s.served { // Subscribe would have taken them over
		for _, request := range s.requests {
			x.server.hub.Table().Release(request.Symbol)
		}
	}
	return err
}

// subscribing is a Subscribe on its way from the handler, which acquires the symbols, to the worker, which runs it.
type subscribing struct {
	session  *session
	id       uint64
	wish     subscription.Conflation
	requests []subscription.Request
	rejected []*tickgatev1.Rejection
	served   bool
}

func (s *subscribing) acquire(m *tickgatev1.Subscribe) {
	server := s.session.server
	names, rejected := server.Distinct(m.GetSymbols())
	s.wish, s.rejected = conflationOf(m.GetConflation()), rejected
	s.requests = make([]subscription.Request, 0, len(names))
	resumes := resumesOf(m.GetResume())
	for _, name := range names {
		symbol, err := server.hub.Table().Acquire(name)
		if err != nil {
			s.rejected = append(s.rejected, rejection(name, tickgatev1.RejectReason_REJECT_REASON_TABLE_FULL, err.Error()))
			continue
		}
		s.requests = append(s.requests, subscription.Request{
			Symbol: symbol, Conflation: s.wish, Kinds: kindsOf(m.GetKinds()), Resume: resumes[name], Implied: m.GetImplySequences(),
		})
	}
}

func (s *subscribing) run() {
	x := s.session
	s.served = true
	result := &tickgatev1.SubscribeResult{RequestId: s.id, Rejected: s.rejected, Conflation: conflationMessage(x.server.hub.Grant(s.wish))}
	for _, request := range s.requests {
		holding, err := x.subscriptions.Subscribe(request)
		if err != nil {
			result.Rejected = append(result.Rejected, rejection(request.Symbol.Name(), tickgatev1.RejectReason_REJECT_REASON_STREAM_LIMIT, err.Error()))
			continue
		}
		result.Accepted = append(result.Accepted, instrumentMessage(&holding))
	}
	x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: result}})
}

// Distinct returns the valid symbols of a request, each once, in their order, and the answer to the others.
func (s *Server) Distinct(symbols []string) (names []string, rejected []*tickgatev1.Rejection) {
	seen := make(map[string]struct{}, len(symbols))
	for _, name := range symbols {
		if _, again := seen[name]; again {
			continue
		}
		seen[name] = struct{}{}
		if err := tick.ValidateSymbol(name); err != nil {
			rejected = append(rejected, rejection(name, tickgatev1.RejectReason_REJECT_REASON_INVALID_SYMBOL, detail(rejected, err)))
			continue
		}
		if limit := s.config.MaxSymbolsPerRequest; len(names) >= limit {
			err := fmt.Errorf("a request may name %d symbols; send the others in another one", limit)
			rejected = append(rejected, rejection(name, tickgatev1.RejectReason_REJECT_REASON_REQUEST_LIMIT, detail(rejected, err)))
			continue
		}
		names = append(names, name)
	}
	return names, rejected
}

// detail explains the first rejections of an answer; after maxDetails the reason must do, so that the answer stays within twice the request.
func detail(rejected []*tickgatev1.Rejection, err error) string {
	const maxDetails = 100
	if len(rejected) >= maxDetails {
		return ""
	}
	return err.Error()
}

// known returns the symbols of the table among names, and the answer to the others.
func (s *Server) known(names []string, rejected []*tickgatev1.Rejection) ([]*subscription.Symbol, []*tickgatev1.Rejection) {
	symbols := make([]*subscription.Symbol, 0, len(names))
	for _, name := range names {
		if symbol := s.hub.Table().Lookup(name); symbol != nil {
			symbols = append(symbols, symbol)
			continue
		}
		rejected = append(rejected, notSubscribed(name))
	}
	return symbols, rejected
}

func (x *session) unsubscribe(ctx context.Context, id uint64, m *tickgatev1.Unsubscribe) error {
	result := &tickgatev1.UnsubscribeResult{RequestId: id}
	answer := &tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_UnsubscribeResult{UnsubscribeResult: result}}
	if m.GetAll() {
		return x.execute(ctx, func() {
			result.RemovedCount = uint32(x.subscriptions.UnsubscribeAll())
			x.answer(answer)
		})
	}
	names, rejected := x.server.Distinct(m.GetSymbols())
	symbols, rejected := x.server.known(names, rejected)
	result.Rejected = rejected
	return x.execute(ctx, func() {
		for _, symbol := range symbols {
			if !x.subscriptions.Unsubscribe(symbol) {
				result.Rejected = append(result.Rejected, notSubscribed(symbol.Name()))
				continue
			}
			result.Removed = append(result.Removed, symbol.Name())
		}
		result.RemovedCount = uint32(len(result.Removed))
		x.answer(answer)
	})
}

func (x *session) setConflation(ctx context.Context, id uint64, m *tickgatev1.SetConflation) error {
	wish := conflationOf(m.GetConflation())
	result := &tickgatev1.SetConflationResult{RequestId: id, Conflation: conflationMessage(x.server.hub.Grant(wish))}
	names, rejected := x.server.Distinct(m.GetSymbols())
	symbols, rejected := x.server.known(names, rejected)
	result.Rejected = rejected
	return x.execute(ctx, func() {
		if len(m.GetSymbols()) == 0 {
			for holding := range x.subscriptions.Holdings {
				symbols = append(symbols, holding.Symbol)
			}
		}
		for _, symbol := range symbols {
			if !x.subscriptions.SetConflation(symbol, wish) {
				result.Rejected = append(result.Rejected, notSubscribed(symbol.Name()))
				continue
			}
			result.ChangedCount++
		}
		x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SetConflationResult{SetConflationResult: result}})
	})
}

// maxListed is how many subscriptions one message of a SubscriptionList carries.
const maxListed = 1_000

func (x *session) listSubscriptions(ctx context.Context, id uint64) error {
	var listed []*tickgatev1.Subscription
	if err := x.execute(ctx, func() {
		for holding := range x.subscriptions.Holdings {
			listed = append(listed, subscriptionMessage(&holding))
		}
	}); err != nil {
		return err
	}
	slices.SortFunc(listed, func(a, b *tickgatev1.Subscription) int {
		return strings.Compare(a.GetInstrument().GetSymbol(), b.GetInstrument().GetSymbol())
	})
	for more := true; more; { // each message in a turn of its own, so that no answer is larger than one may be
		page := listed[:min(len(listed), maxListed)]
		listed = listed[len(page):]
		more = len(listed) > 0
		list := &tickgatev1.SubscriptionList{RequestId: id, Subscriptions: page, More: more}
		err := x.execute(ctx, func() {
			x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscriptionList{SubscriptionList: list}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *session) acknowledge(streamSequence uint64) {
	x.subscriptions.Post(func() {
		if err := x.subscriptions.Acknowledge(streamSequence); err != nil {
			x.end(err)
		}
	})
}

func (x *session) setFreshness(ctx context.Context, id uint64, m *tickgatev1.SetFreshness) error {
	bound := milliseconds(m.GetMaxUnackedMs())
	return x.execute(ctx, func() {
		granted := x.subscriptions.SetFreshness(bound)
		x.answer(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_FreshnessResult{
			FreshnessResult: &tickgatev1.FreshnessResult{RequestId: id, MaxUnackedMs: granted.Milliseconds()},
		}})
	})
}

// milliseconds converts without overflow; the granted value is clamped later.
func milliseconds(ms int64) time.Duration {
	const most = int64(24 * time.Hour / time.Millisecond)
	return time.Duration(min(max(ms, -1), most)) * time.Millisecond
}
