package naive

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// eventsAhead is how far a stream may be behind: a number as it is found in tutorials, room for a burst and no more.
const eventsAhead = 256

// stream is one call. Its handler owns it.
type stream struct {
	grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]

	hub     *hub
	events  chan event
	symbols map[string]uint64 // the sequence that was sent last
	batches uint64

	ticker *time.Ticker // nil: every event is sent at once; else what is newest at each tick
}

// pending is what a symbol's next update is made of.
type pending struct {
	event     event
	conflated uint32
}

// Stream serves one stream until the client ends it or is gone.
func (s *server) Stream(call grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage]) error {
	commands := make(chan *tickgatev1.ClientMessage) // the reader sends and closes it, the handler receives
	s.readers.Go(func() { read(call, commands) })
	x := &stream{
		BidiStreamingServer: call, hub: s.hub, events: make(chan event, eventsAhead),
		symbols: map[string]uint64{},
	}
	defer x.end()
	return x.run(commands)
}

// read reads commands until there are no more. The handler's end ends the call's context, and that ends the reader.
func read(call grpc.BidiStreamingServer[tickgatev1.ClientMessage, tickgatev1.ServerMessage], commands chan<- *tickgatev1.ClientMessage) {
	defer close(commands)
	for {
		command, err := call.Recv()
		if err != nil {
			return
		}
		select {
		case commands <- command:
		case <-call.Context().Done():
			return
		}
	}
}

func (s *stream) run(commands <-chan *tickgatev1.ClientMessage) error {
	for {
		var tick <-chan time.Time
		if s.ticker != nil {
			tick = s.ticker.C
		}
		var err error
		select {
		case command, ok := <-commands:
			if !ok {
				return nil
			}
			err = s.obey(command)
		case e := <-s.events:
			err = s.send([]*pending{{event: e}})
		case <-tick:
			err = s.flush()
		}
		if err != nil {
			return err
		}
	}
}

func (s *stream) obey(command *tickgatev1.ClientMessage) error {
	switch c := command.Command.(type) {
	case *tickgatev1.ClientMessage_Subscribe:
		return s.subscribe(command.RequestId, c.Subscribe)
	case *tickgatev1.ClientMessage_Unsubscribe:
		return s.unsubscribe(command.RequestId, c.Unsubscribe)
	}
	return status.Errorf(codes.Unimplemented, "naive: no command %T", command.Command)
}

func (s *stream) subscribe(request uint64, c *tickgatev1.Subscribe) error {
	if s.ticker != nil { // the policy may change
		if err := s.flush(); err != nil {
			return err
		}
	}
	result := &tickgatev1.SubscribeResult{RequestId: request, Conflation: s.conflate(c.Conflation)}
	var snapshots []*pending
	for _, symbol := range c.Symbols {
		instrument, last, known := s.hub.subscribe(s, symbol)
		s.symbols[symbol] = last.quote.Sequence
		result.Accepted = append(result.Accepted, instrument)
		if known {
			snapshots = append(snapshots, &pending{event: last})
		}
	}
	if err := s.Send(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_SubscribeResult{SubscribeResult: result}}); err != nil {
		return err
	}
	if len(snapshots) == 0 {
		return nil
	}
	return s.send(snapshots)
}

// conflate starts a ticker if the client wishes an interval, and returns what is granted.
func (s *stream) conflate(wish *tickgatev1.Conflation) *tickgatev1.Conflation {
	if s.ticker != nil {
		s.ticker.Stop()
		s.ticker = nil
	}
	if wish.GetPolicy() != tickgatev1.ConflationPolicy_CONFLATION_POLICY_INTERVAL || wish.GetIntervalMs() <= 0 {
		return &tickgatev1.Conflation{Policy: tickgatev1.ConflationPolicy_CONFLATION_POLICY_LATEST}
	}
	s.ticker = time.NewTicker(time.Duration(wish.IntervalMs) * time.Millisecond)
	return wish
}

func (s *stream) unsubscribe(request uint64, c *tickgatev1.Unsubscribe) error {
	symbols := c.Symbols
	if c.All {
		symbols = nil
		for symbol := range s.symbols {
			symbols = append(symbols, symbol)
		}
	}
	result := &tickgatev1.UnsubscribeResult{RequestId: request}
	for _, symbol := range symbols {
		if _, subscribed := s.symbols[symbol]; subscribed {
			s.hub.unsubscribe(s, symbol)
			delete(s.symbols, symbol)
			result.Removed = append(result.Removed, symbol)
		}
	}
	result.RemovedCount = uint32(len(result.Removed))
	return s.Send(&tickgatev1.ServerMessage{Event: &tickgatev1.ServerMessage_UnsubscribeResult{UnsubscribeResult: result}})
}

// end leaves nothing of the stream in the hub.
func (s *stream) end() {
	if s.ticker != nil {
		s.ticker.Stop()
	}
	for symbol := range s.symbols {
		s.hub.unsubscribe(s, symbol)
	}
}
