package dbn

import (
	"encoding/binary"
	"errors"
	"math"

	"tickgate/internal/feedsim"
	"tickgate/internal/feedsim/datafile"
	"tickgate/pkg/tick"
)

// Where things are in a record. All records with a trade, and all with a best level, agree on it.
const (
	headerBytes  = 16 // length, type, publisher, instrument, ts_event
	priceAt      = 16
	sizeAt       = 24
	actionAt     = 28
	sideAt       = 29
	tsRecvAt     = 32
	tradeBytes   = 48
	bidPriceAt   = 48
	askPriceAt   = 56
	bidSizeAt    = 64
	askSizeAt    = 68
	levelBytes   = 80
	mappingBytes = 16 + 2*symbolBytesV1 // of version 1; the names are longer later
)

const (
	actionTrade   = 'T'
	undefinedTime = math.MaxUint64
	undefinedSize = math.MaxUint32
	noPrice       = math.MaxInt64
	priceScale    = 9
	leastScale    = 2 // digits of prices that are kept although they are zero
)

var (
	errShort = errors.New("the record is shorter than its type")
	errPrice = errors.New("a trade without a price or size")
	errTime  = errors.New("neither ts_recv nor ts_event")
)

// record is the bytes of one.
type record []byte

func (b record) kind() recordType   { return recordType(b[1]) }
func (b record) instrument() uint32 { return binary.LittleEndian.Uint32(b[4:]) }

func (b record) time(at int) tick.Time {
	t := binary.LittleEndian.Uint64(b[at:])
	if t == undefinedTime || t > math.MaxInt64 {
		return 0
	}
	return tick.Time(t)
}

func (b record) price(at int) tick.Amount {
	p := int64(binary.LittleEndian.Uint64(b[at:]))
	if p == noPrice {
		return tick.Amount{}
	}
	return tick.Some(p)
}

func (b record) size(at int) tick.Amount {
	s := binary.LittleEndian.Uint32(b[at:])
	if s == undefinedSize {
		return tick.Amount{}
	}
	return tick.Some(int64(s))
}

// take makes the events of a record ready.
func (r *Reader) take(b record) error {
	what := b.kind().contents()
	least := map[contents]int{tradeAlone: tradeBytes, bookAndTrade: levelBytes, bookSampled: levelBytes, symbolMapping: mappingBytes}
	if len(b) < least[what] {
		return errShort
	}
	switch what {
	case nothing:
		return nil
	case symbolMapping:
		r.rename(b)
		return nil
	case notSupported:
		return &unsupportedError{b.kind().String()}
	}
	at := b.time(tsRecvAt)
	if at == 0 {
		at = b.time(8)
	}
	if at == 0 {
		return errTime
	}
	symbol, err := r.symbol(b, at)
	if err != nil {
		return err
	}
	r.ready = r.ready[:0]
	isTrade := what == tradeAlone || what == bookAndTrade && b[actionAt] == actionTrade
	if what != tradeAlone {
		r.takeQuote(b, symbol, at, isTrade)
	}
	if isTrade {
		return r.takeTrade(b, symbol, at)
	}
	return nil
}

// takeQuote makes the best level ready. Beside a trade, one that is known already is none.
func (r *Reader) takeQuote(b record, symbol string, at tick.Time, besideTrade bool) {
	q := tick.Quote{BidPrice: b.price(bidPriceAt), AskPrice: b.price(askPriceAt)}
	if q.BidPrice.Present {
		q.BidSize = b.size(bidSizeAt)
	}
	if q.AskPrice.Present {
		q.AskSize = b.size(askSizeAt)
	}
	known, ok := r.quotes[b.instrument()]
	if besideTrade && ok && known == q {
		return
	}
	if ok || len(r.quotes) < datafile.MaxSymbols { // a template may make one symbol of many instruments
		r.quotes[b.instrument()] = q
	}
	e := tick.Event{Kind: tick.KindQuote, TsEvent: b.time(8), Quote: q}
	e.Scales.Price = shorten(&e.Quote.BidPrice, &e.Quote.AskPrice)
	r.add(symbol, at, &e)
}

func (r *Reader) takeTrade(b record, symbol string, at tick.Time) error {
	price, size := b.price(priceAt), b.size(sizeAt)
	if !price.Present || !size.Present {
		return errPrice
	}
	e := tick.Event{Kind: tick.KindTrade, TsEvent: b.time(8)}
	e.Scales.Price = shorten(&price)
	e.Trade = tick.Trade{Price: price.Mantissa, Size: size.Mantissa}
	switch b[sideAt] {
	case 'B':
		e.Trade.Aggressor = tick.SideBuy
	case 'A':
		e.Trade.Aggressor = tick.SideSell
	}
	r.add(symbol, at, &e)
	return nil
}

func (r *Reader) add(symbol string, at tick.Time, e *tick.Event) {
	item := &r.items[len(r.ready)]
	*item = feedsim.Item{Symbol: symbol, At: r.rows.Good(at), Event: *e}
	r.ready = append(r.ready, item)
}

// shorten leaves out zeros that all prices have at their end, and returns the scale that is left.
func shorten(prices ...*tick.Amount) uint8 {
	scale := uint8(priceScale)
	for ; scale > leastScale; scale-- {
		for _, p := range prices {
			if p.Present && p.Mantissa%10 != 0 {
				return scale
			}
		}
		for _, p := range prices {
			p.Mantissa /= 10
		}
	}
	return scale
}

// rename takes what a live recording says an instrument is called from then on.
func (r *Reader) rename(b record) {
	at := headerBytes + symbolBytesV1 // behind the symbol that was asked for
	length := symbolBytesV1
	if r.metadata.version > 1 { // each symbol has its type before it
		length = r.metadata.symbolBytes
		at = headerBytes + 1 + length + 1
	}
	if at+length > len(b) {
		return
	}
	names := r.metadata.names
	if _, known := names[b.instrument()]; known || len(names) < datafile.MaxSymbols {
		names[b.instrument()] = []name{{symbol: cString(b[at : at+length]), to: endOfTime}}
	}
}
