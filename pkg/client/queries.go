package client

import (
	"context"
	"strings"
	"time"

	tickgatev1 "tickgate/proto/tickgate/v1"
)

// Instrument is a symbol that a gateway's feed has announced.
type Instrument struct {
	Symbol                string
	State                 State
	PriceScale, SizeScale uint8 // digits after the point
}

// Instruments lists what the gateway's feed has announced whose symbol begins with prefix, ordered by symbol.
func (c *Client) Instruments(ctx context.Context, prefix string) ([]Instrument, error) {
	var all []Instrument
	for token := ""; ; {
		l, err := c.awaitLink(ctx)
		if err != nil {
			return nil, err
		}
		page, err := tickgatev1.NewMarketDataClient(l.conn).ListInstruments(ctx, &tickgatev1.ListInstrumentsRequest{Prefix: prefix, PageToken: token})
		if err != nil {
			return nil, err
		}
		for _, i := range page.GetInstruments() {
			all = append(all, Instrument{Symbol: i.GetSymbol(), State: State(i.GetState()), PriceScale: uint8(i.GetPriceScale()), SizeScale: uint8(i.GetSizeScale())})
		}
		if token = page.GetNextPageToken(); token == "" {
			return all, nil
		}
	}
}

// Snapshot returns the last values of symbols, once, whether or not they are subscribed. A RejectedError names those that the gateway does not know.
func (c *Client) Snapshot(ctx context.Context, symbols ...string) ([]Ticker, error) {
	l, err := c.awaitLink(ctx)
	if err != nil {
		return nil, err
	}
	m, err := tickgatev1.NewMarketDataClient(l.conn).GetSnapshot(ctx, &tickgatev1.GetSnapshotRequest{Symbols: symbols})
	if err != nil {
		return nil, err
	}
	book, ids := newBook(1, newLatency()), make(map[uint32]*entry)
	for _, i := range m.GetInstruments() {
		book.want(i.GetSymbol(), Latest)
		ids[i.GetId()] = book.announce(i)
	}
	book.batch(m.GetBatch(), ids, time.Now())
	var tickers []Ticker
	for t := range book.All() {
		tickers = append(tickers, t)
	}
	return tickers, rejected(m.GetRejected())
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
