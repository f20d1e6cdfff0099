package tick

import "math"

// Record is the merged ticker of one symbol after one event: newest quote, newest trade, status and the session's cumulative
// figures. Fields whose Presence bit is not set are absent, and zero.
type Record struct {
	Sequence uint64 // publisher's number of the newest event
	Epoch    uint64 // publisher's start, UTC nanoseconds
	Missing  uint64 // events known to be missing since the gateway first saw the symbol; never decreases
	TsEvent  Time   // venue's time of the newest event
	TsRecv   Time   // gateway's receipt of the newest event

	BidPrice, BidSize, AskPrice, AskSize int64
	LastPrice, LastSize                  int64
	Volume, TradeCount, Turnover         int64
	Open, High, Low                      int64

	Presence  Presence
	Aggressor Side
	Status    TradingStatus
	Scales    Scales
	Version   uint16 // counts changes of scales and epoch: the instrument is announced anew when it differs; wraps

	ages ages // per group, how many events ago it last changed
}

// Presence says which fields of a record have a value.
type Presence uint16

// One bit per optional field.
const (
	HasBidPrice Presence = 1 << iota
	HasBidSize
	HasAskPrice
	HasAskSize
	HasLast
	HasVolume
	HasTradeCount
	HasTurnover
	HasOpen
	HasHigh
	HasLow
)

// RecordWords is the length of a packed record.
const RecordWords = 19

// Words is a packed record, as a ring holds it. The order is private to Pack and Unpack.
//
// A ring stores only the words that differ from those of the slot's former record, and a store is what publishing costs. So fields that
// change together are zipped: their low halves share one word, their high halves another, and the high halves of prices, sizes,
// times and counts hardly ever change. In a recorded ticker 7.3 words differed between records 64 events apart; unzipped, 11.4 did.
type Words [RecordWords]uint64

// Pack writes the record into w.
func (r *Record) Pack(w *Words) {
	r.packFigures(w)
	w[2], w[3] = zip(uint64(r.TsEvent), uint64(r.TsRecv))
	w[4], w[5] = zip(uint64(r.BidPrice), uint64(r.AskPrice))
	w[6], w[7] = zip(uint64(r.BidSize), uint64(r.AskSize))
	w[8], w[9] = zip(uint64(r.LastPrice), uint64(r.LastSize))
	w[12] = uint64(r.ages)
	w[13], w[14], w[15] = uint64(r.Open), uint64(r.High), uint64(r.Low)
	w[16] = uint64(r.Presence) | uint64(r.Aggressor&15)<<16 | uint64(r.Status&15)<<20 |
		uint64(r.Scales.Price)<<24 | uint64(r.Scales.Size)<<32 | uint64(r.Scales.Turnover)<<40 | uint64(r.Version)<<48
	w[17], w[18] = r.Epoch, r.Missing
}

// Unpack reads the record from w.
func (r *Record) Unpack(w *Words) {
	r.Sequence = w[0]&math.MaxUint16 | w[1]<<16 // and the figures, see packFigures
	r.TradeCount = int64(w[0]>>16&math.MaxUint16 | w[11]<<16)
	r.Volume = int64(w[10]&math.MaxUint32 | w[1]>>48<<32 | w[11]>>48<<48)
	r.Turnover = int64(w[10]>>32 | w[0]>>32<<32)
	tsEvent, tsRecv := zip(w[2], w[3])
	bidPrice, askPrice := zip(w[4], w[5])
	bidSize, askSize := zip(w[6], w[7])
	lastPrice, lastSize := zip(w[8], w[9])
	r.TsEvent, r.TsRecv = Time(tsEvent), Time(tsRecv)
	r.BidPrice, r.BidSize, r.AskPrice, r.AskSize = int64(bidPrice), int64(bidSize), int64(askPrice), int64(askSize)
	r.LastPrice, r.LastSize = int64(lastPrice), int64(lastSize)
	r.ages = ages(w[12])
	r.Open, r.High, r.Low = int64(w[13]), int64(w[14]), int64(w[15])
	flags := w[16]
	r.Presence, r.Aggressor, r.Status = Presence(flags), Side(flags>>16&15), TradingStatus(flags>>20&15)
	r.Scales = Scales{Price: uint8(flags >> 24), Size: uint8(flags >> 32), Turnover: uint8(flags >> 40)}
	r.Version = uint16(flags >> 48)
	r.Epoch, r.Missing = w[17], w[18]
}

// packFigures writes the words 0, 1, 10 and 11. Every trade changes the high half of the turnover, so that half shares word 0 with the low
// 16 bits of the two counts. Their other 48 bits, which change once in 65,536 events, share words 1 and 11 with the volume's high half.
func (r *Record) packFigures(w *Words) {
	trades, volume, turnover := uint64(r.TradeCount), uint64(r.Volume), uint64(r.Turnover)
	w[0] = r.Sequence&math.MaxUint16 | trades&math.MaxUint16<<16 | turnover>>32<<32
	w[1] = r.Sequence>>16 | volume>>32<<48
	w[10] = volume&math.MaxUint32 | turnover<<32
	w[11] = trades>>16 | volume>>48<<48
}

// zip returns the low halves of a and b in one word and their high halves in another. It is its own inverse.
func zip(a, b uint64) (low, high uint64) {
	return a&math.MaxUint32 | b<<32, a>>32 | b>>32<<32
}
