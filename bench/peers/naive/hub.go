package naive

import (
	"sync"

	"tickgate/pkg/tick"
	tickgatev1 "tickgate/proto/tickgate/v1"
)

// event is what a stream's channel carries.
type event struct {
	instrument uint32
	quote      tick.Event
	received   int64 // UTC nanoseconds
}

// hub knows who wants what.
type hub struct {
	// mu guards the fields below.
	mu      sync.RWMutex
	ids     map[string]uint32 // from 1, in the order in which symbols were first met
	last    map[string]event
	streams map[string]map[*stream]chan event // the hub sends, the stream's handler receives, nobody closes them
}

func newHub() *hub {
	return &hub{ids: map[string]uint32{}, last: map[string]event{}, streams: map[string]map[*stream]chan event{}}
}

// publish keeps the event as the symbol's last value and hands it to the streams.
func (h *hub) publish(symbol string, quote tick.Event, received int64) {
	e := h.keep(symbol, quote, received)
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, events := range h.streams[symbol] {
		select {
		case events <- e:
		default: // the stream is behind, and loses the event
		}
	}
}

func (h *hub) keep(symbol string, quote tick.Event, received int64) event {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := event{instrument: h.idLocked(symbol), quote: quote, received: received}
	h.last[symbol] = e
	return e
}

func (h *hub) idLocked(symbol string) uint32 {
	id, ok := h.ids[symbol]
	if !ok {
		id = uint32(len(h.ids) + 1)
		h.ids[symbol] = id
	}
	return id
}

// newest returns the symbol's last value.
func (h *hub) newest(symbol string) (last event, known bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	last, known = h.last[symbol]
	return last, known
}

// subscribe adds the stream to the symbol's and returns how to read it and its last value, if there is one. An event that is being published
// meanwhile may be both the last value and in the channel.
func (h *hub) subscribe(s *stream, symbol string) (instrument *tickgatev1.Instrument, last event, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.ticker == nil { // else it looks by itself
		if h.streams[symbol] == nil {
			h.streams[symbol] = map[*stream]chan event{}
		}
		h.streams[symbol][s] = s.events
	}
	instrument = &tickgatev1.Instrument{Symbol: symbol, Id: h.idLocked(symbol), State: tickgatev1.MarketState_MARKET_STATE_PENDING}
	if last, known = h.last[symbol]; known {
		instrument.PriceScale, instrument.SizeScale = uint32(last.quote.Scales.Price), uint32(last.quote.Scales.Size)
		instrument.State, instrument.Epoch = tickgatev1.MarketState_MARKET_STATE_LIVE, last.quote.Epoch
	}
	return instrument, last, known
}

// unsubscribe takes the stream from the symbol's.
func (h *hub) unsubscribe(s *stream, symbol string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams[symbol], s)
	if len(h.streams[symbol]) == 0 {
		delete(h.streams, symbol)
	}
}
