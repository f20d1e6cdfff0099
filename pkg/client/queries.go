package client

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Instrument is a symbol that a gateway's feed has announced.
type Instrument struct {
	Symbol                string
	State                 State
	PriceScale, SizeScale uint8 // digits after the point
}

// Instruments lists what the gateway's feed has announced, ordered by symbol, of the symbols that a pattern stands for; "" and "*" stand for all. In it * stands for any run of characters,
// ? for any one, [a-f] for one of a set, [^a-f] for one that is not in it, and \ takes the meaning from the character after it.
func (c *Client) Instruments(ctx context.Context, pattern string) ([]Instrument, error) {
	if pattern == "" {
		pattern = "*"
	}
	wanted, err := parsePattern(pattern)
	if err != nil {
		return nil, err
	}
	request := &tickgatev1.ListInstrumentsRequest{Prefix: literalPrefix(pattern), PageSize: instrumentsPerPage}
	var all []Instrument
	for {
		var page *tickgatev1.ListInstrumentsResponse
		err := c.query(ctx, func(gateway tickgatev1.MarketDataClient) (err error) {
			page, err = gateway.ListInstruments(ctx, request)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, i := range page.GetInstruments() {
			if wanted.matches(i.GetSymbol()) {
				all = append(all, Instrument{Symbol: i.GetSymbol(), State: State(i.GetState()), PriceScale: uint8(i.GetPriceScale()), SizeScale: uint8(i.GetSizeScale())})
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return all, nil
		}
	}
}

// instrumentsPerPage is the most that gateways give at a time.
const instrumentsPerPage = 10_000

// Snapshot returns the last values of symbols, once, whether or not they are subscribed. A RejectedError names those that the gateway does not know, or that are no symbols.
func (c *Client) Snapshot(ctx context.Context, symbols ...string) ([]Ticker, error) {
	symbols, refused := valid(symbols)
	book := newBook(1, 0, newLatency(), func() {})
	for part := range slices.Chunk(symbols, symbolsPerRequest) {
		var m *tickgatev1.GetSnapshotResponse
		err := c.query(ctx, func(gateway tickgatev1.MarketDataClient) (err error) {
			m, err = gateway.GetSnapshot(ctx, &tickgatev1.GetSnapshotRequest{Symbols: part})
			return err
		})
		if err != nil {
			return nil, err
		}
		if err := book.snapshot(m); err != nil {
			return nil, err
		}
		refused = append(refused, m.GetRejected()...)
	}
	return slices.Collect(book.All()), rejected(refused)
}

// snapshot takes the answer to a GetSnapshot.
func (b *Book) snapshot(m *tickgatev1.GetSnapshotResponse) error {
	ids := make(map[uint32]*instrument)
	for _, i := range m.GetInstruments() {
		b.want(i.GetSymbol(), Latest)
		ids[i.GetId()] = b.announce(i)
	}
	batch, err := proto.Marshal(m.GetBatch())
	if err == nil {
		_, _, err = b.batch(batch, ids, time.Now())
	}
	return err
}

// query asks the gateway something beside the stream, and another one, or the same again, while that cannot be reached.
func (c *Client) query(ctx context.Context, call func(tickgatev1.MarketDataClient) error) error {
	again := backoff{least: c.options.leastWait, most: c.options.mostWait}
	for {
		l, err := c.awaitLink(ctx)
		if err != nil {
			return err
		}
		err = call(tickgatev1.NewMarketDataClient(l.conn))
		lost := status.Code(err) == codes.Unavailable || status.Code(err) == codes.Canceled && ctx.Err() == nil
		if !lost {
			return queryError(ctx, err)
		}
		if !sleep(ctx, max(again.next(), min(askedWait(err), mostAskedWait))) {
			return unavailable(ctx.Err(), err)
		}
	}
}

// queryError says what to do.
func queryError(ctx context.Context, err error) error {
	switch code := status.Code(err); {
	case err == nil:
		return nil
	case ctx.Err() != nil, code == codes.DeadlineExceeded, code == codes.Canceled:
		return fmt.Errorf("%w in time: %w", ErrUnavailable, err)
	case code == codes.ResourceExhausted:
		return &BusyError{RetryAfter: askedWait(err), Detail: status.Convert(err).Message()}
	case code == codes.Unauthenticated, code == codes.PermissionDenied:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case code == codes.Unimplemented:
		return fmt.Errorf("%w that can answer this: %w", ErrNoGateway, err)
	}
	return fmt.Errorf("client: the gateway cannot answer: %w", err)
}

// Ping returns how long the gateway takes to answer a heartbeat.
func (c *Client) Ping(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	_, err := c.ask(ctx, func() *tickgatev1.ClientMessage {
		began = time.Now()
		return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_Heartbeat{Heartbeat: &tickgatev1.ClientHeartbeat{ClientTime: began.UnixNano()}}}
	})
	return time.Since(began), err
}

// GatewayLatency is what a gateway reports: of this client's stream since it first asked, and of all streams since the gateway's start.
type GatewayLatency struct{ Stream, Process []Distribution }

// GatewayLatency asks the gateway for its latency report.
func (c *Client) GatewayLatency(ctx context.Context) (GatewayLatency, error) {
	answer, err := c.ask(ctx, func() *tickgatev1.ClientMessage {
		return &tickgatev1.ClientMessage{Command: &tickgatev1.ClientMessage_LatencyRequest{LatencyRequest: &tickgatev1.LatencyRequest{}}}
	})
	if err != nil {
		return GatewayLatency{}, err
	}
	r := answer.GetLatencyReport()
	return GatewayLatency{Stream: distributions(r.GetStream()), Process: distributions(r.GetProcess())}, nil
}

func distributions(stages []*tickgatev1.StageLatency) (all []Distribution) {
	micros := func(n uint64) time.Duration { return time.Duration(n) * time.Microsecond }
	stageOf := map[tickgatev1.LatencyStage]Stage{
		tickgatev1.LatencyStage_LATENCY_STAGE_VENUE_TO_GATEWAY: StageVenue,
		tickgatev1.LatencyStage_LATENCY_STAGE_GATEWAY:          StageGateway,
		tickgatev1.LatencyStage_LATENCY_STAGE_END_TO_END:       StageEndToEnd,
	}
	for _, s := range stages {
		all = append(all, Distribution{
			Stage: stageOf[s.GetStage()], Count: s.GetCount(), P50: micros(s.GetP50()), P90: micros(s.GetP90()), P99: micros(s.GetP99()),
			P999: micros(s.GetP999()), Max: micros(s.GetMax()),
		})
	}
	return all
}

// tellRejected tells of symbols that a new gateway does not take. They stay subscribed, for the next one.
func (c *Client) tellRejected(list []*tickgatev1.Rejection) {
	for _, r := range list {
		c.tell(Notice{Kind: "REJECTED", Detail: r.GetSymbol() + ": " + r.GetDetail()})
	}
}

func (c *Client) tellNotice(m *tickgatev1.Notice) {
	c.tell(Notice{Kind: strings.TrimPrefix(m.GetKind().String(), "NOTICE_KIND_"), Detail: m.GetDetail()})
}

func (c *Client) tell(n Notice) {
	c.options.log.Info("client: notice", "kind", n.Kind, "detail", n.Detail)
	if f := c.options.onNotice; f != nil {
		c.notify.add(func() { f(n) })
	}
}
