package stream

import (
	"context"

	"google.golang.org/protobuf/proto"

	"tickgate/internal/wire"
	"tickgate/pkg/subscription"
	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// GetSnapshot implements tickgate.v1.MarketData. It reads the rings directly and asks no worker.
func (s *Server) GetSnapshot(ctx context.Context, request *tickgatev1.GetSnapshotRequest) (*tickgatev1.GetSnapshotResponse, error) {
	if err := s.admitUnary(ctx); err != nil {
		return nil, StatusOf(err)
	}
	names, rejected := s.Distinct(request.GetSymbols())
	response := &tickgatev1.GetSnapshotResponse{Rejected: rejected, Batch: &tickgatev1.Batch{}}
	var batch wire.Batch
	batch.Begin(nil, tick.Time(s.now().UnixNano()))
	for _, name := range names {
		symbol := s.hub.Table().Lookup(name)
		if symbol == nil {
			response.Rejected = append(response.Rejected, notKnown(name))
			continue
		}
		holding := holdingOf(symbol)
		response.Instruments = append(response.Instruments, instrumentMessage(&holding))
		if holding.Position > 0 {
			batch.Update(symbol.ID(), holding.Record.Sequence, &holding.Record, tick.ChangedAll, 0, true)
		}
	}
	if err := proto.Unmarshal(batch.Body(0), response.Batch); err != nil {
		return nil, StatusOf(err)
	}
	return response, nil
}

// ListInstruments implements tickgate.v1.MarketData. The page token is the last symbol of the page before.
func (s *Server) ListInstruments(ctx context.Context, request *tickgatev1.ListInstrumentsRequest) (*tickgatev1.ListInstrumentsResponse, error) {
	const defaultSize, maxSize = 1_000, 10_000
	if err := s.admitUnary(ctx); err != nil {
		return nil, StatusOf(err)
	}
	size := min(int(request.GetPageSize()), maxSize)
	if size == 0 {
		size = defaultSize
	}
	symbols := s.hub.Table().List(request.GetPrefix(), request.GetPageToken(), size+1)
	response := &tickgatev1.ListInstrumentsResponse{}
	if len(symbols) > size {
		symbols = symbols[:size]
		response.NextPageToken = symbols[size-1].Name()
	}
	for _, symbol := range symbols {
		holding := holdingOf(symbol)
		response.Instruments = append(response.Instruments, instrumentMessage(&holding))
	}
	return response, nil
}

// admitUnary delays a unary call by the limit that all streams share.
func (s *Server) admitUnary(ctx context.Context) error {
	if s.draining.Load() {
		return ErrDraining
	}
	place := reserve(s.now(), s.process)
	if place.delay > s.config.CommandAbuse {
		place.giveBack()
		return ErrOverload
	}
	return place.wait(ctx)
}

func holdingOf(symbol *subscription.Symbol) subscription.Holding {
	h := subscription.Holding{Symbol: symbol}
	h.Position = symbol.Latest(&h.Record)
	h.State = symbol.State() // after the record was read
	return h
}

func notKnown(symbol string) *tickgatev1.Rejection {
	return rejection(symbol, tickgatev1.RejectReason_REJECT_REASON_NOT_KNOWN, "the gateway has not seen this symbol")
}
